"""Who writes the tutor's name in another alphabet is taken for an impostor; who has a name of their own is not."""

from __future__ import annotations

import pytest

from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.rooms.participants import claims_to_be

TUTOR = User(username=Username("ltt-tutor"), display_name="AI Tutor", initials="AI", color="")
"""Ours."""


@pytest.mark.proves("presence:impostor-in-any-alphabet")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("\u0410\u0406 \u0422utor", id="Cyrillic capitals"),
        pytest.param("AI \u0442ut\u043er", id="Cyrillic small letters"),
        pytest.param("\u0391\u0399 \u03a4\u03c5\u03c4\u03bfr", id="Greek"),
        pytest.param("\u13aaI Tutor", id="Cherokee"),
        pytest.param("\uff21\uff29 \uff34\uff55\uff54\uff4f\uff52", id="full width"),
        pytest.param("\U0001d400\U0001d408 \U0001d413\U0001d42e\U0001d42d\U0001d428\U0001d42b", id="mathematical"),
        pytest.param("A\u200bI\u2060 Tu\u00adtor", id="invisible characters"),
        pytest.param("AI\u3164Tutor", id="a filler for a space"),
        pytest.param("Al Tut0r", id="digits and an l"),
        pytest.param("\u00c1\u012c T\u00fct\u00f6r", id="accents"),
    ],
)
def test_a_name_that_looks_like_ours_is_an_impostors(name: str) -> None:
    assert claims_to_be(TUTOR, {"user": {"username": "x", "name": "Ada", "display_name": name}})
    assert claims_to_be(TUTOR, {"user": {"username": "x", "name": name}})


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "AI",
        "Tudor",
        "Tutorial",
        "\u0422\u0438\u043c\u0443\u0440",
        "\u0391\u03bd\u03c4\u03ce\u03bd\u03b7\u03c2",
        "\u674e\u660e",
        "\u3164",
        "",
    ],
)
def test_a_name_of_ones_own_is_nobody_elses(name: str) -> None:
    assert not claims_to_be(TUTOR, {"user": {"username": "x", "name": name, "display_name": name}})


@pytest.mark.proves("presence:impostor-in-any-alphabet")
def test_a_tutor_of_another_alphabet_is_recognised_in_latin_letters() -> None:
    ours = User(
        username=Username("\u043f\u043e\u043c\u043e\u0449\u044c"),
        display_name="\u0422\u043e\u043c",
        initials="",
        color="",
    )
    assert claims_to_be(ours, {"user": {"name": "Tom"}})
    assert not claims_to_be(ours, {"user": {"name": "Tim"}})

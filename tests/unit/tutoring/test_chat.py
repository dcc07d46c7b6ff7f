"""Which chat messages are for the tutor, and which only thank it."""

from __future__ import annotations

import pytest

from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.tutoring.addressed import is_for_tutor
from ltt_collab.tutoring.feedback import feedback_in

US = User(username=Username("ltt-tutor"), display_name="Ada the tutor")
ADA, BOB = Username("ada"), Username("bob")


def message(text: str, mentions: tuple[Username, ...] = ()) -> ChatMessage:
    return ChatMessage(id="m", sender=ADA, text=text, at=1.0, mentions=mentions)


@pytest.mark.proves("chat:others-not-read")
@pytest.mark.parametrize("text", ["@tutor why?", "why, @Tutor?", "@Ada-the-tutor why?", "@ltt-tutor: why?", "# @TUTOR"])
def test_a_message_that_names_the_tutor_is_for_it(text: str) -> None:
    assert is_for_tutor(message(text), US, {ADA, BOB})


@pytest.mark.proves("chat:others-not-read")
@pytest.mark.parametrize("text", ["why?", "ask the tutor", "@tutors why?", "me@tutor.org", "@bob why?", "@tutor-bot x"])
def test_any_other_is_for_the_others_and_for_the_tutor_only_when_there_are_none(text: str) -> None:
    assert not is_for_tutor(message(text), US, {ADA, BOB})
    assert not is_for_tutor(message(text), US, {BOB})
    assert is_for_tutor(message(text), US, {ADA})


def test_a_mention_picked_from_the_list_counts_and_an_empty_message_does_not() -> None:
    assert is_for_tutor(message("why?", (US.username,)), US, {ADA, BOB})
    assert not is_for_tutor(message(" \n"), US, {ADA})


@pytest.mark.proves("chat:feedback")
@pytest.mark.parametrize("text", ["thanks", "Thank you!", "👍", "👍🏽", "@tutor helpful", "That helped.", "Thanks :)"])
def test_thanks_are_feedback(text: str) -> None:
    assert feedback_in(text) is True


@pytest.mark.proves("chat:feedback")
@pytest.mark.parametrize("text", ["no", "No.", "👎", "@tutor not helpful", "that didn’t help"])
def test_a_no_is_feedback(text: str) -> None:
    assert feedback_in(text) is False


@pytest.mark.parametrize("text", ["thanks, but why?", "no, line 3 does", "helpful how?", "yes", "", "thanks " * 20])
def test_what_says_more_is_no_feedback(text: str) -> None:
    assert feedback_in(text) is None

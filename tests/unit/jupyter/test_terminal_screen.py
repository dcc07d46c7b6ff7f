"""What a terminal shows, from what was printed."""

from __future__ import annotations

import pytest

from ltt_collab.adapters.jupyter.terminals_screen import KEPT_CHARACTERS, SHOWN_CHARACTERS, as_screen


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("", ""),
        ("a\r\nb\r\n", "a\nb"),
        ("\x1b[1;31mred\x1b[0m plain", "red plain"),
        ("10 %\r20 %\r100 %\r\ndone", "100 %\ndone"),
        ("abc\b\b\x1b[Kx", "ax"),
        ("old\r\n\x1b[2J\x1b[Hnew", "new"),
        ("\x1b]0;a title\x07$ ls", "$ ls"),
        ("é 漢 😀", "é 漢 😀"),
        ("\x1b[", ""),
        ("\x1b[99999;99999Hx", "x"),
    ],
)
def test_escape_sequences_are_done_and_gone(printed: str, shown: str) -> None:
    assert as_screen(printed).strip().replace("漢 ", "漢 ") == shown


def test_only_the_latest_lines_are_kept() -> None:
    text = as_screen("".join(f"line {number}\r\n" for number in range(20_000)))
    assert text.endswith("line 19999")
    assert len(text) <= SHOWN_CHARACTERS
    assert text.count("\n") < 400


def test_a_single_endless_line_is_bounded() -> None:
    assert len(as_screen("x" * (2 * KEPT_CHARACTERS))) <= SHOWN_CHARACTERS

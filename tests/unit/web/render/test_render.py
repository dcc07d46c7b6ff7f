"""Notebook content as safe HTML, piece by piece; tests/browser/test_hostile_content.py shows it in a real browser."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html import unescape

import pytest

from ltt_collab.model.cells import Cell, CellType, Output, OutputType
from ltt_collab.model.edits import CursorMoved, SourceEdited, Splice
from ltt_collab.model.ids import CellId, ClientId, RoomId, Seq
from ltt_collab.model.pictures import picture_of
from ltt_collab.model.presence import Selection
from ltt_collab.web.render import text as texts
from ltt_collab.web.render.ansi import terminal
from ltt_collab.web.render.cells import Setting
from ltt_collab.web.render.feed import entry_of
from ltt_collab.web.render.frames import frame, people_of
from ltt_collab.web.render.markup import clean, markdown, words
from ltt_collab.web.render.outputs import nothing, outputs_html
from ltt_collab.web.render.scene import Scene, advance
from ltt_collab.web.render.source import HIGHLIGHT_LIMIT, LANGUAGES, SOURCE_LIMIT, highlighted, read_lexer
from tests.support.directory import ADA, code
from tests.support.sessions import MadeSession

ROOM = RoomId("r")
SETTING = Setting(room=ROOM, language="python")


def shown(html: str) -> str:
    """What a reader sees, tags aside."""
    return unescape(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize(
    "source",
    ["def f(x):\n    return 'é😀'\n", "a\r\nb\rc\n", "%matplotlib inline\n!ls <b>", "", "\n\n", "x = '\u202e'"],
)
def test_highlighting_keeps_every_letter_in_its_place(source: str) -> None:
    assert len(shown(highlighted(source, "python"))) == len(source)
    kept = shown(highlighted(source, "python"))
    assert all(a in {b, "\ufffd"} for a, b in zip(kept, source, strict=True))


def test_a_long_cell_is_shown_plain_and_a_huge_one_in_part() -> None:
    assert "<span" in highlighted("x = 1\n", "python")
    assert "<span" not in highlighted("x = 1\n" * HIGHLIGHT_LIMIT, "python")
    assert len(highlighted("x" * SOURCE_LIMIT * 2, "python")) == SOURCE_LIMIT
    assert "<span" not in highlighted("x = 1", "../../etc/passwd")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_a_language_is_highlighted_once_it_was_read(language: str) -> None:
    source = 'x = 1 /* "y" */ <b>{"z": 2}</b> for'
    assert shown(highlighted(source, language)) == source
    await read_lexer(language.title())
    assert shown(highlighted(source, language)) == source
    assert "<span" in highlighted(source, language)


async def test_a_name_that_is_no_language_is_not_read() -> None:
    await read_lexer("../../etc/passwd")
    assert "<span" not in highlighted("x = 1", "../../etc/passwd")


def test_a_terminal_s_colours_and_overwritten_lines_are_shown_and_nothing_else_of_it() -> None:
    assert terminal("\x1b[31;1mred\x1b[0m plain") == '<span class="ansi-red ansi-bold">red</span> plain'
    assert terminal("10%\r20%\r100%") == "100%"
    assert terminal("abc\b\bX") == "aXc"
    assert terminal("long line\rshort\x1b[K") == "short"
    assert terminal("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07") == "link"
    assert shown(terminal("\x1b[38;5;196mIPython\x1b[39m \x1b[48;2;0;0;200mback")) == "IPython back"


def test_hidden_characters_are_named_and_lose_their_effect() -> None:
    assert 'data-code="U+202E"' in texts.marked("a\u202eb")
    assert texts.name("ada\u202e\n\t x") == "ada\ufffd x"
    assert texts.name("\u200b") == "somebody"
    assert len(texts.name("x" * 10_000)) <= texts.NAME_LIMIT


def test_markdown_and_tables_stay_readable() -> None:
    html = markdown("# Title\n\n|a|b|\n|-|-|\n|1|2|\n\n[docs](https://docs.python.org) and $x_i$ `code`")
    assert "<h1>Title</h1>" in html
    assert "<td>1</td>" in html
    assert 'href="https://docs.python.org"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "$x_i$" in html
    table = clean('<table class="dataframe" style="x"><thead><tr><th colspan="2">n</th></tr></thead></table>')
    assert table == '<table><thead><tr><th colspan="2">n</th></tr></thead></table>'


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("**Line 2** uses `totl`, and *no* such name.", "Line 2 uses totl, and no such name."),
        ("One\ntwo\n\n- three\n- [four](https://x.example)", "One\ntwo\nthree\nfour"),
        ("So:\n\n```python\nx = [1,\n     2]\n```\n", "So:\nx = [1,\n     2]"),
        ("a * b * c < d <b>", "a * b * c < d <b>"),
        ("", ""),
    ],
)
def test_the_feed_has_the_words_of_markdown_without_its_marks(source: str, read: str) -> None:
    assert words(source) == read


def test_a_link_within_our_own_pages_is_no_link() -> None:
    assert "href" not in clean('<a href="/logout">x</a><a href="?a=1">y</a><a href="//evil.example">z</a>')


def output(mime: str, text: str = "") -> Output:
    return Output(type=OutputType.DISPLAY_DATA, text=text, mime_types=(mime,))


def test_each_kind_of_output_is_shown_or_said_not_to_be() -> None:
    def fetch(_index: int) -> dict[str, object]:
        return {"text/html": "<table><tr><td>7</td></tr></table><script>x</script>", "text/latex": "$x$"}

    assert "<td>7</td>" in outputs_html([output("text/html")], fetch, None)
    assert "script" not in outputs_html([output("text/html")], fetch, None)
    assert "a picture (image/png)" in outputs_html([output("image/png", "<Figure>")], nothing, None)
    assert "interactive widget" in outputs_html(
        [output("application/vnd.jupyter.widget-view+json", "w")], nothing, None
    )
    assert "not shown here (application/x-new)" in outputs_html([output("application/x-new")], nothing, None)
    assert "more outputs" in outputs_html([output("text/plain", "1")] * 101, nothing, None)
    cut = Output(type=OutputType.STREAM, stream="stderr", text="warn", truncated=True)
    assert "cut here" in outputs_html([cut], nothing, None)


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_a_picture_is_what_it_says_or_none() -> None:
    picture = picture_of({"image/png": PNG[:40] + "\n" + PNG[40:], "text/plain": "x"})
    assert picture is not None
    assert (picture.media_type, picture.content[:4]) == ("image/png", b"\x89PNG")
    html = base64.b64encode(b"<html><script>alert(1)</script>").decode()
    for bundle in (
        {"image/png": html},
        {"image/jpeg": PNG},
        {"image/gif": "!!!"},
        {"image/png": 7},
        {"image/svg+xml": "<html/>"},
        {"image/svg+xml": "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"},
        {"image/png": base64.b64encode(base64.b64decode(PNG)[:16] + b"\x7f\xff\xff\xff" * 2).decode()},
    ):
        assert picture_of(bundle) is None


def test_only_what_changed_is_sent() -> None:
    cells = tuple(code(f"c{i}", f"x = {i}") for i in range(5))
    empty = Scene.empty(ROOM)
    before = replace(empty, notebook=replace(empty.notebook, cells=cells))
    made = frame(empty, before, SETTING)
    assert made["order"] == [-1] * 5
    assert [index for index, _ in made["cells"]] == [0, 1, 2, 3, 4]
    assert frame(before, before, SETTING) == {}
    typed = tuple(replace(cell, source="y") if cell.id == "c2" else cell for cell in cells)
    after = replace(before, notebook=replace(before.notebook, cells=typed))
    assert frame(before, after, SETTING)["cells"] == [(2, {"source": '<span class="n">y</span>', "rendered": ""})]
    moved = replace(before, notebook=replace(before.notebook, cells=(cells[4], *cells[:2], code("new", ""), cells[3])))
    made = frame(before, moved, SETTING)
    assert made["order"] == [4, 0, 1, -1, 3]
    assert [index for index, _ in made["cells"]] == [3]


def test_two_cells_of_one_id_are_two_cells() -> None:
    twice = (code("same", "a"), code("same", "b"))
    empty = Scene.empty(ROOM)
    before = replace(empty, notebook=replace(empty.notebook, cells=twice))
    after = replace(empty, notebook=replace(empty.notebook, cells=twice[::-1]))
    assert frame(before, after, SETTING)["cells"][0][1]["source"] == '<span class="n">b</span>'
    assert "order" not in frame(before, after, SETTING)


def test_a_caret_goes_along_with_the_text_and_counts_as_javascript_does() -> None:
    cell = Cell(id=CellId("c"), type=CellType.CODE, source="😀x")
    empty = Scene.empty(ROOM)
    scene = replace(empty, notebook=replace(empty.notebook, cells=(cell,)))
    at = Selection(cell_id=cell.id, anchor=2, head=2)
    scene = advance(scene, CursorMoved(room=ROOM, seq=Seq(1), at=1.0, author=ADA, selection=at))
    assert people_of(scene)[0]["head"] == 3
    other = replace(ADA, client=ClientId(99))
    scene = advance(
        scene,
        SourceEdited(room=ROOM, seq=Seq(2), at=1.0, author=other, cell_id=cell.id, splices=(Splice(0, 0, "ab"),)),
    )
    assert people_of(scene)[0]["head"] == 5
    scene = advance(
        scene,
        SourceEdited(room=ROOM, seq=Seq(3), at=1.0, author=other, cell_id=cell.id, splices=(Splice(0, 4, ""),)),
    )
    assert people_of(scene)[0]["head"] == 0


def test_every_event_of_a_session_has_its_words() -> None:
    entries = [entry for event in MadeSession(ROOM, hours=0.05, cells=6).events() if (entry := entry_of(event))]
    assert {entry.kind for entry in entries} == {"people", "error", "asked", "hint", "ended", "passed", "failed"}
    assert all(entry.title for entry in entries)

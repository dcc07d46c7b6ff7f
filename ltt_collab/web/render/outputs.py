"""The outputs of a cell as safe HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from ltt_collab.model.cells import Output, OutputType
from ltt_collab.model.pictures import PICTURES
from ltt_collab.web.render import text as texts
from ltt_collab.web.render.ansi import terminal
from ltt_collab.web.render.markup import markdown, table_or_text

Bundle = Mapping[str, Any]

Fetch = Callable[[int], Bundle]
"""The MIME bundle of a cell's output by its index; {} when it cannot be had, as in a replay."""

OUTPUTS_LIMIT = 100
"""Outputs of one cell that are shown."""

_WIDGET = "application/vnd.jupyter.widget-view+json"
_HTML, _MARKDOWN, _LATEX = "text/html", "text/markdown", "text/latex"
_JSON = frozenset({"application/json", "application/geo+json"})


def nothing(_index: int) -> Bundle:
    """No bundle: for a replay, whose record holds text only."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Where the pictures of one cell are."""

    room: str
    cell: str
    version: int

    def address(self, index: int) -> str:
        """Of one of them; a cell's id may hold anything, so that it goes as a parameter."""
        query = urlencode({"cell": self.cell, "index": index, "v": self.version}, errors="replace")
        return f"/shadow/{quote(self.room, safe='')}/picture?{query}"


def outputs_html(outputs: Sequence[Output], fetch: Fetch, pictures: Pictures | None) -> Markup:
    """The outputs one below the other; ``pictures`` None: there are none to be had."""
    shown = [_output(output, index, fetch, pictures) for index, output in enumerate(outputs[:OUTPUTS_LIMIT])]
    if len(outputs) > OUTPUTS_LIMIT:
        shown.append(_note(f"{len(outputs) - OUTPUTS_LIMIT} more outputs are not shown here"))
    return Markup("").join(shown)


def _output(output: Output, index: int, fetch: Fetch, pictures: Pictures | None) -> Markup:
    match output.type:
        case OutputType.STREAM:
            kind = "stderr" if output.stream == "stderr" else "stdout"
            shown = Markup('<pre class="output output-{}">{}</pre>').format(kind, terminal(output.text))
        case OutputType.ERROR:
            shown = _error(output)
        case _:
            shown = _display(output, index, fetch, pictures)
    return shown + _note("cut here; the whole output is in the notebook") if output.truncated else shown


def _error(output: Output) -> Markup:
    title = f"{output.error_name}: {output.error_value}" if output.error_value else output.error_name
    return Markup('<div class="output output-error"><p class="error-title">{}</p><pre>{}</pre></div>').format(
        texts.plain(title, 500), terminal(output.text)
    )


def _display(output: Output, index: int, fetch: Fetch, pictures: Pictures | None) -> Markup:
    kinds = output.mime_types
    if _WIDGET in kinds:
        return _note("an interactive widget: it lives in the learner's notebook only")
    picture = next((kind for kind in PICTURES if kind in kinds), None)
    if picture is not None and pictures is not None:
        return Markup('<div class="output"><img src="{}" alt="{}" loading="lazy"></div>').format(
            pictures.address(index), texts.plain(output.text, 200) or "a picture"
        )
    bundle = fetch(index) if {_HTML, _MARKDOWN, _LATEX, *_JSON} & {*kinds} else {}
    rich = _rich(bundle)
    if rich is not None:
        return Markup('<div class="output output-rich">{}</div>').format(rich)
    return _as_text(output, picture)


def _rich(bundle: Bundle) -> Markup | None:
    html, marks, latex = (_text(bundle.get(kind)) for kind in (_HTML, _MARKDOWN, _LATEX))
    if html and (cleaned := table_or_text(html)) is not None:
        return cleaned
    if marks:
        return markdown(marks)
    if latex:
        return Markup("<pre>{}</pre>").format(texts.marked(latex[:10_000]))
    found = next((bundle[kind] for kind in bundle if kind in _JSON), None)
    if found is not None:
        told = json.dumps(found, ensure_ascii=False, indent=2, default=str)
        return Markup("<pre>{}</pre>").format(texts.marked(told[:20_000]))
    return None


def _as_text(output: Output, picture: str | None) -> Markup:
    if picture is not None:
        return _note(f"a picture ({picture}), which records do not hold: {texts.plain(output.text, 120)}")
    if output.text:
        return Markup('<pre class="output">{}</pre>').format(terminal(output.text))
    kinds = ", ".join(texts.plain(kind, 60) for kind in output.mime_types[:5])
    return _note(f"an output that is not shown here ({kinds or 'empty'})")


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _note(words: str) -> Markup:
    return Markup('<p class="output output-note">{}</p>').format(words)

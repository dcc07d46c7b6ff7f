"""Source code with highlighting; its text is letter for letter what the cell holds."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType

from ltt_collab.web.render.text import marked

HIGHLIGHT_LIMIT = 20_000
"""Characters of a cell that are highlighted, in about 10 ms; a longer cell is shown plain."""

SOURCE_LIMIT = 200_000
"""Characters of a cell that are shown at all."""

LANGUAGES = frozenset(
    (
        "python",
        "r",
        "julia",
        "bash",
        "sh",
        "javascript",
        "typescript",
        "sql",
        "java",
        "c",
        "c++",
        "cpp",
        "scala",
        "ruby",
        "rust",
        "go",
        "html",
        "css",
        "yaml",
        "json",
    )
)
"""What is highlighted: a language's name comes from the notebook, and not every lexer stands any text."""

_PLAIN = frozenset({"", "w"})
"""Classes of names and white space, which look like plain text."""


@lru_cache(maxsize=512)
def highlighted(source: str, language: str) -> Markup:
    """The source as spans with pygments' short classes."""
    shown = source[:SOURCE_LIMIT]
    lexer = _lexer(language) if len(shown) <= HIGHLIGHT_LIMIT else None
    if lexer is None:
        return marked(shown)
    # Unprocessed: the ordinary way strips and rewrites line ends, and carets would stand in the wrong place.
    parts, at = [], 0
    for start, kind, text in lexer.get_tokens_unprocessed(shown):
        if start != at:
            return marked(shown)
        at += len(text)
        parts.append(_span(kind, text))
    return Markup("").join(parts) if at == len(shown) else marked(shown)


_LEXERS = {name: get_lexer_by_name(name) for name in sorted(LANGUAGES)}
"""Made now: each is a module of pygments, and reading it later would hold up the event loop."""


def _lexer(language: str) -> Lexer | None:
    return _LEXERS.get(language.lower())


def _span(kind: _TokenType, text: str) -> Markup:
    css = _class_of(kind)
    return marked(text) if css in _PLAIN else Markup('<span class="{}">{}</span>').format(css, marked(text))


@lru_cache(maxsize=256)
def _class_of(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    return STANDARD_TYPES.get(kind, "")

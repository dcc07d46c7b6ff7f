"""Source code with highlighting; its text is letter for letter what the cell holds."""

from __future__ import annotations

from functools import lru_cache

from anyio import to_thread
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


_LEXERS = {"python": get_lexer_by_name("python")}
"""Those that were read in. All languages together take 5 MiB, and hardly anybody needs more than one."""


async def read_lexer(language: str) -> None:
    """Have the language highlighted from now on; a module of pygments is read, in a thread."""
    name = language.lower()
    if name in LANGUAGES and name not in _LEXERS:
        _LEXERS[name] = await to_thread.run_sync(get_lexer_by_name, name)


def highlighted(source: str, language: str) -> Markup:
    """The source as spans with pygments' short classes; plain where ``read_lexer`` has not read the language."""
    shown = source[:SOURCE_LIMIT]
    lexer = _LEXERS.get(language.lower()) if len(shown) <= HIGHLIGHT_LIMIT else None
    return marked(shown) if lexer is None else _coloured(shown, lexer)


@lru_cache(maxsize=512)
def _coloured(shown: str, lexer: Lexer) -> Markup:
    # Unprocessed: the ordinary way strips and rewrites line ends, and carets would stand in the wrong place.
    parts, at = [], 0
    for start, kind, text in lexer.get_tokens_unprocessed(shown):
        if start != at:
            return marked(shown)
        at += len(text)
        parts.append(_span(kind, text))
    return Markup("").join(parts) if at == len(shown) else marked(shown)


def _span(kind: _TokenType, text: str) -> Markup:
    css = _class_of(kind)
    return marked(text) if css in _PLAIN else Markup('<span class="{}">{}</span>').format(css, marked(text))


@lru_cache(maxsize=256)
def _class_of(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    return STANDARD_TYPES.get(kind, "")

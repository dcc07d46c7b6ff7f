"""Markdown and HTML of others, as HTML that neither runs nor loads anything."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from ltt_collab.web.render.text import marked

MARKDOWN_LIMIT = 100_000
"""Characters of Markdown that are rendered; longer cells are shown as source."""

HTML_LIMIT = 500_000
"""Characters of an HTML output that are shown: a table of some thousand rows."""

TAGS = frozenset(
    (
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
        "var",
    )
)
"""No form, no media, no frame, no style, no SVG or MathML: the ways in are as many as they are old."""

ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"alt"},  # without a source: what it shows would be fetched from somewhere
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
"""No ``class``, ``id``, ``name`` or ``style``: they could pose as parts of our page, or hide them."""

_GONE_WITH_CONTENT = {"script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math", "title"}
_ABSOLUTE = re.compile(r"(?i:https?://|mailto:)")
_NUMBER = re.compile(r"\d{1,3}")


def _kept(_tag: str, attribute: str, value: str) -> str | None:
    """An attribute's value, None to drop it."""
    if attribute == "href":
        # A relative one would be a page of ours, and a click on it an act of whoever watches.
        return value if _ABSOLUTE.match(value) else None
    if attribute in {"colspan", "rowspan", "start"}:
        return value if _NUMBER.fullmatch(value) else None
    return value


def clean(html: str) -> Markup:
    """The HTML with only ``TAGS`` and ``ATTRIBUTES``; a link opens elsewhere and tells nobody where it was."""
    cleaned = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(cleaned)


_MARKDOWN = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=256)
def markdown(source: str) -> Markup:
    """Markdown as clean HTML; LaTeX stays as it was written."""
    if len(source) > MARKDOWN_LIMIT:
        return Markup("<pre>{}</pre>").format(marked(source[:MARKDOWN_LIMIT]))
    return clean(_MARKDOWN.render(source))


def words(source: str) -> str:
    """Markdown as the words that a reader sees: no marks, a line for each block; HTML in it stays as it was written."""
    if len(source) > MARKDOWN_LIMIT:
        return source
    lines = []
    for token in _MARKDOWN.parse(source):
        if token.type == "inline":
            lines.append("".join(_word(child) for child in token.children or ()))
        elif token.type in {"fence", "code_block", "html_block"}:
            lines.append(token.content.rstrip("\n"))
    return "\n".join(lines)


def _word(token: Token) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else token.content


def table_or_text(html: str) -> Markup | None:
    """An HTML output as clean HTML; None when nothing is left to look at (it lived from its scripts)."""
    cleaned = clean(html[:HTML_LIMIT])
    return cleaned if cleaned.striptags().strip() else None

"""Drafts: one note, or the pieces of one chat answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from agent.words import Words
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.suggestions import Draft, Placement

_SENTENCE = re.compile(r"(?<=[.!?:])[ \t]+(?=[\"'`*A-Z0-9])|\n{2,}")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def drafts_of(event: HelpRequested, words: Words, expected_hash: str, rung: int) -> Iterator[Draft]:
    """The drafts that say ``words``: sentence by sentence where the question came by chat, else one note."""
    pieces = sentences(words.text) if event.chat else [words.text]
    for number, piece in enumerate(pieces):
        more = number + 1 < len(pieces)
        yield piece_of(event, Words(text=piece, line=words.line), expected_hash, rung, number=number, more=more)


def piece_of(event: HelpRequested, words: Words, expected_hash: str, rung: int, *, number: int, more: bool) -> Draft:
    """The draft that says one piece of an answer, the first of which has the number 0."""
    return Draft(
        cell_id=event.cell_id,
        expected_hash=expected_hash,
        placement=Placement.CHAT if event.chat else Placement.NOTE,
        text=words.text,
        rung=rung,
        line=words.line,
        idempotency_key=_key(event, rung, expected_hash, number, words.text),
        cause_key=event.cause_key,
        chat=event.chat,
        reply_to=event.reply_to,
        more=more,
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text; a code block stays whole."""
    found: list[str] = []
    end = 0
    for fence in _FENCE.finditer(text):
        found += _SENTENCE.split(text[end : fence.start()])
        found.append(fence.group())
        end = fence.end()
    found += _SENTENCE.split(text[end:])
    return [piece.strip() for piece in found if piece.strip()]


def _key(event: HelpRequested, rung: int, expected_hash: str, number: int, piece: str) -> str:
    """The same for a retry of the same proposal, another for any other."""
    # A request has one seq, however often it is delivered. The same problem after another run is another request:
    # what was called off by that run must not answer it.
    parts = (event.cause_key, str(rung), expected_hash, event.reply_to or str(event.seq), str(number), piece)
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()

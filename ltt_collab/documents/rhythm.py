"""How a note is typed: by whole words, at a pace that people can follow and never have to wait for."""

from __future__ import annotations

import re
from itertools import pairwise

FRAME = 0.06
"""Seconds between two frames: about the pace of a fast speaker when a frame is one word."""

MOST_FRAMES = 18
"""18 frames of 60 ms are 1.1 s: with the shown end and the network a note is whole within the promised 1.5 s."""

_WORD = re.compile(r"\s*\S+(?:\s+\Z)?|\s+\Z")


def frames_of(text: str) -> list[str]:
    """The text cut into at most ``MOST_FRAMES`` runs of whole words, of even size; joined they are the text."""
    words = _WORD.findall(text)
    count = min(len(words), MOST_FRAMES)
    edges = [len(words) * frame // count for frame in range(count + 1)] if count else []
    return ["".join(words[first:last]) for first, last in pairwise(edges)]

"""Watches who changes shared types: in our package only ``ltt_collab/documents/writer*`` may."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import pycrdt
import pytest

import ltt_collab

PACKAGE = Path(ltt_collab.__file__).parent
LIBRARY = Path(pycrdt.__file__).parent

MUTATORS: dict[type, tuple[str, ...]] = {
    pycrdt.Text: ("insert", "insert_embed", "format", "clear", "__iadd__", "__setitem__", "__delitem__"),
    pycrdt.Array: ("insert", "append", "extend", "pop", "clear", "__setitem__", "__delitem__"),
    pycrdt.Map: ("update", "pop", "clear", "__setitem__", "__delitem__"),
}
"""Every method of a shared type that changes the document."""


LEARNERS_OF_OURS = ("bench", "demo")
"""Packages that play learners, in documents of their own."""


def culprit() -> str | None:
    """The place in our package that is changing a shared type, unless it is the writer."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file != Path(__file__) and not file.is_relative_to(LIBRARY):
            break
        frame = frame.f_back
    if frame is None or not file.is_relative_to(PACKAGE):
        return None
    place = file.relative_to(PACKAGE)
    is_writer = place.parent == Path("documents") and place.name.startswith("writer")
    return (
        None
        if is_writer or place.parts[0] in LEARNERS_OF_OURS
        else f"{place}:{frame.f_lineno} in {frame.f_code.co_name}"
    )


def watch_writers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on to the end of the test: the list of places that changed a shared type and may not."""
    found: list[str] = []

    def watched(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            place = culprit()
            if place is not None:
                found.append(place)
            return method(*args, **kwargs)

        return call

    for shared_type, names in MUTATORS.items():
        for name in names:
            monkeypatch.setattr(shared_type, name, watched(getattr(shared_type, name)))
    return found

"""What a tool answers: text, the same as data, images; and errors of ours as such. A run's outputs keep to a budget."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from ltt_collab.model.errors import ConflictError, LttError
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY, error_to_wire
from ltt_collab.ports.kernels import Begun, Displayed, Finished, KernelOutput, Printed, Raised

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""Rich outputs that travel as MCP images; Jupyter sends them in base64."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in base64."""

    data: str
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one call; ``data`` None: nothing beside the texts.

    ``settled``: an error after something was done, or may have been: a retry is no remedy for it.
    """

    texts: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    data: Mapping[str, Any] | None = None
    is_error: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputBudget:
    """How much output one answer carries: ``characters`` of text, ``images`` of at most ``image_bytes`` each."""

    characters: int = 20_000
    images: int = 4
    image_bytes: int = 1_000_000

    @property
    def kernel_bytes(self) -> int:
        """What has to be taken from a kernel for it: text in UTF-8, images in base64 with what describes them."""
        return self.characters * 4 + self.images * (self.image_bytes * 4 // 3 + 1_000)


def say(data: Mapping[str, Any], *, is_error: bool = False) -> Reply:
    """Data as its own JSON text."""
    return Reply(texts=(json.dumps(data, ensure_ascii=False),), data=data, is_error=is_error)


def say_error(error: LttError, current_source: str | None = None) -> Reply:
    """An error of ours: its code, its sentence, its data; a conflict comes with the current source."""
    wire = error_to_wire(error)
    if isinstance(error, ConflictError):
        wire |= {"current_source": current_source, "current_hash": error.actual_hash}
    return Reply(
        texts=(f"{wire[CODE_KEY]}: {wire[DETAIL_KEY]}", *(_current(current_source))),
        data={"error": wire},
        is_error=True,
    )


def refuse(code: str, detail: str) -> Reply:
    """An error that no class of ours stands for."""
    return Reply(texts=(f"{code}: {detail}",), data={"error": {CODE_KEY: code, DETAIL_KEY: detail}}, is_error=True)


def cut(text: str, characters: int) -> tuple[str, bool]:
    """The text within the budget: its middle gives way to a mark that says how much is missing."""
    if len(text) <= characters:
        return text, False
    head = characters * 2 // 3
    tail = len(text) - (characters - head)
    return f"{text[:head]}\n[… {len(text) - characters} characters cut …]\n{text[tail:]}", True


@dataclass(slots=True)
class Collected:
    """What a run gave so far, as far as the budget lets it be said."""

    budget: OutputBudget
    parts: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    error: Raised | None = None
    finished: Finished | None = None
    left_out: int = 0
    has_begun: bool = False

    def take(self, output: KernelOutput) -> str:
        """Keep an output; its text."""
        text = ""
        match output:
            case Printed(text=text):
                pass
            case Displayed(data=data):
                text = self._display(data)
            case Raised():
                self.error = output
                text = "\n".join(output.traceback) or f"{output.name}: {output.value}"
            case Finished():
                self.finished = output
            case Begun():
                self.has_begun = True
            case _:
                assert_never(output)
        if text:
            self.parts.append(text)
        return text

    def data(self) -> dict[str, Any]:
        """All of it as data."""
        text, truncated = cut("".join(lines(self.parts)), self.budget.characters)
        told: dict[str, Any] = {"output": text, "truncated": truncated or self.left_out > 0}
        if self.left_out:
            told["images_left_out"] = self.left_out
        told["ok"] = self.error is None and (self.finished is None or self.finished.ok)
        if self.error is not None:
            told["raised"] = {"name": self.error.name, "value": self.error.value}
        return told

    def _display(self, data: Mapping[str, str]) -> str:
        image = next((kind for kind in IMAGES if kind in data), None)
        if image is not None:
            fits = len(data[image]) * 3 // 4 <= self.budget.image_bytes and len(self.images) < self.budget.images
            if fits:
                self.images.append(Image(data[image], image))
            else:
                self.left_out += 1
        return data.get("text/plain", "") or data.get("text/markdown", "")


def lines(parts: Sequence[str]) -> list[str]:
    """The parts, each on a line of its own unless the one before was left open on purpose."""
    return [part if part.endswith("\n") or at == len(parts) - 1 else f"{part}\n" for at, part in enumerate(parts)]


def _current(source: str | None) -> tuple[str, ...]:
    return () if source is None else (f"current source:\n{source}",)

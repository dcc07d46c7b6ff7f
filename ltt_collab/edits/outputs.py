"""Changes of one cell's outputs: arrived, grown, gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Array, Map, Text

from ltt_collab.edits.scribe import Scribe
from ltt_collab.edits.shared import plain
from ltt_collab.model.cells import Output, OutputType
from ltt_collab.model.edits import OutputsAppended, OutputsCleared
from ltt_collab.model.ids import CellId
from ltt_collab.model.reading import OUTPUT_TEXT_LIMIT, cap_text, read_output, read_outputs
from ltt_collab.model.text import utf8_length

Delta = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class OutputChanges:
    """What one transaction did to the outputs of one cell, before it is said.

    ``start``: outputs from here up to ``end`` are new; None if none is. ``rewritten``: something changed that is
    neither growth nor arrival (a progress bar that goes back, an updated display), so all are said anew.
    """

    cleared: bool = False
    rewritten: bool = False
    start: int | None = None
    end: int = 0
    grown: dict[int, Output] = field(default_factory=dict)

    def array_changed(self, delta: Delta) -> None:
        """Take in a change of the array of outputs."""
        kinds = [next(iter(part.keys() & {"insert", "delete", "retain"}), "") for part in delta]
        self.start = self.end = 0
        if kinds in (["insert"], ["retain", "insert"]):
            self.start = delta[0].get("retain", 0)
        elif sorted(kinds) == ["delete", "insert"] or kinds == ["delete"]:
            self.cleared = True
        else:
            self.rewritten = True
        self.end = self.start + sum(len(part["insert"]) for part in delta if "insert" in part)

    def text_changed(self, index: int, delta: Delta, output: object) -> None:
        """Take in a change of the text of an output."""
        text = output.get("text") if isinstance(output, Map) else None
        added = delta[-1].get("insert") if delta else None
        if not isinstance(output, Map) or not isinstance(text, Text) or not isinstance(added, str):
            self.rewritten = True
            return
        before = len(text) - utf8_length(added)
        at_end = list(delta[:-1]) == ([{"retain": before}] if before else [])
        if output.get("output_type") != OutputType.STREAM or not at_end:
            self.rewritten = True
        elif before <= OUTPUT_TEXT_LIMIT:  # else it was truncated before, and nothing of this is kept
            kept, truncated = cap_text(added, OUTPUT_TEXT_LIMIT - before)
            name = read_output({"output_type": OutputType.STREAM.value, "name": output.get("name")}).stream
            self.grown[index] = Output(type=OutputType.STREAM, text=kept, stream=name, truncated=truncated)

    def write(self, scribe: Scribe, cell_id: CellId, outputs: object, execution_count: int | None) -> None:
        """Say what went away; what arrived is said by ``write_arrivals``, after the run that it belongs to began."""
        if self._is_anew(outputs):
            self.cleared, self.start = True, 0
            self.grown.clear()
        if self.cleared:
            scribe.add(OutputsCleared(**scribe.head(), cell_id=cell_id, execution_count=execution_count))

    def write_arrivals(self, scribe: Scribe, cell_id: CellId, outputs: object) -> None:
        """Say what arrived."""
        for index, output in self.grown.items():
            scribe.add(OutputsAppended(**scribe.head(), cell_id=cell_id, start=index, outputs=(output,)))
        if self.start is None:
            return
        arrived = shared_outputs(outputs, self.start)
        if arrived:
            scribe.add(OutputsAppended(**scribe.head(), cell_id=cell_id, start=self.start, outputs=arrived))

    def _is_anew(self, outputs: object) -> bool:
        if self.rewritten:
            return True
        # Outputs that stand behind what was cleared, or behind what arrived, were there all the time.
        changed = self.cleared or self.start is not None
        return changed and isinstance(outputs, Array) and len(outputs) != self.end


def shared_outputs(outputs: object, start: int = 0) -> tuple[Output, ...]:
    """The shared outputs from an index on, as values."""
    if isinstance(outputs, Array):
        return tuple(read_output(plain(outputs[index])) for index in range(start, len(outputs)))
    return read_outputs(plain(outputs))[start:]


def shared_errors(outputs: object) -> tuple[Output, ...]:
    """The shared outputs that are errors; big displays beside them are not copied."""
    if not isinstance(outputs, Array):
        return shared_outputs(outputs)
    items = (outputs[index] for index in range(len(outputs)))
    return tuple(
        read_output(plain(item))
        for item in items
        if isinstance(item, Map) and item.get("output_type") == OutputType.ERROR
    )

"""One writer: shared types are changed in ``ltt_collab/documents/writer*`` and nowhere else.

Two nets. The static one reads the source for what a reader can see. The other one is in ``tests/conftest.py``: every
test runs with pycrdt's own methods watched, and fails when our code outside the writer calls one that changes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pycrdt
import pytest

import ltt_collab
from tests.support.one_writer import MUTATORS, culprit

PACKAGE = Path(ltt_collab.__file__).parent
SHARED_TYPES = {"Array", "Doc", "Map", "Text", "XmlElement", "XmlFragment", "XmlText", "UndoManager", "YNotebook"}
MAY_HOLD_SHARED_TYPES = ("documents/", "edits/", "bench/", "demo/", "peer/page.py")
"""``bench`` and ``demo`` play learners in documents of their own; a page only passes a ``Doc`` on to its observer."""
MUTATING_CALLS = {"apply_update", "insert_embed", "undo", "redo"}
MAY_APPLY = {"documents/replica.py", "documents/intake.py", "documents/writer_rescue.py"}
"""The intake is the replica's own way in: one call into the library for each update of others."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text())


def imported_shared_types(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"pycrdt", "jupyter_ydoc"}:
            names |= {alias.name for alias in node.names} & SHARED_TYPES
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "pycrdt" for alias in node.names):
            names.add("pycrdt")
    return names


@pytest.mark.proves("writer:one-place")
def test_shared_types_are_known_to_documents_and_edits_only() -> None:
    found = {path: names for path, tree in modules() if (names := imported_shared_types(tree))}
    assert {path: names for path, names in found.items() if not path.startswith(MAY_HOLD_SHARED_TYPES)} == {}
    assert "documents/writer_cells.py" in found


@pytest.mark.proves("writer:one-place")
def test_nothing_is_assigned_through_a_subscript_and_an_operator_where_shared_types_are_known() -> None:
    """``cell["source"] += "x"`` would put an empty text in the place of the learner's."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if imported_shared_types(tree)
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript)
    ]
    assert found == []


@pytest.mark.proves("writer:one-place")
def test_updates_are_applied_by_the_replica_only() -> None:
    found = [
        f"{path}:{node.lineno} {node.func.attr}"
        for path, tree in modules()
        if path not in MAY_APPLY and not path.startswith(("bench/", "demo/")) and imported_shared_types(tree)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATING_CALLS
    ]
    assert found == []


def test_the_list_of_changing_methods_names_real_ones() -> None:
    for shared_type, names in MUTATORS.items():
        assert [name for name in names if not callable(getattr(shared_type, name, None))] == []


def test_a_change_from_our_package_outside_the_writer_is_noticed(one_writer: list[str]) -> None:
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    text = doc.get("text", type=pycrdt.Text)
    names = {"text": text}
    text.insert(0, "a test may")
    assert one_writer == []
    exec(compile("def sneak(): text.insert(0, 'we may not')", str(PACKAGE / "edits" / "sneak.py"), "exec"), names)
    exec("sneak()", names)
    exec(compile("def write(): text.insert(0, 'it may')", str(PACKAGE / "documents" / "writer.py"), "exec"), names)
    exec("write()", names)
    assert one_writer == ["edits/sneak.py:1 in sneak"]
    one_writer.clear()
    assert culprit() is None

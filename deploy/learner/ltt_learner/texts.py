"""Fingerprints of what learners wrote, as this server has it: others compare theirs, and no text travels for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pycrdt import Map

MARK, ROLE = "ltt", "role"
"""A cell is the tutor's, or an agent's, when its metadata has a mark with a role."""


def room_texts(rooms: Mapping[str, Any], path_of: Callable[[str], str | None]) -> dict[str, Any]:
    """``{"texts": {path: fingerprint}}`` of every notebook that a client has open."""
    found = {}
    for name, room in rooms.items():
        form, _, rest = name.partition(":")
        kind, _, file_id = rest.partition(":")
        if (form, kind) != ("json", "notebook") or not getattr(room, "clients", None):
            continue
        path = path_of(file_id)
        if path is not None:
            found[path] = fingerprint(_learners_cells(room._document))
    return {"texts": found}


def fingerprint(cells: Iterable[tuple[str, str]]) -> str:
    """Of ids and sources, in order; ``ltt_collab.model.text.text_fingerprint`` makes the same."""
    digest = hashlib.sha256()
    for cell_id, source in cells:
        for part in (cell_id, source):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
    return digest.hexdigest()


def _learners_cells(document: Any) -> Iterable[tuple[str, str]]:
    for cell in document.ycells:
        metadata = cell.get("metadata")
        mark = metadata.get(MARK) if metadata is not None else None
        if not isinstance(mark, Mapping | Map) or ROLE not in mark:
            yield str(cell.get("id", "")), str(cell.get("source", ""))

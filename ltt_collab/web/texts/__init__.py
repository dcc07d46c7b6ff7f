"""Every word of the pages, from one catalogue a language; English first."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat


CATALOGUE: Mapping[str, str] = {
    key: value
    for file in sorted(Path(__file__).parent.glob("en*.toml"))
    for key, value in _flat(tomllib.loads(file.read_text(encoding="utf-8"))).items()
}
"""Key → English, from ``en.toml`` and, part by part, ``en-*.toml``."""


def text(key: str, **values: object) -> str:
    """The words for a key, with ``{names}`` filled in; with ``n`` other than 1, those under ``<key>_many`` if any.

    Raises:
        KeyError: the catalogue has no such key: a test finds those.
    """
    if "n" in values and values["n"] != 1 and f"{key}_many" in CATALOGUE:
        key = f"{key}_many"
    return CATALOGUE[key].format(**values)

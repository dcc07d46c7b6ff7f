"""Every requirement has a proof, and every proof a requirement."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.requirements import REQUIREMENTS

TESTS = Path(__file__).parents[1]


def proved_ids() -> dict[str, list[str]]:
    """Requirement id → the test files that claim to prove it."""
    found: dict[str, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "proves":
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        found.setdefault(argument.value, []).append(file.relative_to(TESTS).as_posix())
    return found


def test_every_requirement_is_proved() -> None:
    unproved = sorted(set(REQUIREMENTS) - set(proved_ids()))
    assert not unproved, f"no test proves {unproved}"


def test_every_proof_names_a_known_requirement() -> None:
    unknown = {name: files for name, files in proved_ids().items() if name not in REQUIREMENTS}
    assert not unknown, f"add these to tests/requirements.py: {unknown}"

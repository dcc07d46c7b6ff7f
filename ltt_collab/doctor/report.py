"""What was found, and how it is shown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Status(StrEnum):
    """How it stands. ``RISK``: learner text may be lost, or nothing can be examined at all."""

    OK = "ok"
    WARN = "warn"
    RISK = "risk"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: what was found and, unless all is well, what to do."""

    name: str
    status: Status
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What ``examine`` found, in the order of looking."""

    server: str
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1 when something is at risk, else 0."""
        return int(any(check.status is Status.RISK for check in self.checks))

    def to_json(self) -> str:
        """The report as one JSON object."""
        checks = [asdict(check) for check in self.checks]
        return json.dumps({"server": self.server, "exit_code": self.exit_code, "checks": checks}, ensure_ascii=False)


def render(report: Report, console: Console) -> None:
    """Show a report to a person."""
    style = {Status.OK: "green", Status.WARN: "yellow", Status.RISK: "bold red", Status.UNKNOWN: "dim"}
    table = Table(title=Text(report.server), show_lines=False, expand=False)
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for check in report.checks:
        status = Text(check.status.value, style=style[check.status])
        # A server's own words are shown as text, never as markup.
        table.add_row(status, Text(check.name), Text(check.found), Text(check.fix))
    console.print(table)

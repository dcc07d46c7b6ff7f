"""``LTT_REQUIRE_ALL=1``, as CI sets it: a skipped test fails, for what was not run proves nothing."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


def require(report: pytest.TestReport) -> None:
    """Turn the report of a skipped test into a failure that keeps the reason; a test that fails as it should stays."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason}\nLTT_REQUIRE_ALL=1 lets no test be skipped."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Ask for every test where the environment says so."""
    report = yield
    if os.environ.get("LTT_REQUIRE_ALL") == "1":
        require(report)
    return report

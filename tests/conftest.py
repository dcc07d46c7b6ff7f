"""Fixtures that every kind of test may ask for."""

from __future__ import annotations

import logging
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from playwright.async_api import Browser, BrowserContext

from tests.support.jupyter import Jupyter, running_jupyter
from tests.support.lab import running_browser
from tests.support.nothing_skipped import pytest_runtest_makereport  # noqa: F401 - a hook: pytest finds it by its name
from tests.support.one_writer import watch_writers
from tests.support.postgres import Postgres, running_postgres

# Who runs us in the background of a script has interrupts ignored, and every process that we start would inherit it:
# a tool of ours, or a kernel, could then not be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def jupyter(tmp_path: Path) -> AsyncIterator[Jupyter]:
    """A fresh JupyterLab with our learner extension and an empty root."""
    async with running_jupyter(tmp_path) as server:
        yield server


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with running_browser() as chromium:
        yield chromium


@pytest.fixture
async def learner_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of one learner."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    await context.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; ask it for a new database."""
    with running_postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def same_logging() -> Iterator[None]:
    """Leaves logging as it was: a command that is called in this process sets it up for the whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.setLevel(level)
    for added in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(added)


@pytest.fixture(autouse=True)
def one_writer(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fails a test in which our package changed a shared type outside the writer."""
    found = watch_writers(monkeypatch)
    yield found
    assert found == [], "only ltt_collab/documents/writer* may change shared types"


@pytest.fixture(autouse=True)
def never_blocks() -> Iterator[None]:
    """Fails a test in which our packages make a blocking call on an event loop."""
    with blockbuster_ctx(scanned_modules=["ltt_collab", "agent"]) as detector:
        for call in detector.functions.values():
            # The Node peer is asked over a pipe in the midst of a stroke of ours: that is what those tests are for.
            call.can_block_in("tests/support/yjs_peers.py", {"ask"})
        for name, call in detector.functions.items():
            if name == "os.stat" or name.startswith("os.path."):
                call.deactivate()  # microseconds; imports and libraries' set-up do it everywhere
        yield

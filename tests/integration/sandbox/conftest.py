"""One sandbox for all tests here, on a loop in a thread of its own: tests ask it as one asks a service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from ltt_collab.adapters.sandbox.pool import SandboxOptions, SubprocessSandbox, running_sandbox
from ltt_collab.validation.judge import Judge


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """A loop in a thread."""
    with start_blocking_portal() as started:
        yield started


@pytest.fixture(scope="session")
def sandbox(portal: BlockingPortal) -> Iterator[SubprocessSandbox]:
    """A warm sandbox."""
    with portal.wrap_async_context_manager(
        running_sandbox(SandboxOptions(warm=2, preload=("numpy", "sql")))
    ) as started:
        yield started


@pytest.fixture(scope="session")
def judge(sandbox: SubprocessSandbox) -> Judge:
    """A judge over that sandbox."""
    return Judge(sandbox)

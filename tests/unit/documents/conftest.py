"""Yjs peers, one Node process for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.yjs_peers import YjsPeers, running_yjs_peers


@pytest.fixture(scope="module")
def yjs() -> Iterator[YjsPeers]:
    """A Node process that holds Yjs documents."""
    with running_yjs_peers() as peers:
        yield peers

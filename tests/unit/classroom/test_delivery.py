"""What is put on a learner's server."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ltt_collab.classroom.delivery import deliver
from tests.unit.classroom.courses import MEAN, REFERENCE, course


class Disk:
    """Files of a server."""

    def __init__(self, **files: bytes) -> None:
        self.files = dict(files)
        self.created: list[str] = []

    async def exists(self, path: str) -> bool:
        return path in self.files

    async def create(self, path: str, content: bytes) -> bool:
        if path in self.files:
            return False
        self.files[path] = content
        self.created.append(path)
        return True

    async def below(self, folder: str) -> Mapping[str, bytes]:
        return {path.removeprefix(f"{folder}/"): content for path, content in self.files.items()}


@pytest.mark.proves("course:delivered-as-new-files-only")
async def test_the_notebook_comes_last_and_nothing_that_exists_is_touched() -> None:
    disk = Disk()
    basics = course()
    mean = basics.task(MEAN)
    assert mean is not None
    assert await deliver(basics, mean, disk) == "basics/mean/mean.ipynb"
    assert disk.created == ["basics/mean/a.csv", "basics/mean/mean.ipynb"]
    disk.files["basics/mean/mean.ipynb"] = b"the learner's"
    assert await deliver(basics, mean, disk) == "basics/mean/mean.ipynb"
    assert disk.files["basics/mean/mean.ipynb"] == b"the learner's"


@pytest.mark.proves("course:answers-stay-here")
async def test_neither_checks_nor_the_reference_are_delivered() -> None:
    disk = Disk()
    basics = course()
    mean = basics.task(MEAN)
    assert mean is not None
    await deliver(basics, mean, disk)
    everything = b"".join(disk.files.values()).decode()
    assert "sum(xs)" in REFERENCE
    assert "sum(xs)" not in everything
    assert "mean([1, 3])" not in everything
    assert json.loads(disk.files["basics/mean/mean.ipynb"])["nbformat"] == 4

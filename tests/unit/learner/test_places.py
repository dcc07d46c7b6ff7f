"""Databases lie on local disk, apart for each root, for their owner only."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest
from ltt_learner import places
from ltt_learner.places import digest, filesystem_of, is_local, make_private, prepare


@pytest.mark.proves("learner:places-private")
def test_each_root_has_a_directory_that_only_its_owner_can_enter(tmp_path: Path) -> None:
    one = prepare(tmp_path / "one", tmp_path / "data")
    two = prepare(tmp_path / "two", tmp_path / "data")

    assert one.directory != two.directory
    for directory in (one.directory, one.directory.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {one.history.parent, one.file_ids.parent, one.sessions.parent} == {one.directory}


@pytest.mark.proves("learner:places-private")
def test_the_same_root_by_another_name_is_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    assert digest(tmp_path / "root") == digest(tmp_path / "link") == digest(tmp_path / "x" / ".." / "root")
    assert digest(tmp_path / "a b/ü") != digest(tmp_path / "a b/ö")


@pytest.mark.proves("learner:places-private")
def test_a_directory_too_open_is_tightened(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    make_private(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


@pytest.mark.proves("learner:places-private")
def test_a_link_in_our_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ours").symlink_to("elsewhere")
    with pytest.raises(PermissionError):
        make_private(tmp_path / "ours")


@pytest.mark.proves("learner:places-local")
def test_a_network_home_sends_the_databases_to_the_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n40 22 0:9 / {tmp_path}/home\\040dir rw - nfs4 server:/home rw\n"
    )
    monkeypatch.setattr(places, "MOUNTS", mounts)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    home = tmp_path / "home dir" / "share" / "jupyter"

    assert filesystem_of(home) == "nfs4"
    found = prepare(tmp_path / "root", home)

    assert found.filesystem == "ext4"
    assert found.directory.is_relative_to(tmp_path)
    assert not home.exists()


@pytest.mark.proves("learner:places-local")
def test_a_configured_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    found = prepare(tmp_path / "root", tmp_path / "data", tmp_path / "chosen")
    assert found.directory.parent == tmp_path / "chosen"
    assert not (tmp_path / "data").exists()


@pytest.mark.proves("learner:places-local")
@pytest.mark.parametrize(("kind", "local"), [("ext4", True), ("", True), ("overlay", True), ("nfs4", False)])
def test_network_file_systems_are_known(kind: str, local: bool) -> None:
    assert is_local(kind) is local
    assert not is_local("fuse.sshfs")


def test_an_unreadable_mount_table_counts_as_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "absent")
    assert filesystem_of(tmp_path) == ""

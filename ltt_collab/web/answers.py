"""Answers of acts that change nothing on the page by themselves."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response


def said(words: str, kind: str) -> Response:
    """Nothing to swap; page.js shows the line."""
    return happened("said", text=words, kind=kind)


def happened(event: str, **detail: Any) -> Response:
    """Nothing to swap; the page's scripts hear of the event.

    It is the body's: what was clicked may have been drawn anew meanwhile, and what is in no page any more is not heard.
    """
    trigger = json.dumps({event: {"target": "body", **detail}})
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-trigger": trigger})

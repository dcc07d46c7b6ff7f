"""Answers of acts that change nothing on the page by themselves."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response


def said(words: str, kind: str) -> Response:
    """Nothing to swap; page.js shows the line."""
    trigger = json.dumps({"said": {"text": words, "kind": kind}})
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-trigger": trigger})

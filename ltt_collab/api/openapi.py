"""The OpenAPI document, completed by what FastAPI cannot know: problem documents and event schemas."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from ltt_collab.api.middleware import PUBLIC_PATHS
from ltt_collab.api.problems import PROBLEM_JSON
from ltt_collab.api.schemas import ProblemBody
from ltt_collab.model.wire import EVENT_TYPES, TYPE_KEY

_REF = "#/components/schemas/{model}"
_REPLACED = ("HTTPValidationError", "ValidationError")


def complete_openapi(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document["components"]["schemas"]
        for name in _REPLACED:
            schemas.pop(name, None)
        schemas["Problem"] = _schema(ProblemBody, schemas)
        for name, cls in EVENT_TYPES.items():
            schemas[cls.__name__] = _event_schema(name, cls, schemas)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _complete(path, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    always = [HTTPStatus.INTERNAL_SERVER_ERROR]
    if path not in PUBLIC_PATHS:
        always.append(HTTPStatus.UNAUTHORIZED)
    if "requestBody" in operation:
        always.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    for status in always:
        responses.setdefault(str(int(status)), {"description": status.phrase})
    for status_text, response in responses.items():
        if int(status_text) >= HTTPStatus.BAD_REQUEST:
            response["content"] = {PROBLEM_JSON: {"schema": {"$ref": _REF.format(model="Problem")}}}
    stream = responses.get("200", {}).get("content", {}).get("text/event-stream")
    if stream is not None:
        stream["itemSchema"] = {"oneOf": [{"$ref": _REF.format(model=cls.__name__)} for cls in EVENT_TYPES.values()]}


def _event_schema(name: str, cls: type, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(cls, schemas)
    schema["properties"] = {TYPE_KEY: {"const": name, "type": "string"}, **schema["properties"]}
    schema["required"] = [TYPE_KEY, *schema.get("required", [])]
    return schema


def _schema(cls: type, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of a class; what it refers to joins ``schemas``."""
    schema = TypeAdapter(cls).json_schema(ref_template=_REF, mode="serialization")
    for name, part in schema.pop("$defs", {}).items():
        schemas.setdefault(name, part)
    return schema

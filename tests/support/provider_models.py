"""Local servers that speak protocols of model providers other than OpenAI: Anthropic's messages, Ollama's chat."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ltt_collab.bench.model_server import Reply

Lines = Iterator[str]
"""A streamed body, piece by piece."""


@dataclass(slots=True)
class Provider:
    """A running server; ``replies`` are given one after the other, the last one again and again."""

    url: str
    replies: list[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)

    def next_reply(self, request: dict[str, Any]) -> Reply:
        """Remember what was asked; what to answer."""
        self.requests.append(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def running_provider(speak: Callable[[Reply], Lines], content_type: str) -> Iterator[Provider]:
    """A server on a free port while the context is open; ``speak`` puts a reply into the provider's words."""
    provider = Provider("", [Reply()])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a chat."""
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            reply = provider.next_reply(request)
            self.send_response(reply.status)
            for name, value in {"content-type": content_type, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            body = speak(reply) if reply.status == 200 else iter(['{"type": "error", "error": {"message": "no"}}'])
            for piece in body:
                self.wfile.write(piece.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_anthropic(reply: Reply) -> Lines:
    """Server-sent events of ``POST /v1/messages``; ``finish`` is OpenAI's word for what Anthropic calls stop_reason."""
    usage = {"input_tokens": 100, "output_tokens": 20}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "fake", "content": [], "usage": usage}
    yield _event("message_start", message={**message, "stop_reason": None, "stop_sequence": None})
    if reply.tool is not None:
        name, arguments = reply.tool
        block: Mapping[str, Any] = {"type": "tool_use", "id": "t1", "name": name, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": json.dumps(arguments)}]
    else:
        block = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(reply.text)]
    yield _event("content_block_start", index=0, content_block=block)
    for delta in deltas:
        yield _event("content_block_delta", index=0, delta=delta)
    if reply.cut:
        return
    yield _event("content_block_stop", index=0)
    reason = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[reply.finish or "stop"]
    yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 20})
    yield _event("message_stop")


def as_ollama(reply: Reply) -> Lines:
    """Lines of JSON of ``POST /api/chat``."""
    head = {"model": "fake", "created_at": "2026-01-01T00:00:00Z"}
    if reply.tool is not None:
        name, arguments = reply.tool
        call = {"function": {"name": name, "arguments": arguments}}
        yield _line({**head, "message": {"role": "assistant", "content": "", "tool_calls": [call]}, "done": False})
    for piece in _pieces(reply.text):
        yield _line({**head, "message": {"role": "assistant", "content": piece}, "done": False})
    if reply.cut:
        return
    reason = "length" if reply.finish == "length" else "stop"
    counts = {"prompt_eval_count": 100, "eval_count": 20}
    yield _line(
        {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason, **counts}
    )


def _pieces(text: str) -> list[str]:
    return [text[start : start + 24] for start in range(0, len(text), 24)]


def _event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data) + "\n"

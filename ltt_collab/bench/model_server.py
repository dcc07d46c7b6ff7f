"""A local HTTP server that speaks OpenAI's streaming chat protocol and says what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 24
"""Characters of one streamed piece."""

Behaviour = Callable[[Mapping[str, Any]], "Reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered to one request.

    ``tool``: name and arguments of a tool call in place of text. ``cut``: the connection breaks before the end.
    ``wait``: the first piece comes once it is set, or never. ``raw``: a body that is no stream at all. ``hold``:
    what comes behind that text comes once the event is set.
    """

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tool: tuple[str, Mapping[str, Any]] | None = None
    finish: str | None = "stop"
    cut: bool = False
    raw: str | None = None
    wait: threading.Event | None = None
    hold: tuple[str, threading.Event] | None = None


@dataclass(slots=True)
class ModelServer:
    """A running server: its address for ``OPENAI_BASE_URL``, what it was asked, and how it behaves from now on."""

    url: str
    behave: Behaviour
    requests: list[dict[str, Any]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_model(behave: Behaviour) -> Iterator[ModelServer]:
    """A server on a free port of this machine while the context is open."""
    server = _Server(("127.0.0.1", 0), _Handler)
    model = server.model = ModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1", behave)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="model", daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a chat completion."""
        assert isinstance(self.server, _Server)
        model = self.server.model
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model.requests.append(request)
        reply = model.behave(request)
        self.close_connection = True
        try:
            self._answer(reply, model)
        except OSError:
            return  # whoever asked is gone

    def _answer(self, reply: Reply, model: ModelServer) -> None:
        if reply.status != 200 or reply.raw is not None:
            body = (reply.raw or json.dumps({"error": {"message": "no", "type": "none"}})).encode()
            self._head(reply, "application/json", len(body))
            self.wfile.write(body)
            return
        if reply.wait is not None:
            self._await(reply.wait, model)
        self._head(reply, "text/event-stream", None)
        told = ""
        for delta in _deltas(reply):
            if reply.hold is not None and reply.hold[0] in told:
                self._await(reply.hold[1], model)
            told += str(delta.get("content", ""))
            self._send(delta, None)
        if reply.cut:
            return  # without the last chunk: a broken connection
        self._send({}, reply.finish)
        self._chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def _await(event: threading.Event, model: ModelServer) -> None:
        while not event.wait(0.02) and not model.closing.is_set():
            pass

    def _head(self, reply: Reply, content_type: str, length: int | None) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header(*(("transfer-encoding", "chunked") if length is None else ("content-length", str(length))))
        self.send_header("connection", "close")
        self.end_headers()

    def _send(self, delta: Mapping[str, Any], finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        event = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [choice]}
        self._chunk(f"data: {json.dumps(event)}\n\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: stderr is the benchmark's."""


def _deltas(reply: Reply) -> Iterator[Mapping[str, Any]]:
    if reply.tool is not None:
        name, arguments = reply.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        yield {"role": "assistant", "tool_calls": [{"index": 0, "id": "call-1", "type": "function", "function": call}]}
        return
    text = reply.text[: len(reply.text) // 2] if reply.cut else reply.text
    for start in range(0, len(text), PIECE):
        yield {"role": "assistant", "content": text[start : start + PIECE]}

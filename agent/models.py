"""The language model behind one door: what goes wrong with it is an answer, never an exception."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import structlog

from agent.metrics import MODEL_FAILURES, MODEL_TOKENS
from ltt_collab.model.errors import InvalidSettingError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage

log = structlog.get_logger(__name__)

MAX_ANSWER_TOKENS = 2_000
"""A hint has 200; some models think aloud before."""

MAX_ANSWER_CHARACTERS = 20_000
"""Beyond, a stream is cut: it babbles."""

SILENCE_SECONDS = 15.0
"""For the next piece of a stream; a model that is loading takes long for the first one, then goes on."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds that the model is left alone after a failure, doubled each time; a provider's Retry-After counts more."""

_WHOLE = frozenset({"stop", "end_turn", "stop_sequence", "tool_calls", "tool_use", "function_call", "eos"})
_ENDS = ("finish_reason", "stop_reason", "done_reason")
_PACKAGES = {
    "azure_openai": "langchain_openai",
    "google_vertexai": "langchain_google_vertexai",
    "bedrock": "langchain_aws",
}
_REFUSED = frozenset({400, 404, 422})
"""Statuses by which a server may say that it knows no tools."""


Hear = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Failed:
    """The model gave nothing usable; ``kind``: ``timeout``, ``rate_limited``, ``truncated``, ``empty``, ``error``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Said:
    """A whole answer; ``tokens``: read and written, estimated where the provider does not tell."""

    message: AIMessage
    text: str
    tokens: int


class ChatModel:
    """One model by LangChain's name of it.

    Invariants:
        1. ``ask`` returns within ``seconds``; it raises for a cancellation only.
        2. After a failure nothing is asked until the pause is over; each failure in a row doubles it.
        3. An answer that was cut off is no answer.
    """

    def __init__(self, name: str, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._name, self._seconds, self._now = name, seconds, now
        self._model: BaseChatModel | None = None
        self._knows_tools = True
        self._failures = 0
        self._resume_at = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether it failed a moment ago and is left alone (invariant 2)."""
        return self._now() < self._resume_at

    async def ask(
        self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], hear: Hear | None = None
    ) -> Said | Failed:
        """One answer; ``hear`` is told the text of it as far as it has come, again and again."""
        if self.is_resting:
            return Failed("resting")
        answered = await self._ask(messages, tools, hear)
        if isinstance(answered, Said):
            self._failures = 0
            MODEL_TOKENS.inc(answered.tokens)
        return answered

    def unusable(self, kind: str) -> None:
        """Count an answer that came whole and made no sense."""
        MODEL_FAILURES.labels(kind).inc()

    async def _ask(
        self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], hear: Hear | None
    ) -> Said | Failed:
        try:
            with anyio.fail_after(self._seconds):  # invariant 1
                whole = await self._stream(messages, tools if self._knows_tools else (), hear)
        except TimeoutError:
            return self._failed("timeout")
        # The boundary to providers: each raises errors of its own, which this process may not even have the names of.
        except Exception as error:  # noqa: BLE001
            if tools and self._knows_tools and _status(error) in _REFUSED:
                self._knows_tools = False
                log.info("model takes no tools", model=self._name)
                return await self._ask(messages, (), hear)
            return self._failed("rate_limited" if _status(error) == 429 else "error", error)
        return self._judged(whole, messages)

    async def _stream(
        self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]], hear: Hear | None
    ) -> AIMessageChunk | None:
        if self._model is None:
            # Importing a provider's package takes seconds: not in the loop that serves every room.
            self._model = await anyio.to_thread.run_sync(make_model, self._name)
        model = self._model.bind_tools([dict(tool) for tool in tools]) if tools else self._model
        whole: Any = None
        size = 0
        stream = model.astream(list(messages))
        while True:
            with anyio.fail_after(SILENCE_SECONDS if whole is not None else self._seconds):
                piece = await anext(stream, None)
            if piece is None:
                return whole  # type: ignore[no-any-return]
            whole = piece if whole is None else whole + piece
            size += len(str(piece.content))
            if size > MAX_ANSWER_CHARACTERS:
                return None
            if hear is not None:
                hear(_text(whole.content))

    def _judged(self, whole: AIMessageChunk | None, messages: Sequence[BaseMessage]) -> Said | Failed:
        if whole is None:
            return self._failed("truncated")
        text = _text(whole.content)
        end = next((str(whole.response_metadata[key]) for key in _ENDS if whole.response_metadata.get(key)), "")
        if end.lower() not in _WHOLE:
            return self._failed("truncated")  # invariant 3
        if not text.strip() and not whole.tool_calls:
            return self._failed("empty")
        usage = whole.usage_metadata
        spoken = sum(len(str(message.content)) for message in messages) + len(text)
        return Said(message=whole, text=text, tokens=usage["total_tokens"] if usage else spoken // 4)

    def _failed(self, kind: str, error: Exception | None = None) -> Failed:
        self._failures += 1
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        pause = max(pause, min(_retry_after(error), LONGEST_PAUSE))
        self._resume_at = self._now() + pause
        MODEL_FAILURES.labels(kind).inc()
        # The message of a provider's error may quote the prompt: its kind only.
        log.warning("model gave nothing", model=self._name, kind=kind, error=type(error).__name__, pause_seconds=pause)
        return Failed(kind)


def check_model_name(name: str) -> None:
    """Refuse a model that cannot be had here, at the start and not at the first learner's error.

    Raises:
        InvalidSettingError
    """
    provider, colon, rest = name.partition(":")
    if not colon or not rest:
        raise InvalidSettingError(
            "LTT_MODEL", name, "name provider and model, as in openai:gpt-4.1-mini or ollama:llama3"
        )
    package = _PACKAGES.get(provider, "langchain_" + provider.replace("-", "_"))
    if not provider.replace("_", "").replace("-", "").isalnum() or find_spec(package) is None:
        wanted = package.replace("_", "-")
        raise InvalidSettingError(
            "LTT_MODEL", name, f"install its package: pip install {wanted}; or use another provider"
        )


def make_model(name: str) -> BaseChatModel:
    """LangChain's model of that name; addresses and keys come from the provider's own environment variables."""
    from langchain.chat_models import init_chat_model  # noqa: PLC0415 - takes a second

    # Providers' clients tell the platform in a header; to find it out runs `uname`, which must not happen in the loop.
    platform.platform()
    limits: dict[str, Any] = {}
    if name.startswith(("openai:", "anthropic:", "azure_openai:")):
        limits = {"max_retries": 0, "max_tokens": MAX_ANSWER_TOKENS}  # to try again is our decision
    elif name.startswith("ollama:"):
        limits = {"num_predict": MAX_ANSWER_TOKENS}
    made: BaseChatModel = init_chat_model(name, **limits)
    # Anthropic's makes its client, with imports and certificates, when first asked: that would be in the loop.
    getattr(made, "_async_client", None)
    return made


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in content)


def _status(error: Exception) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def _retry_after(error: Exception | None) -> float:
    headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return float(headers["retry-after"]) if headers is not None else 0.0
    except (KeyError, ValueError, TypeError):
        return 0.0

"""The server lives inside its caller: it is there when the context is, and gone with it."""

from __future__ import annotations

import signal
import socket
import time

import anyio
import httpx
import pytest

from ltt_collab.api.server import Served
from ltt_collab.model.errors import InvalidSettingError
from tests.support.directory import MemoryDirectory
from tests.support.door import running_service


async def test_port_zero_takes_a_free_port_that_answers_at_once_and_is_free_again_afterwards() -> None:
    async with running_service(MemoryDirectory()) as service:
        assert (await service.http.get("/api/v1/health")).status_code == 200
        url = service.url
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def test_a_port_in_use_is_named_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettingError, match=f"LTT_PORT={port}.*in use"):
            async with running_service(MemoryDirectory(), port=port):
                pytest.fail("must not serve")


async def test_signals_are_left_to_the_caller() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with running_service(MemoryDirectory()):
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_a_cancelled_caller_still_gets_an_orderly_stop() -> None:
    began = 0.0
    with anyio.CancelScope() as scope:
        async with running_service(MemoryDirectory()) as service:
            url = service.url
            began = time.monotonic()
            scope.cancel()
            await anyio.sleep_forever()
    assert time.monotonic() - began < 2
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def test_an_error_of_the_caller_is_not_hidden_by_the_stop() -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        async with running_service(MemoryDirectory()):
            raise ZeroDivisionError
    assert raised.group_contains(ZeroDivisionError)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1/"), ("::1", "http://[::1]:1/"), ("0.0.0.0", "http://127.0.0.1:1/")],
)
def test_the_url_is_one_that_a_browser_takes(host: str, url: str) -> None:
    assert Served(host=host, port=1).url == url

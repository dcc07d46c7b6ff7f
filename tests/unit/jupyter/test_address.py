"""What people paste as a server's address."""

from __future__ import annotations

import pytest

from ltt_collab.adapters.jupyter.address import JupyterAddress, Token, quoted_path
from ltt_collab.model.errors import InvalidSettingError


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        ("http://127.0.0.1:8888", "http://127.0.0.1:8888/"),
        ("http://LOCALHOST:8888/", "http://localhost:8888/"),
        (" https://hub.example/user/alice/lab/tree/a%20b.ipynb?reset#x ", "https://hub.example/user/alice/"),
        ("https://hub.example/user/lab/lab", "https://hub.example/user/lab/"),
        ("http://h/user/a%40b.org/tree", "http://h/user/a%40b.org/"),
        ("http://bob:pw@h:1/jupyter/", "http://h:1/jupyter/"),
        ("http://[::1]:8888/lab", "http://[::1]:8888/"),
    ],
)
def test_an_address_from_a_browser_becomes_the_base_url(pasted: str, base: str) -> None:
    assert JupyterAddress.parse(pasted).base_url == base
    assert JupyterAddress.parse(pasted).server_id == base


def test_a_token_in_the_address_is_taken_out_of_it() -> None:
    address = JupyterAddress.parse("http://h/lab?token=abc&reset")
    assert address.token.headers() == {"Authorization": "token abc"}
    assert "abc" not in address.base_url


def test_a_token_given_wins_over_one_in_the_address() -> None:
    assert JupyterAddress.parse("http://h/?token=old", "new").token.headers() == {"Authorization": "token new"}


def test_no_token_sends_no_header() -> None:
    assert JupyterAddress.parse("http://h/").token.headers() == {}


@pytest.mark.parametrize("wrong", ["", "h:8888", "ftp://h/", "http://", "http://h:port/", "lab?token=abc"])
def test_what_is_no_address_is_refused_with_what_to_do(wrong: str) -> None:
    with pytest.raises(InvalidSettingError, match="base URL") as refused:
        JupyterAddress.parse(wrong)
    assert "abc" not in str(refused.value)


@pytest.mark.proves("rooms:token-never-shown")
def test_a_token_shows_itself_nowhere() -> None:
    address = JupyterAddress.parse("http://h/", "s3cret")
    for shown in (repr(address), str(address), repr(address.token), str(address.token), f"{Token('s3cret')}"):
        assert "s3cret" not in shown


def test_sockets_go_where_the_rest_goes() -> None:
    assert JupyterAddress.parse("https://h/user/a/").websocket("api/x") == "wss://h/user/a/api/x"
    assert JupyterAddress.parse("http://h:1/").websocket("api/x") == "ws://h:1/api/x"


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("a b.ipynb", "a%20b.ipynb"),
        ("/week 1/ü#1?.ipynb", "week%201/%C3%BC%231%3F.ipynb"),
        ("100%;x=1&y.ipynb", "100%25%3Bx%3D1%26y.ipynb"),
        ("日本/😀.chat", "%E6%97%A5%E6%9C%AC/%F0%9F%98%80.chat"),
    ],
)
def test_a_path_is_quoted_but_for_its_slashes(path: str, quoted: str) -> None:
    assert quoted_path(path) == quoted

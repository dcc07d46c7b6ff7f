"""Where our token is sent: only to the hub's own servers, whatever a name or an announcement says."""

from __future__ import annotations

import dataclasses

import pytest

from ltt_collab.adapters.hub.places import ServerPlaces
from ltt_collab.adapters.jupyter.address import Token
from ltt_collab.model.errors import HubRefusedError
from tests.support.hub_fake import server_of

PLACES = ServerPlaces(proxy_url="https://hub.example:8443/", direct_url="", token=Token("s3cret"))
DIRECT = dataclasses.replace(PLACES, direct_url="http://{dns_name}:8888")


def test_a_server_is_reached_below_the_hubs_proxy() -> None:
    assert PLACES.address(server_of("ada", "lab")).base_url == "https://hub.example:8443/user/ada/lab/"
    assert PLACES.address(server_of("ada")).base_url == "https://hub.example:8443/user/ada/"
    assert PLACES.address(server_of("ada")).token.headers() == {"Authorization": "token s3cret"}
    assert not PLACES.is_direct(server_of("ada"))


@pytest.mark.proves("hub:only-its-own-servers")
@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/user/ada/",
        "https://evil.example/user/ada/",
        "/user/../hub/api/",
        "/user/ada",
        "/hub/api/",
        "/user/ada/?x=/",
        "/user/a\\b/",
        "@evil.example/user/ada/",
        "/user/ada/\r\nHost: evil/",
        "",
    ],
)
def test_an_address_that_is_no_server_of_the_hubs_is_never_connected_to(path: str) -> None:
    with pytest.raises(HubRefusedError):
        PLACES.address(dataclasses.replace(server_of("ada"), path=path))


def test_a_pod_is_reached_directly_and_keeps_its_id() -> None:
    pod = dataclasses.replace(server_of("ada"), state={"dns_name": "jupyter-ada.hub.svc.cluster.local"})
    address = DIRECT.address(pod)
    assert address.base_url == "http://jupyter-ada.hub.svc.cluster.local:8888/user/ada/"
    assert address.server_id == PLACES.address(pod).server_id
    assert DIRECT.is_direct(pod)


@pytest.mark.proves("hub:only-its-own-servers")
@pytest.mark.parametrize("word", ["", "evil.example/x?", "a@evil.example", "evil:80", "a b", "[::1]"])
def test_a_word_that_is_no_host_sends_us_through_the_proxy(word: str) -> None:
    server = dataclasses.replace(server_of("ada"), state={"dns_name": word})
    assert DIRECT.address(server).base_url == "https://hub.example:8443/user/ada/"
    assert not DIRECT.is_direct(server)


def test_the_token_shows_itself_nowhere() -> None:
    assert "s3cret" not in repr(PLACES.address(server_of("ada")))

"""A token is read again when it is refused, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from ltt_collab.access.gatekeeper import KNOWN_SECONDS, ServiceToken
from ltt_collab.adapters.hub.credential import HubToken
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.settings import Settings
from tests.unit.web.test_login import Watch


class File:
    """What a token is read from."""

    def __init__(self, secret: str) -> None:
        self.secret, self.reads = secret, 0

    async def read(self) -> str:
        self.reads += 1
        if not self.secret:
            raise InvalidSettingError("LTT_HUB_TOKEN_FILE", "file", "put one token into that file")
        return self.secret


@pytest.mark.proves("hub:token-rotated")
async def test_one_refusal_reads_the_file_and_the_others_that_were_refused_take_what_it_found() -> None:
    file = File("new")
    token = HubToken("old", file.read)
    refused = token.headers()
    assert await token.renew(refused)
    assert await token.renew(refused), "refused with the old one, while another was reading"
    assert (file.reads, token.headers()) == (1, {"Authorization": "token new"})
    assert not await token.renew(token.headers()), "the same secret again is no news"
    file.secret = ""
    assert not await token.renew(token.headers()), "half a file changes nothing"
    assert not await HubToken("old").renew({"Authorization": "token old"})


@pytest.mark.proves("hub:token-rotated")
async def test_the_operators_token_is_looked_at_now_and_then_and_only_the_last_one_holds() -> None:
    watch, file = Watch(), File("new")
    tokens = ServiceToken(SecretStr("old"), watch, file.read)
    assert await tokens.identify("old") is not None
    watch.seconds += KNOWN_SECONDS
    assert await tokens.identify("old") is None
    assert await tokens.identify("new") is not None
    watch.seconds += KNOWN_SECONDS
    file.secret = ""
    assert await tokens.identify("new") is not None


@pytest.mark.parametrize("content", ["", "two words", "ключ"])
def test_a_file_that_holds_no_token_is_refused_by_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    monkeypatch.setenv("LTT_API_TOKEN_FILE", str(file))
    with pytest.raises(InvalidSettingError, match="LTT_API_TOKEN_FILE"):
        Settings.read()
    file.write_text("good\n")
    assert Settings.read().api_token.get_secret_value() == "good"
    monkeypatch.setenv("LTT_API_TOKEN", "another")
    with pytest.raises(InvalidSettingError, match="LTT_API_TOKEN_FILE names the file"):
        Settings.read()

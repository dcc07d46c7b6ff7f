"""Our token at a hub, which an operator may replace while we run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import anyio
import structlog

from ltt_collab.adapters.jupyter.address import Token
from ltt_collab.model.errors import InvalidSettingError

log = structlog.get_logger(__name__)


class HubToken(Token):
    """A token whose secret is read again when it is refused.

    Everything that sends it holds this one object: what is renewed for one is renewed for all.
    """

    __slots__ = ("_read", "_turn", "renewals")

    def __init__(self, secret: str, read: Callable[[], Awaitable[str]] | None = None) -> None:
        """``read``: where a newer secret may stand; None: nowhere."""
        super().__init__(secret)
        self._read = read
        self._turn = anyio.Lock()
        self.renewals = 0

    @property
    def secret(self) -> str:
        """For the one place that must send it in a body: the hub wants its OAuth clients' secret there."""
        return self._secret

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there is another secret now than in the ``refused`` headers."""
        if self._read is None:
            return False
        async with self._turn:
            if self.headers()["Authorization"] != refused.get("Authorization"):
                return True  # somebody else was refused before, and has read it
            try:
                fresh = await self._read()
            except InvalidSettingError as error:
                log.error("not read again", what="LTT_HUB_TOKEN", reason=str(error))  # noqa: TRY400 - it says all
                return False
            if fresh == self._secret:
                return False
            self._secret = fresh
            self.renewals += 1
            log.info("read anew from its file", what="LTT_HUB_TOKEN", times=self.renewals)
            return True

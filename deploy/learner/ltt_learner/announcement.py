"""Tells the tutor's service that this server has come up, so that the tutor need not look for it."""

from __future__ import annotations

import asyncio
import json
import os
import random
from logging import Logger

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

ANSWER_LIMIT = 5.0
"""Seconds for one attempt."""

FIRST_PAUSE = 0.5
LAST_PAUSE = 60.0
ATTEMPTS = 12
"""Attempts at growing distance, some five minutes in all; by then the service has found us by itself."""

REFUSALS = range(400, 500)
"""Answers that another attempt would not change."""


async def announce(url: str, log: Logger) -> None:
    """Say it until it is heard; returns also when it is refused or nobody answers for long.

    The address is the operator's, never a learner's: the token of this server is sent there, and no further, since
    redirects are not followed.
    """
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")  # noqa: TID251 - the hub's own way to tell a server
    if not token:
        return  # not behind a hub: nobody could tell who we are
    request = HTTPRequest(
        url,
        method="POST",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        body=json.dumps({"server_name": os.environ.get("JUPYTERHUB_SERVER_NAME", "")}),  # noqa: TID251 - likewise
        follow_redirects=False,
        request_timeout=ANSWER_LIMIT,
        connect_timeout=ANSWER_LIMIT,
    )
    pause = FIRST_PAUSE
    for _ in range(ATTEMPTS):
        try:
            await AsyncHTTPClient().fetch(request)
        except HTTPClientError as error:
            if error.code in REFUSALS:
                log.warning("The tutor's service does not want to hear of this server: HTTP %s", error.code)
                return
            log.debug("The tutor's service was not told yet: %s", error)
        except OSError as error:
            log.debug("The tutor's service was not told yet: %s", error)
        else:
            log.info("The tutor's service knows of this server")
            return
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(LAST_PAUSE, pause * 2)
    log.warning("The tutor's service did not answer; it will find this server by itself")

"""Learners' wishes over HTTP."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from pydantic import SecretStr

from ltt_collab.client import HttpClient
from ltt_collab.model.errors import NotAuthorizedError
from tests.support.directory import MemoryDirectory
from tests.support.door import TOKEN, running_service


@pytest.mark.proves("api:welcome-back")
async def test_the_tutor_may_come_back_to_a_learner_whatever_the_name() -> None:
    async with running_service(MemoryDirectory()) as service, HttpClient(service.url, SecretStr(TOKEN)) as client:
        await client.welcome("ada")
        await client.welcome("ada/ü b")
    assert service.welcomed == ["ada", "ada/ü b"]


async def test_without_the_token_nobody_speaks_for_a_learner() -> None:
    async with running_service(MemoryDirectory()) as service, HttpClient(service.url, SecretStr("wrong")) as client:
        with pytest.raises(NotAuthorizedError):
            await client.welcome("ada")
    assert service.welcomed == []


async def test_a_name_longer_than_any_user_has_is_refused() -> None:
    async with running_service(MemoryDirectory()) as service:
        answer = await service.http.post(f"/api/v1/learners/{'a' * 300}/welcome")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert service.welcomed == []

"""What our token at the hub may do, against what it needs."""

from __future__ import annotations

import pytest

from ltt_collab.adapters.hub.scopes import check_scopes
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity
from tests.support.hub_fake import NEEDED


def us(*scopes: str) -> HubIdentity:
    return HubIdentity(name=Username("ltt-tutor"), kind="service", groups=frozenset(), scopes=frozenset(scopes))


def test_the_role_of_the_documentation_is_neither_too_little_nor_too_much() -> None:
    report = check_scopes(us(*NEEDED, "read:users:name!group=learners"), "learners")
    assert (report.missing, report.excess, report.remedy) == ([], [], "")


@pytest.mark.proves("hub:missing-scopes-are-named")
@pytest.mark.parametrize("missing", ["list:users", "read:servers", "access:servers"])
def test_a_missing_scope_is_named_with_the_role_to_add(missing: str) -> None:
    report = check_scopes(us(*(scope for scope in NEEDED if not scope.startswith(missing))), "pupils")
    assert report.missing == [missing]
    for part in ("load_roles", '"services": ["ltt-tutor"]', "list:users!group=pupils", "read:servers!group=pupils"):
        assert part in report.remedy


@pytest.mark.proves("hub:missing-scopes-are-named")
def test_access_by_group_counts_as_missing_because_servers_do_not_honour_it() -> None:
    scopes = {*NEEDED, "access:servers!group=learners"} - {"access:servers"}
    assert check_scopes(us(*scopes), "learners").missing == ["access:servers"]


def test_what_a_token_may_do_beyond_is_listed() -> None:
    assert check_scopes(us(*NEEDED, "admin:users", "proxy"), "learners").excess == ["admin:users", "proxy"]


@pytest.mark.proves("hub:missing-scopes-are-named")
def test_the_scope_to_stop_servers_is_needed_where_we_stop_them_and_too_much_elsewhere() -> None:
    missing = check_scopes(us(*NEEDED), "learners", stops=True)
    assert missing.missing == ["delete:servers"]
    assert "delete:servers!group=learners" in missing.remedy
    allowed = us(*NEEDED, "delete:servers!group=learners")
    assert not check_scopes(allowed, "learners", stops=True).missing
    assert not check_scopes(allowed, "learners", stops=True).excess
    assert check_scopes(allowed, "learners").excess == ["delete:servers!group=learners"]

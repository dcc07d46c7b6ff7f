"""The roles of our hub values, held by a real JupyterHub: what they open, and what they do not."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import httpx
import pytest

from tests.deploy.reading import HUB_VALUES, load
from tests.support.hub import running_hub

ROLES = load(HUB_VALUES / "values.yaml")["hub"]["loadRoles"]

NAMED = """
import json
roles = [{{**role, "name": name}} for name, role in json.loads({roles!r}).items()]
c.JupyterHub.load_roles = [role for role in c.JupyterHub.load_roles if role["name"] in ("test", "idle-culler")] + roles
c.JupyterHub.services = [each for each in c.JupyterHub.services if each["name"] != "ltt-tutor"]
c.JupyterHub.services.append({{"name": "ltt-tutor", "api_token": {token!r}}})
"""


@pytest.mark.proves("deploy:roles-suffice")
def test_the_services_token_lists_learners_with_their_servers_state_and_nobody_else(tmp_path: Path) -> None:
    token = secrets.token_hex(16)
    more = NAMED.format(roles=json.dumps(ROLES), token=token)
    with running_hub(tmp_path / "hub", more=more) as hub:
        hub.start_server("ada")
        headers = {"Authorization": f"token {token}"}
        with httpx.Client(base_url=hub.layout.api_url + "/", headers=headers, timeout=30, trust_env=False) as http:
            listed = {user["name"]: user for user in http.get("users").json()}
            asked = {path: http.get(path).status_code for path in ("users/zoe", "proxy", "groups", "users/ada/tokens")}
        base = f"{hub.layout.hub_url.rstrip('/')}{listed['ada']['servers']['']['url']}"
        entered = httpx.get(f"{base}api/status", headers=headers, timeout=30, trust_env=False).status_code
    assert set(listed) == {"ada", "ben"}
    assert listed["ada"]["servers"][""]["state"]  # the pod's name and address, with another spawner
    assert entered == 200
    assert set(asked.values()) <= {403, 404}

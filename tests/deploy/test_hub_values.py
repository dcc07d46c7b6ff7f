"""The values for zero-to-jupyterhub: closed against typos, and roles with which the service really gets in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ltt_collab.adapters.hub.scopes import check_scopes
from ltt_collab.api.servers import router as servers
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity
from ltt_collab.web.hub_login import CALLBACK
from tests.deploy.reading import (
    CHART,
    HUB_VALUES,
    InvalidManifest,
    Values,
    expect_strict,
    faults,
    load,
    merged,
    one,
    rendered,
    schema_of,
)

BASE = load(HUB_VALUES / "values.yaml")
SCHEMA = schema_of(HUB_VALUES / "values.schema.json")
VARIANTS = [["lti"], ["oauth"], ["ldap"], ["oauth", "nfs"], ["lti", "nfs"]]
ROLES = "https://purl.imsglobal.org/spec/lti/claim/roles"


@pytest.mark.proves("deploy:hub-values-fit-their-schema")
@pytest.mark.parametrize("names", [[], *VARIANTS], ids="+".join)
def test_every_combination_fits_the_schema(names: list[str]) -> None:
    values = merged(BASE, *(load(HUB_VALUES / f"{name}.yaml") for name in names))
    assert faults(SCHEMA, values) == []


@pytest.mark.parametrize(
    ("typo", "found"),
    [
        ({"cull": {"timeuot": 1200}}, "timeuot"),
        ({"singleuser": {"image": {"name": "x", "tag": "latest"}}}, "latest"),
        ({"singleuser": {"storage": {"type": "static"}}}, "'static' is a required property"),
        ({"singleuser": {"memory": {"limit": "lots"}}}, "lots"),
        ({"hub": {"loadRoles": {"r": {"scopes": ["list:users"]}}}}, "hub.loadRoles.r"),
        (
            {"hub": {"loadRoles": {"r": {"users": ["a"], "scopes": ["access:servers!group=learners"]}}}},
            "access:servers",
        ),
        ({"hub": {"config": {"JupyterHub": {"load_groups": {}}}}}, "hub.config.JupyterHub"),
        ({"hub": {"config": {"LDAPAuthenticator": {"server_address": "a", "tls_strategy": "before"}}}}, "before"),
        ({"hub": {"services": {"ltt-tutor": {"api_tokn": "x"}}}}, "api_tokn"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.proves("deploy:a-typo-fails")
def test_a_wrong_value_is_found(typo: Values, found: str) -> None:
    assert any(found in fault for fault in faults(SCHEMA, merged(BASE, typo)))


@pytest.mark.proves("deploy:roles-suffice")
def test_the_service_has_a_role_with_all_that_it_needs_and_nothing_more() -> None:
    holding = [role for role in BASE["hub"]["loadRoles"].values() if "ltt-tutor" in role.get("services", ())]
    scopes = frozenset(scope for role in holding for scope in role["scopes"])
    report = check_scopes(
        HubIdentity(name=Username("ltt-tutor"), kind="service", groups=frozenset(), scopes=scopes), "learners"
    )
    assert (report.missing, report.excess) == ([], [])


def test_both_groups_may_open_the_pages() -> None:
    pages = BASE["hub"]["loadRoles"]["ltt-tutor-pages"]
    assert pages == {"groups": ["learners", "instructors"], "scopes": ["access:services!service=ltt-tutor"]}


def test_the_chart_reads_the_token_where_the_hub_keeps_it() -> None:
    (name,) = BASE["hub"]["services"]
    pod = one(rendered({}), "Deployment")["spec"]["template"]["spec"]
    (volume,) = [each["secret"] for each in pod["volumes"] if each["name"] == "hub-token"]
    assert volume["secretName"] == "hub"
    assert volume["items"] == [{"key": f"hub.services.{name}.apiToken", "path": "token"}]
    (mount,) = [each for each in container()["volumeMounts"] if each["name"] == "hub-token"]
    env = {each["name"]: each.get("value", "") for each in container()["env"]}
    assert env["LTT_HUB_TOKEN_FILE"] == f"{mount['mountPath']}/token"


def test_people_come_back_from_the_hub_to_a_page_of_ours_and_not_below_the_hub() -> None:
    service = BASE["hub"]["services"]["ltt-tutor"]
    assert service["oauth_redirect_uri"].endswith(f"/{CALLBACK}")
    assert service["oauth_no_confirm"]
    assert "url" not in service


def test_direct_links_have_what_they_need() -> None:
    env = {each["name"]: each.get("value", "") for each in container()["env"]}
    assert "{dns_name}" in env["LTT_HUB_DIRECT_URL"]
    assert BASE["hub"]["config"]["KubeSpawner"]["services_enabled"]
    assert "admin:server_state!group=learners" in BASE["hub"]["loadRoles"]["ltt-tutor"]["scopes"]


def test_learners_servers_can_reach_the_place_where_they_announce_themselves() -> None:
    service, policy = one(rendered({}), "Service"), one(rendered({}), "NetworkPolicy")
    port = service["spec"]["ports"][0]["port"]
    (path,) = {getattr(route, "path", "") for route in servers.routes}
    assert BASE["singleuser"]["extraEnv"]["LTT_ANNOUNCE_URL"] == f"http://{service['metadata']['name']}:{port}{path}"
    (out,) = BASE["singleuser"]["networkPolicy"]["egress"]
    labels = one(rendered({}), "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert out["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert out["ports"] == [{"port": port, "protocol": "TCP"}]
    sources = [peer.get("podSelector", {}).get("matchLabels", {}) for peer in policy["spec"]["ingress"][0]["from"]]
    assert {"app": "jupyterhub", "component": "singleuser-server"} in sources


def test_our_pod_carries_the_labels_that_open_the_hubs_network_policies() -> None:
    labels = one(rendered({}), "Deployment")["spec"]["template"]["metadata"]["labels"]
    wanted = ("hub", "proxy-http", "singleuser")
    assert all(labels[f"hub.jupyter.org/network-access-{each}"] == "true" for each in wanted)


def test_limits_and_culling_are_those_of_the_plan() -> None:
    singleuser, cull = BASE["singleuser"], BASE["cull"]
    assert singleuser["memory"] == {"guarantee": "512M", "limit": "1G"}
    assert singleuser["cpu"] == {"guarantee": 0.1, "limit": 0.5}
    assert singleuser["storage"]["capacity"] == "2Gi"
    assert (cull["timeout"], cull["maxAge"]) == (20 * 60, 4 * 60 * 60)


def test_sqlite_is_kept_off_the_home() -> None:
    storage, files = BASE["singleuser"]["storage"], BASE["singleuser"]["extraFiles"]
    place = files["ltt-places"]["data"]["LearnerExtension"]["state_dir"]
    (mount,) = storage["extraVolumeMounts"].values()
    (volume,) = storage["extraVolumes"].values()
    assert (mount["mountPath"], mount["name"]) == (place, volume["name"])
    assert "emptyDir" in volume
    assert not place.startswith(storage["homeMountPath"])


@pytest.mark.parametrize(
    ("variant", "state", "groups"),
    [
        ("lti", {ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]}, ["instructors"]),
        ("lti", {ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]}, ["learners"]),
        ("lti", {ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"]}, ["learners"]),
        ("lti", {}, ["learners"]),
        ("ldap", {"ldap_groups": ["cn=instructors,ou=groups,dc=example,dc=org"]}, ["instructors"]),
        ("ldap", {}, []),
    ],
)
def test_people_come_into_the_groups_that_the_roles_name(variant: str, state: Any, groups: list[str]) -> None:
    (code,) = load(HUB_VALUES / f"{variant}.yaml")["hub"]["extraConfig"].values()
    c = SimpleNamespace(Authenticator=SimpleNamespace())
    exec(code, {"c": c})  # our own configuration, run as the hub runs it
    model = c.Authenticator.post_auth_hook(None, None, {"name": "ada", "auth_state": state})
    assert model["groups"] == groups


@pytest.mark.parametrize("name", ["nfs-volume", "night"])
def test_kubernetes_takes_the_manifests_beside_the_values(name: str) -> None:
    objects = list(yaml.safe_load_all((HUB_VALUES / f"{name}.yaml").read_text()))
    for each in objects:
        expect_strict(each)
    objects[0]["metdata"] = {}
    with pytest.raises(InvalidManifest, match="metdata"):
        expect_strict(objects[0])


def test_night_scales_what_the_hub_has() -> None:
    objects = list(yaml.safe_load_all((HUB_VALUES / "night.yaml").read_text()))
    commands = [
        each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"]
        for each in objects
        if each["kind"] == "CronJob"
    ]
    replicas = BASE["scheduling"]["userPlaceholder"]["replicas"]
    assert [command[-1] for command in commands] == ["--replicas=0", f"--replicas={replicas}"]


def test_the_volume_is_the_one_that_the_values_name() -> None:
    _, claim = yaml.safe_load_all((HUB_VALUES / "nfs-volume.yaml").read_text())
    assert load(HUB_VALUES / "nfs.yaml")["singleuser"]["storage"]["static"]["pvcName"] == claim["metadata"]["name"]


@pytest.mark.proves("hub:max-age-is-said")
def test_learners_are_told_of_the_age_at_which_the_hub_really_stops_their_servers() -> None:
    told = load(CHART / "values.yaml")["settings"]["hub_max_age_seconds"]
    assert told == BASE["cull"]["maxAge"]


def container() -> Values:
    (found,) = one(rendered({}), "Deployment")["spec"]["template"]["spec"]["containers"]
    return dict(found)

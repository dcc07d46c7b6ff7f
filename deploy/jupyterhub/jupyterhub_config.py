"""A JupyterHub on one machine with the tutor in every learner's notebook: `jupyterhub -f jupyterhub_config.py`.

Set before you start it:

    LTT_HUB_TOKEN    our token at the hub, from `openssl rand -hex 32`; `ltt serve` is given the same one
    LTT_LEARNERS     user names, separated by commas, if your authenticator manages no groups
    LTT_INSTRUCTORS  likewise, of instructors of all courses
    LTT_COURSE_INSTRUCTORS  of one course, as in python:ivo,python:ivy,sql:ivy
    LTT_SERVICE_URL  where `ltt serve` listens, http://127.0.0.1:8700/ by default
    LTT_PUBLIC_URL   where browsers reach the tutor's pages, if elsewhere; `ltt serve` is given the same one
    LTT_STOPS_SERVERS  1 if `ltt serve` has LTT_HUB_UNTOUCHED_SECONDS: it may then stop learners' servers

Only for trying it out: LTT_TRY_PASSWORD lets everybody in with that password, and LTT_TRY_HOME runs all servers as the
present user below that directory. Without them the machine's own accounts are used (PAM), one process per user; the
spawner for Docker or systemd is chosen below, nothing else changes.
"""

import os
import sys

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub puts it here

SERVICE = "ltt-tutor"
LEARNERS, INSTRUCTORS = "learners", "instructors"


def setting(name, default=""):
    """An environment variable."""
    return os.environ.get(name, default)  # noqa: TID251 - a hub's configuration is a program of its own


def names(variable):
    """A comma-separated list."""
    return [name.strip() for name in setting(variable).split(",") if name.strip()]


token = setting("LTT_HUB_TOKEN")
if not token:
    sys.exit("jupyterhub_config.py: set LTT_HUB_TOKEN, as in LTT_HUB_TOKEN=$(openssl rand -hex 32)")
service_url = setting("LTT_SERVICE_URL", "http://127.0.0.1:8700/").rstrip("/") + "/"
public_url = setting("LTT_PUBLIC_URL", service_url).rstrip("/") + "/"

# Who is what. The tutor is in the servers of the learners' group; instructors see them through the tutor's pages.

learners, instructors = names("LTT_LEARNERS"), names("LTT_INSTRUCTORS")
groups = {LEARNERS: {"users": learners}, INSTRUCTORS: {"users": instructors}}
for pair in names("LTT_COURSE_INSTRUCTORS"):
    course, _, user = pair.partition(":")
    groups.setdefault(f"{INSTRUCTORS}-{course}", {"users": []})["users"].append(user)
c.JupyterHub.load_groups = groups
c.Authenticator.allowed_users = {user for group in groups.values() for user in group["users"]}

culling = [
    f"--timeout={setting('LTT_CULL_SECONDS', '1200')}",
    f"--cull-every={setting('LTT_CULL_EVERY', '120')}",
    f"--max-age={setting('LTT_MAX_AGE_SECONDS', '14400')}",
]
c.JupyterHub.services = [
    # People log in to its pages here: no second password, and no question whether they want to.
    {
        "name": SERVICE,
        "api_token": token,
        "oauth_redirect_uri": public_url + "oauth_callback",
        "oauth_no_confirm": True,
    },
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", *culling],
    },
]
c.JupyterHub.load_roles = [
    {
        # `access:servers!group=…` would be narrower and does not work: a learner's server answers 403 to it.
        "name": SERVICE,
        "services": [SERVICE],
        "scopes": [
            f"list:users!group={LEARNERS}",
            f"read:servers!group={LEARNERS}",
            "access:servers",
            # Only where the tutor's service stops servers that nobody touches (LTT_HUB_UNTOUCHED_SECONDS).
            *([f"delete:servers!group={LEARNERS}"] if setting("LTT_STOPS_SERVERS") else []),
        ],
    },
    {
        "name": f"use-{SERVICE}",
        "groups": list(groups),
        "scopes": [f"access:services!service={SERVICE}"],
    },
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]

# The learners' servers: JupyterLab with ltt-learner, which tells the tutor that it has come up.

c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--ServerApp.jpserver_extensions={'ltt_learner': True}"]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"LTT_ANNOUNCE_URL": service_url + "api/v1/servers/announce"}
c.JupyterHub.last_activity_interval = int(setting("LTT_ACTIVITY_SECONDS", "60"))

# The learner's page shows JupyterLab in a frame: the hub's pages on the way there, and each server, allow that.

framing = {"headers": {"Content-Security-Policy": f"frame-ancestors 'self' {'/'.join(public_url.split('/')[:3])}"}}
c.JupyterHub.tornado_settings = framing
c.Spawner.args = [*c.Spawner.args, f"--ServerApp.tornado_settings={framing!r}"]

# Another spawner, one of:
#   c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"; c.SystemdSpawner.mem_limit = "1G"
#   c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"; c.DockerSpawner.image = "<the image of deploy/learner>"

if setting("LTT_TRY_HOME"):
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = setting("LTT_TRY_HOME") + "/{username}"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        c.Spawner.args = [*c.Spawner.args, "--allow-root"]
if setting("LTT_TRY_PASSWORD"):
    c.JupyterHub.authenticator_class = "dummy"
    c.DummyAuthenticator.password = setting("LTT_TRY_PASSWORD")
    c.Authenticator.allow_all = True

# Stopping the hub leaves servers, proxy and open rooms alone: it can be restarted while learners type.
c.JupyterHub.cleanup_servers = False

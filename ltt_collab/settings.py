"""Every setting, read once at the edge from ``LTT_`` environment variables and command-line flags.

The fields below are also their reference: ``python -m ltt_collab.settings > docs/reference/settings.md``.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.reporting import ChatScope, LogFormat, LogLevel
from ltt_collab.model.rollout import Rollout
from ltt_collab.model.validations import CleanPlace
from ltt_collab.settings_files import TOKEN, read_secret

PREFIX = "LTT_"

_DATABASE_SCHEMES = {
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "sqlite": "sqlite+aiosqlite",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
"""What a database URL may begin with, and the driver that it means."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Settings(BaseSettings):
    """The whole configuration of one process, checked and frozen.

    ``Settings.read()`` is the way to make one: it names a bad variable and the remedy.
    """

    # hide_input_in_errors: a rejected value may be a token.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    jupyter_url: str = Field(
        "http://127.0.0.1:8888/",
        description="The learner's Jupyter server: an http or https URL, base path included, without a token.",
    )
    jupyter_token: SecretStr = Field(SecretStr(""), description="The token of that Jupyter server; sent as a header.")
    hub_api_url: str = Field(
        "",
        description="A JupyterHub's API, as in `http://127.0.0.1:8081/hub/api`: the tutor is then on every learner's "
        "server of that hub, and `LTT_JUPYTER_URL` is not used. As a service that the hub itself starts: "
        "`JUPYTERHUB_API_URL`.",
    )
    hub_token: SecretStr = Field(
        SecretStr(""),
        description="Our token at that hub (`docs/howto/existing-hub.md` has the role). As a service that the hub "
        "itself starts: `JUPYTERHUB_API_TOKEN`.",
    )
    hub_token_file: str = Field(
        "",
        description="A file with that token instead. It is read again when the hub refuses the token: a new one needs "
        "no restart.",
    )
    hub_public_url: str = Field(
        "",
        description="Where browsers reach the hub, as in `https://hub.example.org/`. Unset: `LTT_HUB_PROXY_URL`.",
    )
    hub_proxy_url: str = Field(
        "", description="Where the hub's proxy answers, as in `http://127.0.0.1:8000/`; needed with a hub."
    )
    hub_direct_url: str = Field(
        "",
        description="Where learners' servers answer without the proxy, with words of the spawner's state in braces, as "
        "in `http://{dns_name}:8888` for Kubernetes (needs the scope `admin:server_state`). Unset: through the proxy.",
    )
    hub_learners: str = Field("learners", min_length=1, description="The hub's group of learners.")
    hub_instructors: str = Field(
        "instructors",
        min_length=1,
        description="The hub's group of instructors of all courses; with `-` and a course's id behind it, of that one.",
    )
    hub_sweep_seconds: float = Field(
        90.0,
        ge=1,
        le=3600,
        description="How often the hub is asked for its running servers; announced ones are found at once.",
    )
    hub_max_age_seconds: float = Field(
        0.0,
        ge=0,
        le=604_800,
        description="The age at which the hub's culler stops a server (its `--max-age`): learners are told in their "
        "notebook beforehand, and their work is saved. 0: there is no such age.",
    )
    hub_untouched_seconds: float = Field(
        0.0,
        ge=0,
        le=604_800,
        description="How long a server's notebooks may be open without any act of a human (an open tab alone keeps a "
        "server alive for the culler) before we stop it, said beforehand; needs the scope `delete:servers`. 0: never.",
    )
    hub_warn_seconds: float = Field(
        600.0, ge=0, le=86_400, description="How long before such an end of their server learners are told of it."
    )
    database_url: str = Field(
        "sqlite+aiosqlite:///ltt-collab.sqlite",
        description="Where everything is kept: an SQLite file, or `postgresql+asyncpg://user:password@host/database`.",
    )
    outbox: str = Field(
        "",
        description="The file in which writes wait while the database is away. Unset: the SQLite file's name with "
        "`.outbox` behind it, or `ltt-collab.outbox` in the working directory.",
    )
    retention_days: float = Field(
        90.0,
        ge=0,
        le=36_500,
        description="How long events, ended suggestions, submissions, validations and learners' answers are kept; "
        "0 keeps them for good. Progress and enrolments stay.",
    )
    api_token: SecretStr = Field(
        SecretStr(""),
        description="The bearer token of our HTTP API. Unset: the service makes one at start and prints it once.",
    )
    api_token_file: str = Field(
        "",
        description="A file with that token instead, looked at every ten seconds: a new one needs no restart.",
    )
    public_url: str = Field(
        "",
        description="Where browsers reach our pages, as in `https://tutor.example.org/`; with `oauth_callback` behind "
        "it, our `oauth_redirect_uri` at the hub. Unset: the address that we listen on.",
    )
    service_url: str = Field(
        "http://127.0.0.1:8700/",
        description="For clients (`ltt why`, `ltt-agent`): where the service is, base path included.",
    )
    course: str = Field(
        "",
        description="Folders of courses (each with a `course.yaml`), separated as in `PATH`; published at start.",
    )
    rollout: str = Field(
        "",
        description="Which share of each course's learners has the AI, chosen by a stable hash of their names, as in "
        "`python-intro=0.25, sql=1, *=0` (`*`: all else). Unset: everybody. For everybody else it is in the room and "
        "writes nothing, as after `ltt stop`.",
    )
    sandbox_warm: int = Field(
        1, ge=0, le=64, description="How many sandboxed kernels wait ready for validations and trials; 0: none."
    )
    clean_checks: CleanPlace = Field(
        CleanPlace.LEARNER,
        description="Where work that was handed in runs: `learner`, in a fresh kernel on the learner's own server (a "
        "task with fixed hidden checks: in our sandbox, with the learner's files); `sandbox`, always in ours.",
    )
    model: str = Field(
        "", description="The tutor's language model, as in `anthropic:…` or `ollama:…`. Empty: the built-in rules only."
    )
    model_tokens_per_learner_hour: int = Field(
        60_000, ge=0, description="Tokens that the model may take for one learner within an hour; then the rules help."
    )
    model_tokens_per_course_day: int = Field(
        5_000_000, ge=0, description="Tokens that it may take for all learners of one course within a day."
    )
    model_seconds: float = Field(
        30.0, gt=0, le=110, description="The longest wait for one answer of the model; then the rules help."
    )
    host: str = Field("127.0.0.1", min_length=1, description="The address that our HTTP API listens on.")
    port: int = Field(8700, ge=0, le=65535, description="The port that our HTTP API listens on; 0 takes a free one.")
    log_format: LogFormat = Field(LogFormat.CONSOLE, description="Log lines for people or for machines, on stderr.")
    log_level: LogLevel = Field(LogLevel.INFO, description="The least severe log lines that are written.")
    leave_grace_seconds: float = Field(
        60.0, ge=0, le=86_400, description="How long a room may be without a human before the tutor leaves it."
    )
    hibernate_after_seconds: float = Field(
        300.0,
        ge=1,
        le=86_400,
        description="How long a room may be idle before its document is put to sleep; the next edit wakes it.",
    )
    max_frame_mib: int = Field(
        64, ge=1, le=1024, description="The largest message taken from a room, in MiB; a larger one ends the link."
    )
    agents_edit_learner_cells: bool = Field(
        False,
        description="Whether agents (`/mcp`) may edit learners' own cells. Without it they write cells of their own "
        "and propose changes to learners' cells.",
    )
    mcp_hosts: str = Field(
        "",
        description="Names beside loopback by which clients reach `/mcp`, separated by commas, as in "
        "`tutor.example.org`; requests for any other name are refused (DNS rebinding).",
    )
    mcp_calls_per_minute: int = Field(
        1_200, ge=0, le=1_000_000, description="How many tool calls one client may make in a minute; 0: any number."
    )
    mcp_output_characters: int = Field(
        20_000, ge=100, le=1_000_000, description="How much text of outputs one answer to an agent carries at most."
    )
    mcp_image_kib: int = Field(
        1_000, ge=0, le=100_000, description="The largest image that an answer to an agent carries, in KiB; 0: none."
    )
    mcp_scratch_kernels: int = Field(
        0,
        ge=0,
        le=1_000,
        description="How many scratch kernels all agents together have at once, each with up to 512 MiB; one agent has "
        "2 at most. 0: one for each processor of the machine, at least 2 and at most 8.",
    )
    hints_per_hour: int = Field(
        12, ge=0, le=1000, description="How many hints a learner may get within an hour, at most; 0 gives none."
    )
    tutor_name: str = Field(
        "Tutor", min_length=1, max_length=40, description="The tutor's name as learners see it beside its cursor."
    )
    tutor_color: str = Field("#7c3aed", description="The colour of the tutor's cursor, as `#rrggbb`.")
    chat: ChatScope = Field(
        ChatScope.NOTEBOOK,
        description="Whether the tutor makes a chat when a learner first asks it something in a notebook: "
        "one beside each notebook, one (`tutor.chat`) for a folder of notebooks, or none. "
        "Chats that learners make and open are answered in any case.",
    )
    show_watching: bool = Field(
        True,
        description="Whether the tutor's name flag tells a learner that an instructor watches their notebook live.",
    )
    introduce: bool = Field(
        True, description="Whether the tutor tells each learner once, at the first join, who reads what."
    )

    @classmethod
    def read(cls, **flags: Any) -> Self:
        """Read the environment; ``flags`` (by field name, None: not given) win over it.

        Raises:
            InvalidSettingError: a value cannot be used; only the first is reported.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            read = cls(**given)
            hub = _ManagedService()
            if hub.service_name and not read.hub_api_url:
                given |= {"hub_api_url": hub.api_url, "hub_token": hub.api_token}
                read = cls(**given)
            given |= _from_files(read)
            read = cls(**given)
        except ValidationError as error:
            raise _invalid(error.errors(include_url=False, include_context=False)[0], given) from None
        read.expect_whole_hub()
        return read

    def expect_whole_hub(self) -> None:
        """Return if what a hub needs is given altogether.

        Raises:
            InvalidSettingError
        """
        if self.hub_api_url and not self.hub_proxy_url:
            remedy = "with LTT_HUB_API_URL, set where the hub's proxy answers, as in http://127.0.0.1:8000/"
            raise InvalidSettingError("LTT_HUB_PROXY_URL", "", remedy)
        if self.hub_api_url and not self.hub_token.get_secret_value():
            raise InvalidSettingError("LTT_HUB_TOKEN", "", "with LTT_HUB_API_URL, set our token at the hub")
        if 0 < self.hub_untouched_seconds <= self.hub_warn_seconds:
            remedy = f"it must be more than LTT_HUB_WARN_SECONDS, which is {self.hub_warn_seconds:g}"
            raise InvalidSettingError("LTT_HUB_UNTOUCHED_SECONDS", self.hub_untouched_seconds, remedy)

    @field_validator("hub_api_url", "hub_proxy_url", "hub_public_url", "public_url")
    @classmethod
    def _optional_http_url(cls, url: str) -> str:
        return cls._http_url(url) if url else ""

    @field_validator("rollout")
    @classmethod
    def _rollout(cls, text: str) -> str:
        Rollout.parse(text)
        return text

    @field_validator("hub_direct_url")
    @classmethod
    def _template(cls, url: str) -> str:
        if url:
            cls._http_url(re.sub(r"\{\w+\}", "x", url))
            if "{" not in url:
                raise ValueError("name each server by words of its spawner's state, as in http://{dns_name}:8888")
        return url

    @field_validator("jupyter_url", "service_url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError("use a URL as in http://127.0.0.1:8888/base/path/")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("leave user, password, query and fragment out of the URL; the token has its own setting")
        return parts._replace(path=parts.path.rstrip("/") + "/").geturl()

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        scheme, _, rest = url.partition("://")
        if scheme not in _DATABASE_SCHEMES:
            raise ValueError(f"begin with one of {', '.join(f'{scheme}://' for scheme in _DATABASE_SCHEMES)}")
        return f"{_DATABASE_SCHEMES[scheme]}://{rest}"

    @field_validator("jupyter_token", "api_token", "hub_token")
    @classmethod
    def _header_safe(cls, token: SecretStr) -> SecretStr:
        if not TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("use printable ASCII without spaces, it travels in an HTTP header")
        return token

    @field_validator("tutor_color")
    @classmethod
    def _colour(cls, colour: str) -> str:
        if not _COLOUR.fullmatch(colour):
            raise ValueError("use #rrggbb, as in #7c3aed")
        return colour


FILED = {"hub_token": "hub_token_file", "api_token": "api_token_file"}
"""Secrets that may stand in a file, and the setting that names it."""


def _from_files(read: Settings) -> dict[str, SecretStr]:
    found = {}
    for field, where in FILED.items():
        path = getattr(read, where)
        if path:
            if field in read.model_fields_set:
                remedy = f"unset it: {variable(where)} names the file that holds it"
                raise InvalidSettingError(variable(field), "[secret]", remedy)
            found[field] = SecretStr(read_secret(variable(where), path))
    return found


class _ManagedService(BaseSettings):
    """What a JupyterHub tells the services that it starts itself; the name tells them from its users' servers."""

    model_config = SettingsConfigDict(env_prefix="JUPYTERHUB_", env_ignore_empty=True, extra="ignore", frozen=True)

    service_name: str = ""
    api_url: str = ""
    api_token: SecretStr = SecretStr("")


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def is_secret(field: str) -> bool:
    """Whether a field's value must never be shown; a database URL may hold a password."""
    return field == "database_url" or Settings.model_fields[field].annotation is SecretStr


def render_reference() -> str:
    """The text of ``docs/reference/settings.md``."""
    rows = [_row(name, info) for name, info in Settings.model_fields.items()]
    return "\n".join(
        [
            "# Settings",
            "",
            "Every setting is an environment variable, read once at start. An empty value counts as unset.",
            "A value that cannot be used ends the program with exit code 2 and a line that says what to do.",
            "",
            "<!-- Made by `python -m ltt_collab.settings`; a test keeps it current. -->",
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(name: str, info: FieldInfo) -> str:
    meaning = info.description or ""
    if isinstance(info.default, StrEnum):
        meaning += " One of " + ", ".join(f"`{choice.value}`" for choice in type(info.default)) + "."
    bounds = {type(rule).__name__: rule for rule in info.metadata}
    if "Ge" in bounds and "Le" in bounds:
        meaning += f" From {bounds['Ge'].ge} to {bounds['Le'].le}."
    return f"| `{variable(name)}` | {_default(info.default)} | {meaning} |"


def _default(value: object) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case SecretStr() | "":
            return "none"
        case _:
            return f"`{value}`"


def _invalid(fault: ErrorDetails, given: dict[str, Any]) -> InvalidSettingError:
    field = str(fault["loc"][0])
    if field not in Settings.model_fields:
        return InvalidSettingError(field, given.get(field, ""), "there is no such setting")
    value = "[secret]" if is_secret(field) else _without_credentials(fault.get("input"))
    remedy = fault["msg"].removeprefix("Value error, ")
    return InvalidSettingError(variable(field), value, remedy[:1].lower() + remedy[1:])


def _without_credentials(value: object) -> object:
    # A Jupyter URL is often pasted with its token: "http://…/lab?token=…".
    return re.sub(r"//[^/@]*@|[?#].*", "…", value) if isinstance(value, str) else value


if __name__ == "__main__":
    sys.stdout.write(render_reference())

"""Settings are read once, checked, and never show a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.reporting import LogFormat
from ltt_collab.settings import Settings, render_reference, variable

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
SECRET = "s3cr3t-t0ken"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable(field), raising=False)


def test_with_nothing_set_every_field_has_a_usable_default() -> None:
    settings = Settings.read()
    assert settings.port == 8700
    assert settings.leave_grace_seconds == 60
    assert settings.model == ""
    assert settings.introduce is True


def test_the_environment_is_read_and_a_flag_wins_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTT_PORT", "9000")
    monkeypatch.setenv("LTT_LOG_FORMAT", "json")
    assert Settings.read().port == 9000
    assert Settings.read(port=0, log_format=None).port == 0
    assert Settings.read(log_format=None).log_format is LogFormat.JSON


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTT_PORT", "")
    assert Settings.read().port == 8700


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("LTT_PORT", "abc", "integer"),
        ("LTT_PORT", "65536", "65535"),
        ("LTT_MAX_FRAME_MIB", "0", "greater than or equal to 1"),
        ("LTT_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("LTT_JUPYTER_URL", "localhost:8888", "http://"),
        ("LTT_JUPYTER_URL", "http://localhost:port/", "ort"),
        ("LTT_DATABASE_URL", "mysql:///x", "sqlite+aiosqlite://"),
        ("LTT_TUTOR_COLOR", "red; }", "#rrggbb"),
        ("LTT_INTRODUCE", "maybe", "boolean"),
        ("LTT_LEAVE_GRACE_SECONDS", "-1", "greater than or equal to 0"),
        ("LTT_LEAVE_GRACE_SECONDS", "nan", "86400"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_a_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingError) as refused:
        Settings.read()
    assert refused.value.name == name
    assert remedy in refused.value.remedy
    assert str(refused.value).startswith(f"{name}=")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LTT_API_TOKEN", f"{SECRET} with spaces"),
        ("LTT_JUPYTER_TOKEN", f"{SECRET}\nX-Injected: 1"),
        ("LTT_DATABASE_URL", f"mysql://root:{SECRET}@db/x"),
        ("LTT_JUPYTER_URL", f"http://127.0.0.1:8888/lab?token={SECRET}"),
        ("LTT_SERVICE_URL", f"https://me:{SECRET}@host/"),
    ],
)
def test_a_refused_value_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingError) as refused:
        Settings.read()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.__cause__)


@pytest.mark.proves("settings:secrets-are-never-shown")
def test_printing_the_settings_shows_no_token() -> None:
    settings = Settings.read(api_token=SECRET, jupyter_token=SECRET)
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert settings.api_token.get_secret_value() == SECRET


def test_a_url_ends_with_one_slash_and_keeps_its_base_path() -> None:
    assert Settings.read(jupyter_url="https://hub/user/ada").jupyter_url == "https://hub/user/ada/"
    assert Settings.read(service_url="http://h:1//").service_url == "http://h:1/"


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    settings = Settings.read()
    with pytest.raises(ValidationError):
        settings.port = 1


def test_a_flag_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="no such setting"):
        Settings.read(prot=1)


def test_every_field_says_what_it_means() -> None:
    assert [name for name, info in Settings.model_fields.items() if not info.description] == []


@pytest.mark.proves("settings:the-reference-is-current")
def test_the_committed_reference_is_what_the_fields_say() -> None:
    assert REFERENCE.read_text() == render_reference(), "python -m ltt_collab.settings > docs/reference/settings.md"


@pytest.mark.parametrize(
    ("given", "driver"), [("sqlite:///x.db", "sqlite+aiosqlite"), ("postgresql://u@h/db", "postgresql+asyncpg")]
)
def test_a_database_url_without_a_driver_gets_ours(monkeypatch: pytest.MonkeyPatch, given: str, driver: str) -> None:
    monkeypatch.setenv("LTT_DATABASE_URL", given)
    assert Settings.read().database_url == f"{driver}://{given.partition('://')[2]}"


def test_a_server_is_not_stopped_before_its_learner_was_told() -> None:
    with pytest.raises(InvalidSettingError, match="LTT_HUB_WARN_SECONDS, which is 600") as refused:
        Settings.read(hub_untouched_seconds=300)
    assert "LTT_HUB_UNTOUCHED_SECONDS" in str(refused.value)
    assert Settings.read(hub_untouched_seconds=1200).hub_untouched_seconds == 1200
    assert Settings.read(hub_untouched_seconds=300, hub_warn_seconds=60).hub_warn_seconds == 60

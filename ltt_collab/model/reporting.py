"""Words that settings and other layers share: how a process reports on itself, and where it makes chats."""

from enum import StrEnum


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe log lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ChatScope(StrEnum):
    """What a chat that we make is for."""

    NOTEBOOK = "notebook"
    COURSE = "course"
    OFF = "off"

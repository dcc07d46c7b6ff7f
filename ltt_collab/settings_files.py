"""Secrets that stand in files of their own, so that they can be replaced while a service runs."""

from __future__ import annotations

import re
from pathlib import Path

from ltt_collab.model.errors import InvalidSettingError

TOKEN = re.compile(r"[!-~]*")
"""What an HTTP header can carry as a token."""


def read_secret(variable: str, path: str) -> str:
    """The one line of a file that holds a secret.

    Raises:
        InvalidSettingError: it cannot be read, or holds anything but one token.
    """
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettingError(variable, path, f"{getattr(error, 'strerror', '') or error}; name a file") from error
    if not secret or not TOKEN.fullmatch(secret):
        raise InvalidSettingError(variable, path, "put one token into that file, printable ASCII without spaces")
    return secret

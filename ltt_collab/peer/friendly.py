"""What friendly-traceback says about the learner's last error, where their environment has it."""

from __future__ import annotations

_LAST = "[getattr(__import__('sys'), 'last_' + part) for part in ('type', 'value', 'traceback')]"
_EXPLAINED = (
    "(lambda ft, kind, value, trace: (lambda told: (told.assign_cause(), "
    "'%s: %s\\n\\n%s' % (kind.__name__, value, told.info.get('cause', '')))[1])"
    "(ft.FriendlyTraceback(kind, value, trace)))"
)

FRIENDLY_CODE = f"{_EXPLAINED}(__import__('friendly_traceback.core', fromlist=['core']), *{_LAST})"
"""One expression that gives the last error and its cause in words. It makes no name in the learner's namespace, and
does not install friendly-traceback's own way of showing errors. Without the package: ``ModuleNotFoundError``."""

"""Whether a text would do something to its reader's browser instead of being read."""

from __future__ import annotations

import re

from ltt_collab.tutoring.code_tokens import plain

_CODE = re.compile(r"(?:```|~~~).*?(?:```|~~~|\Z)|(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_ACTS = re.compile(
    # An image is fetched as soon as it is shown, and so tells its host who reads, and whatever its address holds.
    r"!\[[^\]]*\]\s*[(\[]"
    # HTML in Markdown, comments too: a notebook renders it, and what it hides no learner can judge.
    r"|<(?:!--|/?(?:a|audio|base|body|button|canvas|embed|form|frame|html|iframe|img|input|link|math|meta|object|script|"
    r"style|svg|template|video)\b)"
    # Links that are programs.
    r"|(?:javascript|vbscript)\s*:|\bdata:\s*\w+/",
    re.IGNORECASE,
)


def acts_on_reader(text: str) -> bool:
    """Whether Markdown holds an image, HTML or a link that is a program; in code they are only letters."""
    return _ACTS.search(_CODE.sub(" ", plain(text))) is not None

"""Whether a chat message says how much an answer helped, and nothing else."""

from __future__ import annotations

import re

LONGEST = 60
"""Characters of such a message: a longer one has something to say, and is a question."""

_ADDRESS = re.compile(r"(?<![\w@])@[\w-]+[,:]?")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_EDGES = " \t\n.,!?:;)("

_YES = frozenset(
    {
        *("thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "thx", "ty", "cheers"),
        *("helpful", "that helped", "that helps", "it helped", "this helped", "very helpful", "that was helpful"),
        *(
            "thanks, that helped",
            "yes, thanks",
            "ok thanks",
            "ok, thanks",
            "great, thanks",
            "got it, thanks",
            "👍",
            "🙏",
        ),
    }
)
_NO = frozenset(
    {
        *("no", "nope", "not helpful", "unhelpful", "that was not helpful", "that did not help", "that didn't help"),
        *("that doesn't help", "that does not help", "it did not help", "it didn't help", "not really", "👎"),
    }
)


def feedback_in(text: str) -> bool | None:
    """True: it helped. False: it did not. None: the message says something else."""
    if len(text) > LONGEST:
        return None
    bare = _SKIN.sub("", _ADDRESS.sub(" ", text)).replace("’", "'")
    said = " ".join(bare.strip(_EDGES).lower().split())
    if said in _YES:
        return True
    return False if said in _NO else None

# ruff: noqa: E501 - a sign a line
"""What no hint may hold, whatever the model was talked into: read by rules, not by another model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.prompts import quotes_rules

MAX_WORDS = 160
MAX_GRADE = 9.0
"""US school grade that a hint asks for at most (arXiv 2411.18151: what educators recommend for beginners)."""

LEAST_GRADED = 20
"""Words from which a reading grade says anything."""

_FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1", re.DOTALL)
_VOWELS = re.compile(r"[aeiouy]+")
_LINK = re.compile(
    r"(?:https?|ftp|file|javascript|data):/{0,2}\S|\bwww\.\w|\[[^\]]*\]\([^)]*\)|\b[\w-]+\.(?:com|net|io|ru|xyz|org|example|evil)\b",
    re.I,
)
_MARKUP = re.compile(r"<(?:[a-z]+[\s>/]|/[a-z]+>|!--)|!\[", re.I)
_ABOUT_ITSELF = re.compile(
    r"\b(?:system prompt|my (?:instructions|rules|prompt|guidelines)|as an ai|language model|i (?:am|was) (?:told|instructed)|jailbr|"
    r"developer mode|dan mode|ignore (?:all|any|the|previous|your)|instructions? (?:say|are|were)|<<<|>>>\s*$|pwned|hacked)",
    re.I,
)
_DANGEROUS = re.compile(
    r"\brm -\w*r|\bcurl\b|\bwget\b|\bsudo\b|\bchmod\b|os\.(?:system|remove|environ|unlink)|subprocess|shutil\.rmtree|__import__|\beval\(|\bexec\(|"
    r"\bpip3? install|\bgetpass|\bpassword|\bpasswd|\bcredit card|\bapi[ _]?key|\btoken\b.{0,20}\b(?:send|give|paste|enter)|"
    r"\b(?:send|give|paste|enter|type)\b.{0,30}\b(?:secret|credential|e-?mail|phone)|\[(?:key|email|phone|person)\]|%env|!\w+ ",
    re.I,
)
_UNKIND = re.compile(
    r"\b(?:stupid|dumb|lazy|careless|idiot|loser|fool|moron|ashamed|embarrass\w*|hopeless|worthless|give up|too hard for you|obviously|clearly you|"
    r"you should have|how could you|your (?:mistake|fault)\b|you (?:forgot|failed|messed)|as i said|shut up|hate|never learn)\b",
    re.I,
)
_GIVES_AWAY = re.compile(
    r"\b(?:here(?:'s| is) (?:the|your) (?:full |complete |whole |correct |final )?(?:solution|answer|code)|the (?:solution|answer|correct code) is\b|"
    r"replace (?:it|your (?:code|cell|line)) with|copy (?:and paste )?th(?:is|e following))",
    re.I,
)
_SHOUTED = re.compile(r"\b[A-Z][A-Z0-9_!]{5,}\b")
_NAMES_A_THING = re.compile(
    r"`|\bline\b|\bcell\b|\bcode\b|\bloop\b|\bvalue|\bvariable|\bfunction|\berror\b|\brun\b|\bcheck\b|\blist\b|\bname\b|\bprint",
    re.I,
)


def faults(hint: str, *, rung: int, own: str, change: str, boundary: str) -> list[str]:
    """What is wrong with a hint, in words for the model; none if it may be proposed.

    ``own``: what the learner wrote. ``change``: the model's idea of the mended cell.
    """
    return list(_faults(hint, rung, own, change, boundary))


def _faults(hint: str, rung: int, own: str, change: str, boundary: str) -> Iterator[str]:
    if not hint.strip():
        yield "it is empty"
        return
    prose = _SPAN.sub("it", _FENCED.sub("\n", hint))
    checks = {
        f"it has more than {MAX_WORDS} words": len(hint.split()) > MAX_WORDS,
        "it speaks of your instructions": boundary in hint or _ABOUT_ITSELF.search(hint) or quotes_rules(hint),
        "it holds a link or markup": _LINK.search(prose) or "://" in hint or _MARKUP.search(prose),
        "it asks for something that has no place in a hint": not _already_there(_DANGEROUS, hint, own),
        "its tone is not kind": _UNKIND.search(prose),
        "it gives the solution": _GIVES_AWAY.search(prose) or shows_change(hint, own, change),
        "it shows code of yours, which this rung does not": rung < 3 and not _quotes_only(hint, own),
        "it does not speak of the learner's code": _is_beside_the_point(hint, prose, own),
        "its sentences or words are too hard": grade(prose) > MAX_GRADE,
    }
    yield from (fault for fault, is_so in checks.items() if is_so)


def _is_beside_the_point(hint: str, prose: str, own: str) -> bool:
    return any(word not in own for word in _SHOUTED.findall(prose)) or not _NAMES_A_THING.search(hint)


def shows_change(hint: str, own: str, change: str) -> bool:
    """Whether a line that only the mended cell has stands in the hint."""
    if not change:
        return False
    had = {_bare(line) for line in own.splitlines()}
    said = _bare(hint)
    return any(len(line) >= 8 and line in said for line in map(_bare, change.splitlines()) if line not in had)


def grade(prose: str) -> float:
    """The Flesch-Kincaid grade of a text; 0 of one too short to tell."""
    words = re.findall(r"[A-Za-z']+", prose)
    if len(words) < LEAST_GRADED:
        return 0.0
    sentences = max(len([s for s in re.split(r"[.!?:;\n]+", prose) if s.strip()]), 1)
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    count = len(_VOWELS.findall(word))
    return max(count - (word.endswith("e") and not word.endswith("le") and count > 1), 1)


def _bare(text: str) -> str:
    return re.sub(r"[\s`\"']+", "", text)


def _already_there(pattern: re.Pattern[str], hint: str, own: str) -> bool:
    return all(match.group() in own for match in pattern.finditer(hint))


def _quotes_only(hint: str, own: str) -> bool:
    blocks = (re.sub(r"^(```|~~~)[^\n]*\n|(```|~~~)\s*$", "", block.group()) for block in _FENCED.finditer(hint))
    had = {_bare(line) for line in own.splitlines()}
    return all(_bare(line) in had for block in blocks for line in block.splitlines() if line.strip())

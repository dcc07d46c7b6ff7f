# ruff: noqa: E501 - a sign a line
"""Signs, in what learners and their programs write, of an attempt to give the model orders.

A hit costs the learner nothing but the model: the rules help then. So the patterns may be broad, as long as ordinary
code and questions pass; both rates are measured (``ltt bench tutor``). Words are compared without invisible
characters, accents, look-alike letters and spacing tricks. What no pattern knows meets the delimiters in the prompt,
and then the guard over what the model answers.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]|[\U000e0000-\U000e007f]"
)
_TAGS = re.compile(r"[\U000e0020-\U000e007e]")
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһԛԝαβεζηικμνορτυχ0134578@$", "aeopcyxijsdhqwabezhikmnoptyxoieastbas")
_SPACED = re.compile(r"\b(?:[a-z][ ._*-]){5,}[a-z]\b")

_AIM = r"(?:instructions?|rules?|prompts?|guidelines?|directions?|orders|commands?|constraints?|guardrails?|policy|policies)"
_OLD = r"(?:previous|prior|above|earlier|preceding|all|any|your|these|those|the|system|original|existing|initial)"
_SIGNS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rf"\b(?:ignore|disregard|forget|override|bypass|skip|drop|neglect|discard|cancel|violate|break)\b[^.\n]{{0,30}}"
        rf"\b{_OLD}\b[^.\n]{{0,30}}\b{_AIM}",
        r"\b(?:ignore|disregard|forget) (?:everything|all|what(?:ever)?)\b[^.\n]{0,40}\b(?:above|before|said|told|previous(?:ly)?|so far)",
        rf"\bnew (?:system )?(?:rules|orders|commands|guidelines|directions|instructions?|prompt)\b\s*[:=]|\b(?:updated?|revised|real|actual|true) (?:system )?{_AIM}\s*[:=]",
        r"\byou (?:are|'re) (?:now|no longer|from now on|henceforth)\b|\bfrom now on,? (?:you|answer|reply|respond|act)\b",
        r"\b(?:pretend|act|behave|roleplay|role-play) (?:to be|as if|as though|as an?|like (?:an?|you))\b[^.\n]{0,60}"
        r"\b(?:ai|assistant|model|tutor|teacher|dan|unrestricted|no (?:rules|limits)|system|solution|admin|developer|grandm)",
        r"\b(?:system|developer|assistant|admin(?:istrator)?) ?(?:message|prompt|note|override|instruction|mode|notice)s?\b\s*[:=\]>)]",
        r"(?:^|\n)\W{0,8}(?:system|assistant|developer)\s*[:>\]]|<\|?(?:im_start|im_end|system|endoftext|assistant|user)\|?>|\[/?inst\]|<</?sys>>",
        r"\b(?:developer|debug|god|admin|jailbreak|dan|unrestricted|sudo) mode\b|\bjail ?break|\bdo anything now\b",
        r"\b(?:reveal|print|show|repeat|output|display|leak|tell me|quote|recite|give me|what (?:is|are|does))\b[^.\n]{0,40}"
        r"\b(?:system|hidden|initial|secret|your (?:own )?) ?(?:prompt|instructions?|rules|message|guidelines|directives)",
        r"\b(?:reveal|print|show|output|give|tell|write|post|share|paste|provide|hand (?:over|out)|include|append)\b[^.\n]{0,40}"
        r"\b(?:reference|full|complete|model|whole|entire|official|correct|final|hidden|author'?s|expected|teacher'?s) ?"
        r"(?:reference |model |working )?(?:solution|answer|code|tests?|check)s?\b",
        r"\b(?:dear|hey|hello|hi|attention|note to|message (?:to|for)|instructions? (?:to|for)|to the|if you are an?|as an?)\b[^.\n]{0,12}"
        r"\b(?:ai|llm|language model|chat ?bot|assistant|tutor(?: bot)?|gpt|claude|large language)\b[^\n]{0,12}[:,!-]",
        r"\b(?:ai|llm|chatgpt|gpt|language model|assistant|tutor) (?:must|should|shall|has to|is required to|is to|needs to|will now)\b",
        r"\b(?:say|reply|respond|answer|output|write|print|return) (?:only |exactly |just |verbatim |with only |with exactly |with just |nothing but )"
        r"(?:(?:the |this |these |with )*(?:following|words?|phrase|text|answer|solution|code|number \d)|[a-z]+[!.]?$|['\"\W]?[a-z]*pwn)",
        r"\b(?:respond|reply|answer) (?:with|by saying|in the form)\b[^.\n]{0,40}[:'\"]",
        r"\b(?:tell|ask|instruct|urge|convince|advise|order) (?:the |this |every )?(?:learner|student|user|pupil|class|reader|human|person)s?\b"
        r"[^.\n]{0,20}\b(?:to|that|for|they)\b",
        r"\byour (?:new |real |true |only |actual )?(?:task|job|goal|role|purpose|objective|instructions?) (?:is|are) (?:now )?(?:to|as)?\b",
        r"\b(?:end|close|begin|start)(?: of)? (?:the )?(?:data|user|untrusted|learner) ?(?:block|section|input|text|content)?\b\W{0,5}(?:\n|\]|>|=|-|$)",
        r"\b(?:i am|i'm|this is|as) (?:your|the|an?) (?:teacher|instructor|professor|developer|admin(?:istrator)?|creator|operator|author|owner)\b"
        r"[^\n]{0,60}\b(?:solution|answer|allow|permit|authori[sz]|override|disable|ignore|must|order|command|give|approve)",
        r"\b(?:teacher|instructor|professor|admin|developer|author|course team|staff)s? (?:has |have )?(?:says?|said|allow|approved?|authori[sz]ed?|confirm|"
        r"permitt?(?:ed|s)|wants? you)[^.\n]{0,60}\b(?:solution|answer|rules?|skip|ignore|code|password|link|visit|exact)",
        r"\b(?:visit|go to|open|click|download|send|post|upload|exfiltrate|fetch)\b[^.\n]{0,60}https?://",
        r"!\[[^\]]*\]\(\s*https?://|\[[^\]]*\]\(\s*(?:javascript|data):",
        r"\b(?:disable|turn off|deactivate|remove|without|no more|stop using|switch off)\b[^.\n]{0,25}\b(?:safety|filters?|guard(?:rails?)?|"
        r"restrictions?|review|moderation|hint ladder|limits?|censorship)\b[^\n]{0,60}\b(?:and|then|now|answer|solution|give|so)\b",
        r"\b(?:decode|decrypt|rot13|base64|reverse)\b[^.\n]{0,50}\b(?:and|then) (?:follow|obey|do|execute|comply|act|say)",
        r"\b(?:follow|obey|comply with|execute|carry out)\b[^.\n]{0,20}\b(?:these|this|the following|my|those|next|below)\b[^.\n]{0,20}"
        r"\b(?:instructions?|orders?|commands?|directive|message|note)",
        r"(?:ignorier|vergiss|missachte)\w*[^.\n]{0,40}(?:anweisung|regel|vorgabe)|(?:ignor\w+|oubli\w+)[^.\n]{0,40}(?:instructions|consignes|regles)"
        r"|(?:ignora|olvida)\w*[^.\n]{0,40}(?:instrucciones|reglas|anteriores|istruzioni)|игнорир|忽略.{0,8}(?:指令|指示|说明)|以前の指示|指示を無視",
    )
)
"""Lower case, accents off. Each asks for words that a program or a question seldom holds together."""


def gives_orders(text: str) -> bool:
    """Whether a learner's text looks like orders to the model."""
    if _TAGS.search(text):
        return True  # letters that nobody can see are no learner's
    plain = _plain(text)
    return any(sign.search(plain) for sign in _SIGNS) or any(sign.search(_closed_up(plain)) for sign in _SIGNS[:2])


def _plain(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text)).lower()
    return "".join(c for c in text if not unicodedata.combining(c))


def _closed_up(text: str) -> str:
    """Words with look-alike letters or spelled out (``i g n o r e``) as they would be read."""
    text = text.translate(_LOOKALIKES)
    return _SPACED.sub(lambda match: re.sub(r"[ ._*-]", "", match.group()), re.sub(r"[ \t#]+", " ", text))

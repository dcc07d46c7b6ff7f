"""Reads a name as an eye does: letters of other alphabets that look the same count as the same."""

from __future__ import annotations

import re
import unicodedata

_DRAWN_ALIKE = {
    "a": "ɑΑαАаᎪᴀꓮ",
    "b": "ƄʙΒВЬвᏏᏴꓐꞴꮟ",
    "c": "ΣςСсᏟᴄⲤⲥꓚꮯ",
    "d": "ԁᎠᏧᴅꓒꓓ",
    "e": "ΕЕеҽᎬᴇꓰꬲ",
    "f": "ϜքẝꓝꞘꞙꬵ",
    "g": "ƍɡԌցᏀᏳᶃꓖ",
    "h": "ʜΗНнһհᎻᏂⲎꓧꮋ",
    "i": "ıɩɪιіӏᎥꙇꭵ",
    "j": "ͿϳЈјᎫᴊꓙꞲ",
    "k": "ΚκКкᏦᴋⲔⲕꓗ",
    "l": "ƖǀʟΙІӀᏞⲒⳐꓡꓲ",
    "m": "ΜϺМмᎷᴍⲘꓟ",
    "n": "ɴΝոռⲚꓠ",
    "o": "ΟοσОоՕօᴏᴑⲞⲟꓳꬽ",
    "p": "ΡρРрᏢᴘⲢⲣꓑ",
    "q": "ԛգզ",
    "r": "ƦгᎡᏒᴦⲅꓣꭇꭈꮁ",
    "s": "ƽЅѕՏᏕᏚꓢꜱꮪ",
    "t": "ΤτТтᎢᴛⲦꓔꭲ",
    "u": "ʋυՍսᴜꓴꞟꭎꭒ",
    "v": "νѴѵᏙᴠꓦꮩ",
    "w": "ɯѡԜԝաᎳᏔᴡꓪꮃ",
    "x": "ΧХхⲬꓫꞳ",
    "y": "ɣʏΥγУуҮүᎩᎽᶌỿⲨꓬꭚ",
    "z": "ΖᏃᴢꓜꮓ",
}
"""Latin letter → letters of other alphabets, of either case, that are drawn like one of its two.

From Unicode's confusables.txt (UTS #39, "Unicode Security Mechanisms"): its single letters of the Latin, Greek,
Cyrillic, Armenian, Cherokee, Coptic and Lisu scripts that it maps to a letter of ASCII; and the small capitals with
what it maps to them.
"""

_INVISIBLE = "\u115f\u1160\u3164\uffa0"
"""Letters by category, and yet nothing is drawn: the fillers of Hangul."""

_LIKE_EACH_OTHER = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o"})
"""Alike within ASCII, once their case is gone (a capital I is drawn like an l)."""

_TO_LATIN = str.maketrans(
    {letter: latin for latin, letters in _DRAWN_ALIKE.items() for letter in letters} | dict.fromkeys(_INVISIBLE, "")
)

_OVERLOOKED = re.compile(r"[\W_]+")
"""What does not distinguish one name from another to a reader: spaces, dots, emoji."""


def as_seen(name: str) -> str:
    """A name without what a reader overlooks: case, width, accents, spaces, and the alphabet that a letter is of.

    Two names that give the same text look the same; the text itself is for comparing only.
    """
    decomposed = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    folded = unicodedata.normalize("NFKD", letters.translate(_TO_LATIN).casefold().translate(_TO_LATIN))
    bare = _OVERLOOKED.sub("", folded.translate(_LIKE_EACH_OTHER))
    return bare.replace("rn", "m").replace("vv", "w")

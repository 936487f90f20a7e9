"""Letters of other scripts that look like Latin ones.

From Unicode's list of confusables (UTS #39, confusables.txt), for the scripts that keyboards have.
The libraries for it are unmaintained, and include thousands of signs that no address contains.
"""

import unicodedata

_LOOKALIKES = {
    "a": "\u0430\u03b1\u0251",
    "b": "\u0432\u044c\u03b2\u0185\ua7b5",
    "c": "\u0441\u1d04",
    "d": "\u0501",
    "e": "\u0435\u04bd\u03b5\uab32",
    "f": "\u03dd\u0584\ua799\uab35",
    "g": "\u050d\u0581\u0261\u018d\u1d83",
    "h": "\u043d\u04bb\u03b7\u0570",
    "i": "\u0456\u04cf\u03b9\u0131\u0269\u026a\ua647",
    "j": "\u0458\u03f3\u029d",
    "k": "\u043a\u03ba",
    "l": "\u01c0",
    "m": "\u043c\u03bc\u03fb",
    "n": "\u0578\u057c",
    "o": "\u043e\u03bf\u03c3\u0585\u1d0f\u1d11\uab3d",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0563\u0566",
    "r": "\u0433\u1d26\u0280\uab47\uab48",
    "s": "\u0455\u057f\u01bd\ua731",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d\u028b\u1d1c\ua79f\uab4e\uab52",
    "v": "\u0475\u03bd\u1d20",
    "w": "\u0461\u051d\u0561\u026f\u1d21",
    "x": "\u0445\u03c7\uab53",
    "y": "\u0443\u04af\u03b3\u0263\u028f\u1d8c\u1eff\uab5a",
    "z": "\u03b6\u1d22",
}
"""Latin letters, and those that look like them, case-folded and without accents."""

_AS_LATIN = {ord(other): latin for latin, others in _LOOKALIKES.items() for other in others}
_IGNORABLE = frozenset(
    [*"\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"]
    + [
        chr(code)
        for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
        for code in range(first, last + 1)
    ]
)
"""Fillers, joiners and variation selectors: letters and marks to Unicode that show nothing
(DerivedCoreProperties.txt, Default_Ignorable_Code_Point)."""
_BLANK_PATTERN = "\N{BRAILLE PATTERN BLANK}"
_HAVE_VARIANTS = ("CJK", "MONGOLIAN LETTER")
_SCRIPTS = ("CYRILLIC", "GREEK", "ARMENIAN")


def is_blank(sign: str, *, before: str) -> bool:
    """Return whether a character shows nothing, although Unicode counts it as printable.

    A variation selector changes how some characters `before` it look: symbols, ideographs and
    Mongolian letters.
    """
    if sign not in _IGNORABLE:
        return sign == _BLANK_PATTERN
    if before and "VARIATION SELECTOR" in unicodedata.name(sign, ""):
        is_symbol = unicodedata.category(before) == "So" and before != _BLANK_PATTERN
        return not (is_symbol or unicodedata.name(before, "").startswith(_HAVE_VARIANTS))
    return True


def is_unseen(sign: str) -> bool:
    """Return whether a character is invisible and has no width, except line breaks and tabs."""
    return unicodedata.category(sign) in ("Cf", "Cc") or sign in _IGNORABLE


def as_latin(folded: str) -> str:
    """Return a case-folded text with lookalikes as Latin letters, digits of any script as ASCII."""
    latin = folded.translate(_AS_LATIN)
    if latin.isascii():
        return latin
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in latin)


def mixes_scripts(text: str) -> bool:
    """Return whether a text mixes Latin letters with letters that look like them."""
    if text.isascii():
        return False
    has_latin = any(sign.isascii() and sign.isalpha() for sign in text)
    return has_latin and any(unicodedata.name(sign, "").startswith(_SCRIPTS) for sign in text)

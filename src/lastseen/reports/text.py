"""Text that is safe to show, and times as people write them.

Names, addresses and explanations come from a portal, a roster or a log; their authors must not be
able to steer the terminal, the page or the spreadsheet that shows them. No layout in here.
"""

import re
import unicodedata

from lastseen.model.counting import counted
from lastseen.model.instant import Instant, utc_date
from lastseen.model.lookalikes import is_blank

LONGEST = 1_000
"""Characters of one value that a screen shows; longer ones are cut, with an ellipsis."""
LONGEST_IN_FULL = 10_000
"""The same in files, and where everything is to be shown."""

_JOINERS = "\u200c\u200d"
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ONE_ITEM = re.compile(r"[\w.@+'&/=#!$%*?^`{|}~-]+")
_MARKS_IN_A_ROW = 4
_ONE_DAY = 86_400


def defuse(text: str, *, encoding: str = "utf-8", longest: int = LONGEST) -> str:
    r"""Return `text` on one line, with every character made visible that could disturb a display.

    Control characters, escape sequences, line ends, text-direction overrides and other invisible
    characters appear as `\x1b`, `\n`, `\u202e`, `\u3164`; so does what `encoding` lacks. Joiners
    stay where scripts need them, variation selectors after emoji and ideographs. Endless combining
    marks and texts beyond `longest` are cut.
    """
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return text
    shown: list[str] = []
    marks = 0
    for character in text[:longest]:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks > _MARKS_IN_A_ROW:
            continue
        shown.append(_visible(character, before=shown[-1] if shown else ""))
    if len(text) > longest:
        shown.append("…")
    return "".join(shown).encode(encoding, "backslashreplace").decode(encoding)


def defuse_in_full(text: str) -> str:
    """Return `text` as `defuse` does, as long as files show it."""
    return defuse(text, longest=LONGEST_IN_FULL)


def one_of_several(name: str) -> str:
    """Return `name`, in quotation marks unless it is plainly one item of a list.

    The address `a@x.example, b@x.example` must not look like two people.
    """
    shown = defuse_in_full(name)
    return shown if _ONE_ITEM.fullmatch(shown) else '"' + shown.replace('"', '\\"') + '"'


def day(moment: Instant) -> str:
    """Return `2026-11-01`, the day in UTC."""
    return utc_date(moment).isoformat()


def ago(moment: Instant, now: Instant) -> str:
    """Return how long before `now` something was: `41 days ago`, `3 hours ago`, `just now`."""
    seconds = int((now - moment).total_seconds())
    if seconds >= 2 * _ONE_DAY:
        return f"{counted(seconds // _ONE_DAY, 'day')} ago"
    if seconds >= 3_600:
        return f"{counted(seconds // 3_600, 'hour')} ago"
    return f"{counted(seconds // 60, 'minute')} ago" if seconds >= 60 else "just now"


def took(since: Instant, until: Instant) -> str:
    """Return how long something lasted: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    seconds = max(0.0, (until - since).total_seconds())
    if seconds < 1:
        return f"{int(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _visible(character: str, *, before: str) -> str:
    if character.isprintable() and not is_blank(character, before=before[-1:]):
        return character
    if character in _JOINERS and not before.isascii():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

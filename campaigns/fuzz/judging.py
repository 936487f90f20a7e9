"""Judges a roster's decisions by what stands on the mutated roster, read naively, as text."""

import re
import sys
import unicodedata
from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from campaigns.fuzz.few_guests import NOW
from lastseen.model.contractor import Profile
from lastseen.model.decision import Reason

FOREVER = 9999
"""A year that a mutation writes into any column."""

_DAY = re.compile(r"(?<![0-9])([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9]{2})?")


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A mutated roster."""

    mutation: str
    body: bytes
    """What the product reads."""
    records: list[str]
    """Its rows, as far as they can be told apart."""
    columns: Collection[str] = ("id", "email")
    """The names of its columns."""


def wrong(account: Profile, reason: Reason, mutant: Mutant) -> str | None:
    """Say what is wrong with disabling an account for `reason`, by what stands on the roster."""
    wanted: list[str] = [account.id] if "id" in mutant.columns else []
    wanted += [account.email] if "email" in mutant.columns else []
    named = [one for one in mutant.records if any(_names(one, who) for who in wanted)]
    name = account.display_name
    if reason is Reason.NOT_ON_ROSTER:
        return f"{name} stands on the roster and is taken for off it" if named else None
    if not named:
        return f"the contract of {name} ended, and they stand nowhere"
    if not all(map(is_over, named)):
        return f"the contract of {name} ended, and a row says otherwise"
    return None


def _names(record: str, wanted: str) -> bool:
    """Say whether an id, however hyphenated, or an address stands in a row by itself."""
    seen = visible(record)
    if "@" not in wanted:
        seen, wanted = seen.replace("-", ""), wanted.replace("-", "")
    pattern = rf"(?<![\w.!#$%&*+/=?^{{|}}~-]){re.escape(wanted)}(?![\w@+-])"
    return re.search(pattern, seen, re.IGNORECASE) is not None


_INVISIBLE = {
    code: " " if category == "Zs" else None
    for code in range(sys.maxunicode + 1)
    if (category := unicodedata.category(chr(code))) in ("Zs", "Cf", "Cc")
    and chr(code) not in "\t\r\n"
}


@lru_cache(maxsize=64)
def visible(text: str) -> str:
    """Return a text with plain spaces, and without what nobody sees."""
    return text if text.isascii() and text.isprintable() else text.translate(_INVISIBLE)


def is_over(record: str) -> bool:
    """Say whether a row has dates, and none from today on."""
    days = [_day(*found.groups()) for found in _DAY.finditer(visible(record))]
    real = [day for day in days if day is not None]
    later = [day for day in real if day >= NOW.date() and day.year < FOREVER]
    return bool(real) and real[-1] < NOW.date() and not later


def _day(written: str, hour: str | None) -> date | None:
    try:
        day = date.fromisoformat(written)
        # From 10 o'clock UTC on it is the next day already where a day begins first.
        return day + timedelta(days=hour is not None and int(hour[1:]) >= 10)
    except (ValueError, OverflowError):
        return None

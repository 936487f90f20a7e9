"""Whether a cell in a column that isn't used may be about somebody. Pure.

Exports hold running numbers, check boxes, totals and notes. Only an address, an account id or a
date can be a person's whose row slipped into other columns.
"""

import re
from datetime import date

from lastseen.rosters.cells import BeforeBelief, holds_id, last_day, names_somebody, visible

_LIST = re.compile(r"[,;\r\n]+")
_WRITTEN_DATE = re.compile(
    r"([0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{4}|[0-9]{2}))"
    r"([T ,]+[0-9]{1,2}:[0-9]{2}.*)?"
)
_DOMAIN = re.compile(r"\w[.]\w\w")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,' ]*%?|true|false", re.IGNORECASE)


def names_people(text: str) -> bool:
    """Return whether a cell contains nothing but addresses or account ids, one or several."""
    if "@" not in text and len(text) < len("0" * 32):
        return False
    return names_somebody(text) or any(map(names_somebody, _LIST.split(text)))


def may_hide_somebody(text: str) -> bool:
    """Return whether a cell may contain an address that other text runs into."""
    return "@" in text or names_people(text)


def may_be_address(text: str) -> bool:
    """Return whether a cell may contain somebody's address or id, however damaged.

    A note such as `n/a` or a name can't: it holds no @, no domain and no id.
    """
    return may_hide_somebody(text) or holds_id(text) or _DOMAIN.search(text) is not None


def holds_date(value: object) -> bool:
    """Return whether a cell contains nothing but a date, in any usual notation."""
    if isinstance(value, date):
        return True
    if not isinstance(value, str) or not (text := visible(value)):
        return False
    try:
        return _WRITTEN_DATE.fullmatch(text) is not None or last_day(text) is not None
    except BeforeBelief:
        return True
    except ValueError:
        return False


def is_number(text: str) -> bool:
    """Return whether a cell contains nothing but a number, or yes or no as a check box does."""
    return _NUMBER.fullmatch(text) is not None

"""A journal entry in a few words: what was intended or done, and to whom.

Entries of other versions may lack fields: what can't be read is left out, never guessed.
"""

from collections.abc import Mapping, Sequence

from lastseen.model.contractor import AccountStatus
from lastseen.model.counting import counted, people
from lastseen.model.journal_entry import JournalEntry
from lastseen.reports.text import one_of_several
from lastseen.reports.words import counts_in_words

_NAMED = 3
"""So many people an entry names before it only counts them."""


def entry_in_words(entry: JournalEntry) -> str:
    """Return `disable ann@x.example, bob@x.example`; empty for an unknown kind."""
    content = entry.content
    match entry.kind:
        case "scope":
            return _scope(content)
        case "intent":
            return _intended(content.get("status"), _named(_rows(content, "people")))
        case "outcome":
            return _outcomes(_rows(content, "people"))
        case "exemption":
            exemption = content.get("exemption")
            who = exemption.get("who") if isinstance(exemption, Mapping) else None
            return f"{content.get('change', '')} {who or ''}".strip()
        case "failure":
            return str(content.get("found", ""))
        case "move":
            return "the portal moved to another address"
    return ""


def _scope(content: Mapping[str, object]) -> str:
    changed, ended = _rows(content, "scope"), _rows(content, "sign_out")
    parts = [_intended(content.get("status"), people(len(changed)))] if changed else []
    if ended:
        parts.append(_intended(None, people(len(ended))))
    return "to " + " and ".join(parts) if parts else "nobody to change"


def _intended(status: object, whom: str) -> str:
    if status is None:
        return f"end the sessions of {whom}"
    return f"{'reinstate' if status == AccountStatus.ACTIVE else 'disable'} {whom}"


def _outcomes(rows: Sequence[Mapping[str, object]]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        kind = str(row.get("outcome"))
        counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return "not known yet"
    return f"{counts_in_words(counts)}: {_named(rows)}"


def _named(rows: Sequence[Mapping[str, object]]) -> str:
    names = [str(row.get("email") or row.get("user_id") or "") for row in rows]
    first, rest = ", ".join(map(one_of_several, names[:_NAMED])), len(names) - _NAMED
    return first if rest <= 0 else f"{first} and {counted(rest, 'other')}"


def _rows(content: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    rows = content.get(key)
    listed = rows if isinstance(rows, (list, tuple)) else ()
    return [row for row in listed if isinstance(row, Mapping)]

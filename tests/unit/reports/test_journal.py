"""What a journal entry says to people."""

import pytest

from lastseen.model.actor import Actor
from lastseen.model.journal_entry import JournalEntry
from lastseen.reports.journal import entry_in_words
from tests.unit.reports.samples import NOW

ANN, BOB = {"email": "ann@x.example"}, {"email": None, "user_id": "b-2"}


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("scope", {"status": 2, "scope": [ANN, BOB]}, "to disable 2 people"),
        ("scope", {"status": 1, "scope": [ANN]}, "to reinstate 1 person"),
        ("scope", {"status": 2, "scope": [], "sign_out": [ANN]}, "to end the sessions of 1 person"),
        ("scope", {"status": 2, "scope": []}, "nobody to change"),
        ("intent", {"status": 2, "people": [ANN, BOB]}, "disable ann@x.example, b-2"),
        ("intent", {"status": None, "people": [ANN]}, "end the sessions of ann@x.example"),
        ("intent", {"status": 2, "people": [ANN] * 5}, "disable " + "ann@x.example, " * 2),
        ("outcome", {"people": [{**ANN, "outcome": "disabled"}]}, "1 disabled: ann@x.example"),
        ("outcome", {"people": [], "open": [ANN]}, "not known yet"),
        ("exemption", {"change": "add", "exemption": {"who": "ann"}}, "add ann"),
        ("failure", {"found": "it answered 401"}, "it answered 401"),
        ("move", {}, "the portal moved to another address"),
        ("of a later version", {}, ""),
        ("scope", {"scope": 7}, "nobody to change"),
    ],
)
def test_an_entry_says_what_was_meant_or_done_and_to_whom(kind, content, words):
    entry = JournalEntry(
        seq=1,
        at=NOW,
        kind=kind,
        run_id=None,
        by=Actor(os_user="ops", host="cron1", version="1.0.0", account=None),
        content=content,
        previous_hash="",
        hash="",
    )
    assert entry_in_words(entry).startswith(words)

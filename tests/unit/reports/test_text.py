import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.decision import Reason, SeenBy
from lastseen.model.instant import Instant
from lastseen.model.plan import EvidenceSummary, Policy
from lastseen.reports.text import (
    LONGEST,
    ago,
    counted,
    defuse,
    evidence_in_words,
    last_seen,
    policy_in_words,
    took,
    who,
)
from tests.unit.reports.samples import (
    HOSTILE,
    NOW,
    days_ago,
    decision,
    incomplete_evidence,
    plan_of,
)

MARKED = st.text(alphabet=st.sampled_from("aé\x1b\u0301\u200d\u202e\n\u2028 م\U0001f600\ud800"))


@given(st.one_of(st.text(), MARKED))
def test_defused_text_is_printable_and_on_one_line(text):
    shown = defuse(text)
    assert all(c.isprintable() or c in "\u200c\u200d" for c in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()  # no half of a surrogate pair is left


@given(st.one_of(st.text(), MARKED))
def test_defusing_twice_changes_nothing_more(text):
    assert defuse(defuse(text)[:LONGEST]) == defuse(text)[:LONGEST]


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S"))))
def test_ordinary_text_stays_as_it_is(text):
    assert defuse(text[:LONGEST]) == text[:LONGEST]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
@pytest.mark.parametrize("text", [*HOSTILE, "Zoë", "张伟", "محمد", "👩‍🔧"])
def test_what_an_encoding_lacks_is_escaped(text, encoding):
    assert defuse(text, encoding=encoding).encode(encoding)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200db", "a\\u200db"),
        ("a\u00a0b", "a b"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_what_disturbs_becomes_visible(text, shown):
    assert defuse(text) == shown


def test_joiners_stay_where_scripts_need_them():
    persian = "\u0645\u06cc\u200c\u0631\u0648\u0645"
    assert defuse(persian) == persian


def test_combining_marks_are_not_endless():
    shown = defuse("o" + "\u0301" * 500)
    assert sum(unicodedata.combining(c) > 0 for c in shown) == 4


def test_endless_text_is_cut_with_an_ellipsis():
    assert defuse("x" * 10_000) == "x" * LONGEST + "…"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=41, hours=23), "41 days ago"),
        (timedelta(seconds=-30), "just now"),
    ],
)
def test_ago_counts_whole_units(span, words):
    assert ago(Instant(NOW - span), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.85, "850 ms"), (3.21, "3.2 s"), (14, "14 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_took_uses_the_unit_that_fits(seconds, words):
    assert took(NOW, Instant(NOW + timedelta(seconds=seconds))) == words


def test_counted_groups_thousands_and_minds_the_singular():
    assert counted(1, "person", "people") == "1 person"
    assert counted(4567, "event") == "4,567 events"


def test_registration_is_not_called_a_sighting():
    never = decision(
        reason=Reason.NEVER_SEEN, last_seen_by=SeenBy.REGISTRATION, last_seen_at=days_ago(10)
    )
    assert last_seen(never) == "never since registration on 2026-11-15"


def test_never_is_said_only_of_those_whom_the_plan_calls_never_seen():
    unknown = decision(
        reason=Reason.INACTIVE, last_seen_by=SeenBy.REGISTRATION, last_seen_at=days_ago(400)
    )
    assert last_seen(unknown) == "no sighting, registered on 2025-10-21"


def test_no_sighting_is_not_called_never():
    assert last_seen(decision(last_seen_at=None, last_seen_by=None)) == "no sighting"


def test_who_takes_the_best_name_there_is():
    assert who(decision(display_name=" ", email="a@b.example")) == "a@b.example"
    assert who(decision(display_name=None, email=None, user_id=None)) == "(no name)"


def test_the_policy_is_told_with_its_numbers():
    said = " ".join(
        policy_in_words(
            Policy(
                inactive_days=45, never_seen="keep", evidence=("sign-in",), contract_end="report"
            )
        )
    )
    assert "45 days or more without a sign-in." in said
    assert "never seen is kept" in said
    assert "reported, no more" in said


def test_incomplete_evidence_is_called_incomplete_first():
    verdict, known, kept, *_ = evidence_in_words(plan_of(evidence=incomplete_evidence()))
    assert verdict.startswith("Incomplete")
    assert "(7 days)" in known
    assert "less than the policy asks about" in kept


def test_where_nobody_is_decided_by_the_logs_nothing_is_said_to_be_missing():
    unneeded = EvidenceSummary(
        complete=True,
        covered_since=None,
        filters="after-window",
        retention_days=None,
        requests=4,
        events=0,
    )
    verdict, known = evidence_in_words(plan_of(evidence=unneeded))
    assert verdict.startswith("Complete")
    assert known == "No log was read: no decision rests on one."


def test_evidence_that_is_nothing_says_so():
    nothing = EvidenceSummary(
        complete=False,
        covered_since=None,
        filters="ignored",
        retention_days=None,
        requests=2,
        events=20,
    )
    _, known, filters = evidence_in_words(plan_of(evidence=nothing))
    assert known.startswith("No stretch")
    assert "audit option" in filters

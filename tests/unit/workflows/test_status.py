from datetime import date, timedelta

import pytest

from lastseen.docspace.interface import OwnKey
from lastseen.ledger import Ledger
from lastseen.model.decision import Reason, Verdict
from lastseen.model.instant import Instant
from lastseen.model.receipt import OutcomeKind
from lastseen.reports.status import render_status
from lastseen.workflows.status import status
from tests.unit.reports.samples import NOW, PORTAL, days_ago, decision, outcome, plan_of, receipt_of


@pytest.fixture
def ledger():
    with Ledger.in_memory(clock=lambda: NOW) as opened:
        yield opened.portal(PORTAL)


def reviewed(ledger, *decisions):
    run = ledger.runs.begin("review")
    ledger.runs.keep_plan(run.run_id, plan_of(*decisions, plan_id=run.run_id), b"")
    ledger.runs.finish(run.run_id, state="done", summary={"disable": 1}, exit_code=0)
    return run


def now(ledger, **asked):
    return status(ledger, now=NOW, **({"key": None, "key_problem": None} | asked))


def test_an_empty_ledger_has_no_review_and_nobody(ledger):
    found = now(ledger)
    assert (found.last_review, found.review_due_at, found.held) == (None, None, ())


def test_the_newest_review_says_who_is_held_and_due(ledger):
    held = decision(decision=Verdict.HOLD, reason=Reason.UNRECOGNISED_EVENT)
    kept = decision(decision=Verdict.KEEP, reason=Reason.ACTIVE, last_seen_at=days_ago(20))
    run = reviewed(ledger, decision(), held, kept)
    found = now(ledger)
    assert found.last_review is not None
    assert found.last_review.run_id == run.run_id
    assert found.to_disable == 1
    assert [(one.reason, one.count) for one in found.held] == [(Reason.UNRECOGNISED_EVENT, 1)]
    assert [one.due_at for one in found.due_soon] == [Instant(NOW + timedelta(days=10))]
    assert found.review_due_at == Instant(NOW + timedelta(days=15))


def test_people_disabled_and_not_reinstated_are_counted_once(ledger):
    for run_kind, kind in (("apply", OutcomeKind.DISABLED), ("undo", OutcomeKind.REINSTATED)):
        run = ledger.runs.begin(run_kind)
        people = [outcome(kind, user_id=f"p{n}") for n in range(3 if run_kind == "apply" else 1)]
        ledger.runs.keep_receipt(receipt_of(*people, run_id=run.run_id))
    assert now(ledger).disabled == 2


def settled_by(ledger, kind, run_kind, *user_ids, plan_id="p"):
    run = ledger.runs.begin(run_kind)
    people = [outcome(kind, user_id=one) for one in user_ids]
    ledger.runs.keep_receipt(receipt_of(*people, run_id=run.run_id))
    ledger.runs.finish(run.run_id, state="done", summary={}, exit_code=0)


def test_whom_a_run_has_dealt_with_since_the_review_is_no_longer_to_be_disabled(ledger):
    reviewed(ledger, *(decision(user_id=f"p{n}") for n in range(4)))
    settled_by(ledger, OutcomeKind.DISABLED, "apply", "p0", "p1", "p2")
    settled_by(ledger, OutcomeKind.REINSTATED, "undo", "p0")
    settled_by(ledger, OutcomeKind.REFUSED, "apply", "p3")
    found = now(ledger)
    assert (found.to_disable, found.found_to_disable, found.disabled) == (1, 4, 2)
    assert "1 left (4 people in the last review)" in render_status(found, "table").decode()


def test_where_a_run_has_dealt_with_everybody_nobody_is_left(ledger):
    reviewed(ledger, decision(user_id="p0"))
    settled_by(ledger, OutcomeKind.DISABLED, "apply", "p0")
    shown = render_status(now(ledger), "table").decode()
    assert "nobody left (1 person in the last review)" in shown


def test_people_signed_out_since_the_review_are_told_with_the_end_of_their_time(ledger):
    marked = {"decision": Verdict.SIGN_OUT, "reason": Reason.SESSION_MAY_BE_OPEN}
    reviewed(ledger, *(decision(user_id=f"p{n}", **marked) for n in range(3)))
    settled_by(ledger, OutcomeKind.SIGNED_OUT, "apply", "p0", "p1")

    found = now(ledger)

    assert found.signed_out == 2
    shown = " ".join(render_status(found, "table").decode().split())
    until = f"they have until {found.return_until:%Y-%m-%d} to sign in again"
    assert f"2 people since the last review; {until}" in shown


def test_the_first_run_is_said_to_report_only_and_the_next_one_to_act(ledger):
    assert not now(ledger).next_run_acts
    assert "only reports, as the first" in " ".join(
        render_status(now(ledger), "table").decode().split()
    )
    run = ledger.runs.begin("run")
    ledger.runs.finish(run.run_id, state="done", summary={"disable": 3}, exit_code=0)
    assert now(ledger).next_run_acts
    assert "disables whom it finds inactive" in " ".join(
        render_status(now(ledger), "table").decode().split()
    )


def test_the_ledger_that_was_read_is_named(ledger):
    assert f"Ledger       {ledger.place}" in render_status(now(ledger), "table").decode()


def test_a_failed_review_says_why(ledger):
    run = ledger.runs.begin("review")
    ledger.journal.append("failure", run_id=run.run_id, content={"found": "it answered 401"})
    ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=3)
    assert now(ledger).failed == "it answered 401"


def test_exemptions_that_hold_and_the_keys_end_are_reported(ledger):
    ledger.exemptions.add("a@b.example", until=date(2027, 1, 1), reason="leave")
    ends = Instant(NOW + timedelta(days=3))
    found = now(ledger, key=OwnKey(permissions=frozenset(), expires_at=ends))
    assert (found.exemptions, found.key_expires_at) == (1, ends)


def test_a_run_that_was_refused_says_why(ledger):
    run = ledger.runs.begin("run")
    content = {"found": "the API key is limited to *:read"}
    ledger.journal.append("failure", run_id=run.run_id, content=content)
    ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=3)
    found = now(ledger)
    assert found.run_failed == "the API key is limited to *:read"
    assert found.failed is None
    shown = " ".join(render_status(found, "table").decode().split())
    assert "the newest run: the API key is limited to *:read" in shown

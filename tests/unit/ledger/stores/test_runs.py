"""Runs are listed without their documents, found by the beginning of their id, and closed."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.errors import ExitCode, LedgerError, PlanRefused, UsageError
from lastseen.model.instant import Instant
from lastseen.model.plan import EvidenceSummary, Plan, Policy, summarise
from lastseen.model.plan_document import sealed
from lastseen.model.receipt import Outcome, OutcomeKind, Receipt, summarise_outcomes
from tests.unit.ledger.conftest import PORTAL, Tampering

NOW = Instant(datetime(2026, 11, 1, tzinfo=UTC))


def test_a_run_that_began_is_running(portal: PortalLedger):
    portal.acting_as("admin@example.com")
    run = portal.runs.begin("apply", plan_id="p1")
    assert portal.runs.all() == (run,)
    assert (run.kind, run.state, run.plan_id) == ("apply", "running", "p1")
    assert (run.finished_at, run.exit_code, run.summary) == (None, None, {})
    assert run.by.account == "admin@example.com"


def test_a_run_that_ended_says_how(portal: PortalLedger):
    run = portal.runs.begin("undo", undone_run_id="abc")
    portal.runs.finish(run.run_id, state="partial", summary={"reinstated": 3}, exit_code=6)
    (ended,) = portal.runs.all()
    assert (ended.state, ended.summary, ended.exit_code) == ("partial", {"reinstated": 3}, 6)
    assert ended.undone_run_id == "abc"
    assert ended.finished_at is not None
    assert ended.finished_at > ended.started_at


def test_runs_are_listed_newest_first(portal: PortalLedger):
    begun = [portal.runs.begin("review").run_id for _ in range(5)]
    assert [run.run_id for run in portal.runs.all()] == begun[::-1]
    assert [run.run_id for run in portal.runs.all(limit=2)] == begun[:2:-1]


def test_runs_of_another_portal_are_not_seen(ledger: Ledger):
    run = ledger.portal(PORTAL).runs.begin("review")
    other = ledger.portal("https://other.example")
    assert other.runs.all() == ()
    with pytest.raises(UsageError):
        other.runs.find(run.run_id)


def test_the_beginning_of_an_id_finds_a_run(portal: PortalLedger):
    run = portal.runs.begin("review")
    assert portal.runs.find(run.run_id[:4]) == run
    assert portal.runs.find(f" {run.run_id.upper()} ") == run


def test_an_id_that_names_no_run_is_a_usage_error(portal: PortalLedger):
    portal.runs.begin("review")
    for text_ in ("zzzz", "%", "_", ""):
        with pytest.raises(UsageError) as refused:
            portal.runs.find(text_)
        assert "history" in refused.value.remedy


def test_an_id_that_names_two_runs_is_a_usage_error(portal: PortalLedger):
    begun = [portal.runs.begin("review").run_id for _ in range(17)]
    doubled = next(a[0] for a in begun if sum(b[0] == a[0] for b in begun) > 1)
    with pytest.raises(UsageError, match="more than one"):
        portal.runs.find(doubled)


# --- documents


def test_a_plan_is_found_by_its_own_id_and_by_the_runs_that_used_it(portal: PortalLedger):
    review = portal.runs.begin("review")
    plan = _plan(review.run_id)
    portal.runs.keep_plan(review.run_id, plan, b"what was looked at")
    apply = portal.runs.begin("apply", plan_id=plan.plan_id)
    for some_id in (plan.plan_id, review.run_id, apply.run_id):
        assert portal.runs.plan(some_id) == plan
        assert portal.runs.evidence_record(some_id) == b"what was looked at"
    assert portal.runs.find(review.run_id).plan_id == plan.plan_id


def test_a_review_tells_whose_key_it_worked_with(portal: PortalLedger):
    review = portal.runs.begin("review")
    portal.acting_as("admin@vendor.example")
    portal.runs.keep_plan(review.run_id, _plan(review.run_id), b"")
    assert portal.runs.find(review.run_id).by.account == "admin@vendor.example"


def test_a_run_that_made_a_plan_of_another_id_finds_it(portal: PortalLedger):
    run = portal.runs.begin("run")
    portal.runs.keep_plan(run.run_id, _plan("another"), b"")
    assert portal.runs.plan(run.run_id) == portal.runs.plan("another") == _plan("another")


def test_no_plan_is_none(portal: PortalLedger):
    run = portal.runs.begin("review")
    assert portal.runs.plan(run.run_id) is None
    assert portal.runs.plan("unknown") is None
    assert portal.runs.evidence_record("unknown") is None


def test_a_receipt_comes_back(portal: PortalLedger):
    run = portal.runs.begin("apply")
    assert portal.runs.receipt(run.run_id) is None
    for outcome in (OutcomeKind.FAILED, OutcomeKind.DISABLED):
        receipt = _receipt(run.run_id, outcome)
        portal.runs.keep_receipt(receipt)
        assert portal.runs.receipt(run.run_id) == receipt


def test_listing_runs_reads_no_document(portal: PortalLedger, tampering: Tampering):
    run = portal.runs.begin("review")
    portal.runs.keep_plan(run.run_id, _plan(run.run_id), b"")
    with tampering() as connection:
        connection.execute(text("DROP TABLE plans"))
        connection.execute(text("DROP TABLE receipts"))
    assert [one.run_id for one in portal.runs.all()] == [run.run_id]


def test_a_damaged_document_is_reported_and_not_guessed(portal: PortalLedger, tampering: Tampering):
    run = portal.runs.begin("review")
    portal.runs.keep_plan(run.run_id, _plan(run.run_id), b"what was looked at")
    with tampering() as connection:
        connection.execute(text("UPDATE plans SET plan = :junk"), {"junk": b"junk"})
    with pytest.raises(LedgerError, match="can't be read"):
        portal.runs.plan(run.run_id)


def test_a_plan_edited_in_the_ledger_is_refused(portal: PortalLedger):
    import msgspec

    run = portal.runs.begin("review")
    edited = msgspec.structs.replace(_plan(run.run_id), portal="https://elsewhere.example")
    portal.runs.keep_plan(run.run_id, edited, b"")
    with pytest.raises(PlanRefused):
        portal.runs.plan(run.run_id)


def _plan(plan_id: str) -> Plan:
    decisions = (
        Decision(
            user_id=UserId("00000001-0000-4000-8000-000000000000"),
            email="anna@example.com",
            display_name="Anna",
            decision=Verdict.DISABLE,
            reason=Reason.INACTIVE,
            explanation="Last seen 41 days ago.",
            last_seen_at=NOW,
        ),
    )
    return sealed(
        Plan(
            plan_id=plan_id,
            portal=PORTAL,
            created_at=NOW,
            now=NOW,
            policy=Policy(),
            evidence=EvidenceSummary(
                complete=True,
                covered_since=NOW,
                filters="before-window",
                retention_days=180,
                requests=3,
                events=20,
            ),
            decisions=decisions,
            summary=summarise(decisions),
        )
    )


def _receipt(run_id: str, outcome: OutcomeKind) -> Receipt:
    outcomes = (Outcome(user_id=UserId("1"), email=None, outcome=outcome, verified=True),)
    return Receipt(
        run_id=run_id,
        plan_id="p1",
        started_at=NOW,
        finished_at=NOW,
        outcomes=outcomes,
        summary=summarise_outcomes(outcomes),
        journal_head="abc",
    )


def test_a_run_that_ended_with_an_exit_code_is_read_back(portal: PortalLedger):
    run = portal.runs.begin("review")
    portal.runs.finish(run.run_id, state="failed", summary={}, exit_code=ExitCode.REFUSED)
    (found,) = portal.runs.all()
    assert found.exit_code == ExitCode.REFUSED

from typing import Any

import msgspec
import pytest

from lastseen.model.actor import Actor
from lastseen.model.errors import UsageError
from lastseen.model.journal_entry import JournalEntry
from lastseen.model.run import Run
from lastseen.reports import Screen
from lastseen.reports.history import RunDetail, render_run, render_runs
from tests.unit.reports.samples import NOW, PORTAL, days_ago, decision, outcome, plan_of, receipt_of

OPS = Actor(os_user="ops", host="cron1", version="1.0.0", account="admin@northwind.example")


def run(**fields) -> Run:
    standard: dict[str, Any] = {
        "run_id": "9f2c11d04a7e",
        "kind": "apply",
        "started_at": days_ago(1),
        "finished_at": days_ago(0.99),
        "state": "partial",
        "plan_id": "77aa01c2d3e4",
        "undone_run_id": None,
        "summary": {"disabled": 2, "refused": 1},
        "exit_code": 6,
        "by": OPS,
    }
    return Run(**(standard | fields))


def rendered(runs, form, *, width=80):
    return render_runs(runs, form, portal=PORTAL, screen=Screen(width=width)).decode()


def test_a_run_that_found_nobody_to_change_says_so_and_one_cut_off_claims_nothing():
    assert "nobody changed" in rendered([run(summary={}, state="done")], "table")
    assert "nobody changed" not in rendered([run(summary={}, state="interrupted")], "table")
    assert "nobody changed" not in rendered([run(summary={}, kind="review")], "table")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_list_tells_what_when_by_whom_and_how_it_ended(width):
    shown = " ".join(rendered([run()], "table", width=width).split())
    for part in ("9f2c11d04a7e", "apply", "2026-11-24 10:30 UTC", "14 min 24 s", "partial"):
        assert part in shown
    assert "2 disabled, 1 refused" in shown
    assert "admin@northwind.example" in shown


@pytest.mark.parametrize("runs", [[run()], []])
def test_a_table_names_the_ledger_that_was_read(runs):
    shown = render_runs(runs, "table", portal=PORTAL, ledger="/var/lib/l.sqlite3").decode()
    assert shown.endswith("\nLedger: /var/lib/l.sqlite3\n")
    one = render_run(RunDetail(run=run()), "table", ledger="db.example/lastseen").decode()
    assert one.endswith("\nLedger: db.example/lastseen\n")


def test_a_run_under_way_has_no_end():
    shown = render_runs(
        [run(state="running", finished_at=None, summary={})], "table", portal=PORTAL
    ).decode()
    assert "running" in shown
    assert "took" not in shown


def test_a_ledger_without_runs_says_so():
    assert rendered([], "table") == "No run yet on this portal.\n"


def test_a_review_names_its_run_and_a_run_that_only_reported_says_so():
    counts = {"disable": 3, "keep": 90}
    reported = run(kind="run", state="done", summary=counts, plan_id="77aa01c2d3e4")
    review = run(run_id="77aa01c2d3e4", kind="review", state="done", summary=counts)
    shown = " ".join(rendered([reported, review], "table").split())
    assert "reported only: 3 to disable, 90 to keep" in shown
    assert "review of 9f2c11d04a7e" in shown
    assert shown.count("reported only") == 1


def test_a_guardrails_stop_and_a_run_that_was_killed_are_not_called_failed_or_running_alone():
    stopped = run(kind="run", state="failed", summary={}, exit_code=5)
    why = {"9f2c11d04a7e": "at most 25% of the roster may be disabled in 7 days"}
    shown = render_runs([stopped], "table", portal=PORTAL, failures=why).decode()
    assert "stopped" in shown
    assert "failed" not in shown
    assert "nobody changed: at most 25%" in shown
    killed = run(state="running", finished_at=None, summary={})
    assert "running or cut off" in rendered([killed], "table")


def test_the_list_as_json_is_named_and_whole():
    document = msgspec.json.decode(rendered([run(), run(run_id="b")], "json"))
    assert document["schema"] == "lastseen.history/1"
    assert [entry["run_id"] for entry in document["runs"]] == ["9f2c11d04a7e", "b"]


def test_a_run_in_detail_shows_its_people_its_journal_and_the_way_back():
    entry = JournalEntry(
        seq=41,
        at=NOW,
        kind="intent",
        run_id="9f2c11d04a7e",
        by=OPS,
        content={"status": 2, "people": [{"email": "a@b.example"}]},
        previous_hash="aa" * 32,
        hash="bb" * 32,
    )
    detail = RunDetail(
        run=run(),
        plan=plan_of(decision()),
        receipt=receipt_of(outcome(email="a@b.example"), run_id="9f2c11d04a7e"),
        entries=(entry,),
    )
    shown = render_run(detail, "table").decode()
    intent, undo = "intent  disable a@b.example", "lastseen undo 9f2c11d04a7e"
    for part in ("a@b.example", "disabled", intent, undo, "6"):
        assert part in shown


def test_an_undo_names_the_run_that_it_took_back():
    detail = RunDetail(run=run(kind="undo", undone_run_id="c0ffee"))
    assert "c0ffee" in render_run(detail, "table").decode()


def test_a_run_in_detail_as_json_holds_its_documents():
    detail = RunDetail(run=run(), plan=plan_of(decision()), receipt=receipt_of(outcome()))
    document = msgspec.json.decode(render_run(detail, "json"))
    assert document["schema"] == "lastseen.run/1"
    assert document["plan"]["schema"] == "lastseen.plan/1"
    assert document["receipt"]["schema"] == "lastseen.receipt/1"
    assert document["run"]["exit_code"] == 6


def test_other_formats_are_refused():
    with pytest.raises(UsageError):
        rendered([run()], "pdf")
    with pytest.raises(UsageError):
        render_run(RunDetail(run=run()), "csv")


def test_the_list_comes_as_csv_and_as_a_page():
    partial = run(summary={"disabled": 3, "refused": 1})
    assert "9f2c11d04a7e,apply,partial" in rendered([partial], "csv")
    page = rendered([partial], "html")
    for part in ("<!doctype html>", PORTAL, "9f2c11d04a7e", "3 disabled, 1 refused"):
        assert part in page


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_a_failed_run_says_why(form):
    failed = run(state="failed", summary={}, exit_code=3)
    shown = render_runs(
        [failed], form, portal=PORTAL, failures={failed.run_id: "the portal answered 403"}
    )
    assert b"the portal answered 403" in shown

import json
from datetime import timedelta
from typing import Any

import pytest

from lastseen.model.actor import Actor
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.instant import Instant
from lastseen.model.run import Run
from lastseen.model.status import DueSoon, HeldFor, Status
from lastseen.reports import Screen
from lastseen.reports.status import render_status
from tests.unit.reports.samples import HOSTILE, NOW, PORTAL, days_ago

REVIEW = Run(
    run_id="9f2c11d04a7e",
    kind="review",
    started_at=days_ago(3),
    finished_at=days_ago(3),
    state="done",
    plan_id="9f2c11d04a7e",
    undone_run_id=None,
    summary={"disable": 4, "hold": 2},
    exit_code=0,
    by=Actor(os_user="ops", host="cron1", version="1.0.0"),
)


def status(**fields) -> Status:
    standard: dict[str, Any] = {
        "portal": PORTAL,
        "at": NOW,
        "last_review": REVIEW,
        "last_run": None,
        "failed": None,
        "review_due_at": Instant(NOW + timedelta(days=12)),
        "disabled": 7,
        "to_disable": 4,
        "found_to_disable": 4,
        "next_run_acts": True,
        "ledger": "/var/lib/lastseen/ledger.sqlite3",
        "held": (
            HeldFor(
                reason=Reason.EVIDENCE_INCOMPLETE,
                count=2,
                clears_at=Instant(NOW + timedelta(days=20)),
                cleared_by="with reviews at least every 3 days",
            ),
        ),
        "due_soon": (
            DueSoon(
                user_id=UserId("u"),
                email="a@b.example",
                display_name="Anna",
                due_at=Instant(NOW + timedelta(days=5)),
            ),
        ),
        "due_soon_days": 14,
        "exemptions": 1,
        "sign_ins_since": days_ago(180),
        "activity_since": days_ago(30),
        "key_expires_at": Instant(NOW + timedelta(days=9)),
        "key_problem": None,
    }
    return Status(**(standard | fields))


def table(found: Status, width: int = 80) -> str:
    return render_status(found, "table", screen=Screen(width=width)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_one_screen_says_what_is_due_and_what_was_done(width):
    shown = table(status(), width)
    assert shown.count("\n") <= 24
    words = " ".join(shown.split())
    for part in (
        PORTAL,
        "review 9f2c11d04a7e: 4 to disable, 2 on hold",
        "2026-12-07 10:30 UTC",
        "7 people by Lastseen",
        "evidence incomplete: clears by 2026-12-15, with reviews at least every 3 days",
        "2026-11-30 Anna a@b.example",
        "sign-ins since 2026-05-29, activity since 2026-10-26",
        "expires 2026-12-04 10:30 UTC",
    ):
        assert part in words


def test_a_failed_or_overdue_review_and_an_unchecked_key_are_said():
    shown = " ".join(
        table(
            status(
                failed="the portal answered 401",
                review_due_at=days_ago(1),
                key_problem="no answer",
            )
        ).split()
    )
    assert "the newest review: the portal answered 401" in shown
    assert "overdue" in shown
    assert "not checked: no answer" in shown


def test_a_portal_without_a_review_has_none():
    shown = table(status(last_review=None, review_due_at=None, held=(), due_soon=()))
    assert shown.count("none yet") == 2
    assert "On hold" not in shown


def test_json_is_named():
    document = json.loads(render_status(status(), "json"))
    assert document["schema"] == "lastseen.status/1"
    assert document["held"][0]["reason"] == "evidence-incomplete"


def test_no_name_reaches_the_terminal_as_it_is():
    due = tuple(
        DueSoon(user_id=UserId(text), email=text, display_name=text, due_at=NOW) for text in HOSTILE
    )
    assert all(c == "\n" or c.isprintable() for c in table(status(due_soon=due, failed=HOSTILE[0])))

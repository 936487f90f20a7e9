from typing import Any

import msgspec
import pytest

from lastseen.model.contractor import user_id
from lastseen.model.errors import UsageError
from lastseen.model.explanation import Explanation, LookedAt
from lastseen.model.instant import Interval
from lastseen.model.sighting import EvidenceKind, FailedSignIns, Sighting, UnrecognisedEvent
from lastseen.reports import Screen
from lastseen.reports.explanation import render_explanation
from tests.unit.reports.samples import HOSTILE, NOW, PORTAL, days_ago, decision

ANNA = user_id("2f1c9a7e-0000-4000-8000-000000000001")


def explanation(**fields) -> Explanation:
    standard: dict[str, Any] = {
        "who": "anna.kowalska@brightpath.example",
        "portal": PORTAL,
        "run_id": "9f2c11d04a7e",
        "now": NOW,
        "decision": decision(sponsor="Dana Whitfield"),
        "rule": "Idle for 30 days or more, proven over the whole window.",
        "looked_at": (
            LookedAt(
                kind=EvidenceKind.SIGN_IN,
                scope="portal",
                interval=Interval(days_ago(180), NOW),
                proof="pages 0-9900 of the sign-in log",
            ),
            LookedAt(
                kind=EvidenceKind.ACTIVITY,
                scope="person",
                interval=Interval(days_ago(30), NOW),
                proof="the whole answer",
            ),
        ),
        "sightings": (
            Sighting(
                user_id=ANNA,
                at=days_ago(41),
                kind=EvidenceKind.SIGN_IN,
                event_id=48211,
                action_id=1000,
            ),
        ),
        "failed": FailedSignIns(count=4, last_at=days_ago(2), addresses=2),
        "unrecognised": (
            UnrecognisedEvent(user_id=ANNA, at=days_ago(50), event_id=7, action_id=1031),
        ),
        "required_since": days_ago(30),
        "would_change": ("A sign-in before the plan is applied.",),
        "due_at": days_ago(11),
        "exemption": "until 2026-12-31: leave",
        "history": ("Reinstated on 2026-09-01.",),
    }
    return Explanation(**(standard | fields))


def table(explained, **screen):
    shown = render_explanation(explained, "table", screen=Screen(**screen)).decode()
    return " ".join(shown.split())


@pytest.mark.parametrize("width", [60, 80, 140])
def test_everything_that_the_decision_rests_on_is_there(width):
    shown = table(explanation(), width=width)
    for part in (
        "Anna Kowalska",
        "disable, inactive",
        "Idle for 30 days or more",
        "9f2c11d04a7e",
        "2026-10-15 (sign-in), 41 days ago",
        "sign-in log",
        "activity trail",
        "this person",
        "48211",
        "1031",
        "4 failed sign-ins from 2 addresses",
        "they never count",
        "overdue since 2026-11-14",
        "until 2026-12-31: leave",
        "Dana Whitfield",
        "A sign-in before the plan is applied.",
        "Reinstated on 2026-09-01.",
    ):
        assert part in shown


def test_what_the_decision_did_not_know_stands_apart():
    sign_in, work = (
        Sighting(user_id=ANNA, at=days_ago(age), kind=kind, event_id=age, action_id=1000)
        for age, kind in ((41, EvidenceKind.SIGN_IN), (1, EvidenceKind.ACTIVITY))
    )
    shown = table(explanation(sightings=(sign_in,), unrecognised=(), seen_since=(work,)))
    known, since = shown.split("Seen since the decision")
    assert "sign-in 1000 41" in known
    assert "activity 1000 1" in since
    forgotten = table(explanation(sightings=(), unrecognised=(), seen_since=(work,)))
    assert "newest sighting in each log is kept" in forgotten


def test_what_lies_before_the_decision_does_not_stand_as_seen_since():
    june = Sighting(
        user_id=ANNA, at=days_ago(150), kind=EvidenceKind.SIGN_IN, event_id=5, action_id=1000
    )
    shown = table(explanation(sightings=(), unrecognised=(), seen_since=(june,), not_used=(june,)))
    assert "Earlier entries that the decision did not use" in shown
    assert "Seen since" not in shown


@pytest.mark.parametrize(
    ("idle_days", "due"), [(41, "overdue since 2026-11-14"), (35, "2026-11-14 or earlier")]
)
def test_whoever_is_to_be_disabled_is_overdue_since_a_date(idle_days, due):
    overdue = decision(idle_days=idle_days, last_seen_at=days_ago(41))
    assert due in table(explanation(decision=overdue, due_at=days_ago(11)))


def test_the_age_of_a_date_that_may_be_later_is_an_upper_bound():
    unread = decision(idle_days=35, last_seen_at=days_ago(41))
    shown = table(explanation(decision=unread))
    assert "2026-10-15 or later (sign-in), at most 41 days ago" in shown


def test_what_is_not_there_is_not_made_up():
    bare = explanation(
        run_id=None,
        looked_at=(),
        sightings=(),
        unrecognised=(),
        failed=FailedSignIns(),
        would_change=(),
        due_at=None,
        exemption=None,
        history=(),
    )
    shown = table(bare)
    assert "Logs known to be complete None." in " ".join(shown.split())
    assert "None in the logs that were read" in shown
    for part in ("Due", "Exempt", "Failed", "What would change", "Runs before"):
        assert part not in shown


def test_json_reads_back_as_the_same_explanation():
    explained = explanation()
    document = render_explanation(explained, "json")
    assert msgspec.json.decode(document, type=Explanation) == explained
    assert msgspec.json.decode(document)["schema"] == "lastseen.explanation/1"


def test_hostile_text_does_not_reach_the_terminal():
    for text in HOSTILE:
        explained = explanation(
            who=text,
            decision=decision(display_name=text, email=text, sponsor=text, explanation=text),
            exemption=text,
            history=(text,),
            would_change=(text,),
        )
        shown = render_explanation(explained, "table").decode()
        assert all(c == "\n" or c.isprintable() for c in shown)


def test_a_page_to_be_filed_holds_the_same_and_runs_nothing_of_a_name():
    hostile = decision(
        display_name="".join(HOSTILE), explanation="<script>x()</script>", sponsor="<b>S</b>"
    )
    page = render_explanation(explanation(decision=hostile), "html").decode()
    for part in (PORTAL, "9f2c11d04a7e", "overdue since 2026-11-14", "Reinstated on 2026-09-01."):
        assert part in page
    assert "Content-Security-Policy" in page
    assert "<script>x()" not in page
    assert "<b>S</b>" not in page
    assert "\x1b" not in page


def test_other_formats_are_refused():
    with pytest.raises(UsageError):
        render_explanation(explanation(), "csv")

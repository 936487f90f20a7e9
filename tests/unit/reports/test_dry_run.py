"""The dry run's table says no more about a person than the review's does."""

from lastseen.model.decision import Reason, SeenBy
from lastseen.model.dry_run import DryRun
from lastseen.reports import Screen
from lastseen.reports.dry_run import render_dry_run
from tests.unit.reports.samples import NOW, days_ago, decision


def test_a_registration_is_not_shown_as_the_day_of_a_sighting():
    by = SeenBy.REGISTRATION
    registered = {"last_seen_at": days_ago(200), "last_seen_by": by, "idle_days": 200}
    shown = render_dry_run(
        DryRun(
            plan_id="7f3a",
            now=NOW,
            would_disable=(
                decision(reason=Reason.NEVER_SEEN, **registered),
                decision(reason=Reason.INVITATION_NOT_ACCEPTED, **registered),
                decision(last_seen_at=days_ago(60), idle_days=60),
            ),
            would_sign_out=(),
            outcomes=(),
        ),
        "table",
        screen=Screen(width=100, colour=False),
    ).decode()

    assert days_ago(200).date().isoformat() not in shown
    assert days_ago(60).date().isoformat() in shown
    assert "never " in shown
    assert "no sighting" in shown

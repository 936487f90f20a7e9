"""Rows of the table of portals as values, and how a job ended as columns."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import DictRow

from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.outcome import JobOutcome
from lastseen.fleet.schedule import Schedule
from lastseen.model.fleet import PortalState, PortalStatus
from lastseen.model.instant import Instant, instant

_STATES = frozenset(PortalState)

OVERDUE_AFTER = timedelta(hours=1)
"""A due job that has not finished for this long makes its portal overdue."""


def portal_from(row: DictRow) -> FleetPortal:
    """Return how the portal is configured; by tables that nothing can read, as not at all."""
    return FleetPortal(
        name=row["name"],
        url=row["url"],
        api_key=row["api_key"],
        command=row["command"],
        schedule=schedule_from(row),
        tables=row["tables"] if isinstance(row["tables"], dict) else {},
    )


def schedule_from(row: DictRow) -> Schedule | None:
    """Return when its jobs are due; None without a schedule."""
    if row["cron"] is None:
        return None
    return Schedule(
        cron=row["cron"], time_zone=row["time_zone"], jitter_minutes=row["jitter_minutes"]
    )


def outcome_columns(outcome: JobOutcome) -> dict[str, Any]:
    """Return the columns that an outcome sets."""
    columns: dict[str, Any] = {
        "state": outcome.state.value,
        "last_job_at": outcome.finished_at,
        "last_seconds": outcome.seconds,
        "last_requests": outcome.requests,
        "last_error": outcome.error,
        "isolated": outcome.needs_isolation,
    }
    if outcome.state is not PortalState.STOPPED:
        columns["crashes"] = 0
    if outcome.figures is not None:
        columns |= msgspec.structs.asdict(outcome.figures)
        columns["unreachable_since"] = None
        if outcome.whole:
            columns["whole_review_at"] = outcome.finished_at
    if outcome.state is PortalState.GUARDRAIL:
        columns["guardrail_at"] = outcome.finished_at
    elif outcome.figures is not None:
        columns["guardrail_at"] = None
    if outcome.portal_zone is not None:
        columns["portal_zone"] = outcome.portal_zone
    if outcome.key_expires_at is not None or outcome.figures is not None:
        columns["key_expires_at"] = outcome.key_expires_at
    return columns


def status_from(row: DictRow, now: Instant) -> PortalStatus:
    """Return the portal's state at `now`."""
    return PortalStatus(
        name=row["name"],
        url=row["url"],
        state=_state(row, now),
        whole_review_at=instant_or_none(row["whole_review_at"]),
        next_due_at=instant_or_none(row["next_due_at"]),
        disabled=row["disabled"],
        to_disable=row["to_disable"],
        held=row["held"],
        due_soon=row["due_soon"],
        guardrail_at=instant_or_none(row["guardrail_at"]),
        unreachable_since=instant_or_none(row["unreachable_since"]),
        key_expires_at=instant_or_none(row["key_expires_at"]),
        last_job_at=instant_or_none(row["last_job_at"]),
        last_error=row["last_error"],
    )


def _state(row: DictRow, now: Instant) -> PortalState:
    if row["paused_at"] is not None:
        return PortalState.PAUSED
    if row["state"] not in _STATES:
        return PortalState.FAILED  # altered by hand; never called clean
    state = PortalState(row["state"])
    due = row["waiting_since"] or row["next_due_at"]
    if state is PortalState.CLEAN and due is not None and due < now - OVERDUE_AFTER:
        return PortalState.OVERDUE
    return state


def instant_or_none(moment: datetime | None) -> Instant | None:
    """Return a column's instant, if it has one."""
    return None if moment is None else instant(moment)

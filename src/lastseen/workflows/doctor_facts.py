"""What the doctor says about the release, the key's rights and how long sessions live."""

from collections.abc import Mapping

from lastseen.docspace.interface import OwnKey, Release, SessionSettings
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import cohorts_in_words
from lastseen.model.counting import counted, people
from lastseen.model.decision import Reason
from lastseen.model.diagnosis import Finding
from lastseen.model.instant import Instant, utc_date
from lastseen.model.key_expiry import expires_soon
from lastseen.model.plan import OpenSessions, Policy
from lastseen.workflows.doctor_windows import windows_in_words

_FULL_KEY = "an unlimited key that a DocSpace administrator created"
_LIMITED_KEY = "one with the scopes *:read and accounts:write"


def release_finding(release: Release | None) -> Finding:
    """Report the portal's release."""
    if release is None:
        return Finding(
            name="Release",
            state="warning",
            value="unknown",
            meaning="The portal does not say which release it is; Lastseen needs 3.1 or later.",
        )
    return Finding(
        name="Release",
        state="ok" if release.is_supported else "problem",
        value=f"DocSpace {release.text}",
        meaning="Lastseen supports it."
        if release.is_supported
        else "It has no API keys, which Lastseen needs.",
        remedy=None if release.is_supported else "Update the portal to 3.1 or later.",
    )


def rights_finding(key: OwnKey | None, now: Instant) -> Finding:
    """Report which commands this key allows, and when it expires."""
    if key is None:
        return Finding(
            name="Rights",
            state="ok",
            value="unknown",
            meaning="This release does not say what a key may do.",
        )
    scopes = ", ".join(sorted(key.permissions)) or "unlimited"
    until = "" if key.expires_at is None else f"; expires on {utc_date(key.expires_at)}"
    soon = expires_soon(key.expires_at, now)
    meaning, remedy = _commands(key)
    if remedy is None and soon:
        remedy = "Create a new key before this one expires."
    elif remedy is not None and soon:
        remedy += " This one expires soon."
    return Finding(
        name="Rights",
        state="problem" if not key.reads_logs else "ok" if remedy is None else "warning",
        value=scopes + until,
        meaning=meaning,
        remedy=remedy,
    )


def _commands(key: OwnKey) -> tuple[str, str | None]:
    """Return which commands a key allows, and what to do if that is not all of them."""
    if not key.reads_logs:
        return (
            "Not enough for any command: the audit logs need a global scope.",
            f"Use {_FULL_KEY}, or {_LIMITED_KEY}; *:read alone is enough for review and doctor.",
        )
    if not key.changes_accounts:
        return (
            "Enough for review and doctor only: apply and undo need accounts:write.",
            f"Use {_FULL_KEY}, or {_LIMITED_KEY}.",
        )
    if not key.ends_sessions:
        return (
            "Enough for every command, except that it may not end sessions "
            '(`open_sessions = "sign-out"`).',
            None,
        )
    return "Enough for every command, including ending sessions.", None


def sessions_finding(
    settings: SessionSettings, policy: Policy, key: OwnKey | None, ledger: PortalLedger
) -> Finding:
    """Report how long sessions live, how many people that affects, and what to do."""
    if settings.minutes is not None:
        return Finding(
            name="Sessions",
            state="ok",
            value=f"limited to {counted(settings.minutes, 'minute')}",
            meaning="Once the limit has been in force for the window of "
            f"{windows_in_words(policy)} and those minutes, nobody who was not seen "
            "in that time can still be signed in.",
        )
    can_end = key is None or key.ends_sessions
    becomes = {
        "report": "they are disabled all the same, and marked",
        "hold": "they are put on hold",
        "sign-out": "their sessions are ended first"
        if can_end
        else "they are put on hold, since this key may not end sessions",
    }
    others = {
        one.name: one.open_sessions
        for one in policy.cohorts
        if one.open_sessions is not None and one.open_sessions != policy.open_sessions
    }
    in_cohorts = "".join(
        f"; in the cohort {name}, {becomes[mode]}" for name, mode in others.items()
    )
    unguarded = {policy.open_sessions, *others.values()} - {"hold"}
    if can_end:
        unguarded.discard("sign-out")
    return Finding(
        name="Sessions",
        state="warning" if unguarded else "ok",
        value=f"not limited, so they live for up to 181 days{_concerned(ledger)}",
        meaning="People who only read documents in an open session leave no trace in the logs; "
        f"if idle, {becomes[policy.open_sessions]}{in_cohorts}.",
        remedy=f"Limit sessions in the portal's settings, or "
        f"{_way_to_end_sessions(policy.open_sessions, others, can_end=can_end)}."
        if unguarded
        else None,
    )


def _way_to_end_sessions(
    general: OpenSessions, in_cohorts: Mapping[str, OpenSessions], *, can_end: bool
) -> str:
    """Return what would end the sessions of everyone who is idle; the rules don't do that yet."""
    ways = [] if can_end else [f"use {_FULL_KEY}"]
    reported = [name for name, mode in in_cohorts.items() if mode == "report"]
    if general == "report":
        ways.append('set `open_sessions = "sign-out"`')
    elif reported:
        ways.append(f'set `open_sessions = "sign-out"` for the {cohorts_in_words(reported)}')
    return " and ".join(ways)


def _concerned(ledger: PortalLedger) -> str:
    """Return how many people might have had an open session in the newest review, in words."""
    runs = ledger.runs.all(limit=200)
    plan_id = next((r.plan_id for r in runs if r.kind in ("review", "run") and r.plan_id), None)
    plan = ledger.runs.plan(plan_id) if plan_id else None
    if plan is None:
        return ""
    found = sum(
        one.session_may_be_open or one.reason is Reason.SESSION_MAY_BE_OPEN
        for one in plan.decisions
    )
    return f"; in the last review {people(found)} might still have been signed in"

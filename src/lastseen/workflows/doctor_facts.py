"""What the doctor says about the release, the key's rights and how long sessions live."""

from datetime import timedelta

from lastseen.docspace.interface import OwnKey, Release, SessionSettings
from lastseen.model.diagnosis import Finding
from lastseen.model.instant import Instant, after, utc_date
from lastseen.model.plan import Policy
from lastseen.workflows.circumstances import may_end_sessions

EXPIRES_SOON = timedelta(days=14)


def release_finding(release: Release | None) -> Finding:
    """Say which release the portal is."""
    if release is None:
        return Finding(
            name="Release",
            state="warning",
            value="not told",
            meaning="The portal does not say which release it is; Lastseen needs 3.1 or later.",
        )
    return Finding(
        name="Release",
        state="ok" if release.is_supported else "problem",
        value=f"DocSpace {release.text}",
        meaning="Lastseen works with it."
        if release.is_supported
        else "It has no API keys, which Lastseen needs.",
        remedy=None if release.is_supported else "Update the portal to 3.1 or later.",
    )


def rights_finding(key: OwnKey | None, now: Instant) -> Finding:
    """Say which commands this key can carry out, and when it expires."""
    if key is None:
        return Finding(
            name="Rights",
            state="ok",
            value="not told",
            meaning="This release does not tell what a key may do.",
        )
    scopes = key.permissions
    reads_logs = not scopes or bool(scopes & {"*", "*:read", "*:write"})
    changes = not scopes or bool(scopes & {"*", "*:write", "accounts:write"})
    commands = [
        *(["review"] if reads_logs else []),
        *(["apply, run and undo"] if reads_logs and changes else []),
        *(["ending sessions"] if may_end_sessions(key) else []),
    ]
    expires = key.expires_at
    soon = expires is not None and expires < after(now, EXPIRES_SOON)
    enough = len(commands) == 3 and not soon
    until = "" if expires is None else f"; expires on {utc_date(expires)}"
    return Finding(
        name="Rights",
        state="problem" if not reads_logs else "ok" if enough else "warning",
        value=(", ".join(sorted(scopes)) or "unlimited") + until,
        meaning=f"Suffices for {', '.join(commands) or 'no command'}.",
        remedy=None
        if enough
        else "Let a DocSpace administrator make an unlimited key"
        + (" before this one expires." if soon else "."),
    )


def sessions_finding(settings: SessionSettings, policy: Policy) -> Finding:
    """Say how long sessions live, and what to do about those who may still be signed in."""
    if settings.minutes is not None:
        return Finding(
            name="Sessions",
            state="ok",
            value=f"limited to {settings.minutes} minutes",
            meaning="Somebody absent for longer than that and the window is signed out.",
        )
    guarded = policy.open_sessions != "report"
    return Finding(
        name="Sessions",
        state="ok" if guarded else "warning",
        value="not limited: they live for up to 181 days",
        meaning="Somebody who only reads documents in an open session leaves no trace in the logs"
        + (f"; `open_sessions` is {policy.open_sessions}." if guarded else "; may be disabled."),
        remedy=None
        if guarded
        else 'Limit sessions in the portal\'s settings, or set `open_sessions = "sign-out"`.',
    )

"""Whether a person may still be signed in, and until when at the latest. Pure.

Reading a document in the editor writes nothing into any log (EditorController.cs), so a person with
an open session may be active without a trace. A session begins with a sign-in, lasts as long as the
settings say, and never outlives its sign-in event (SecurityContext.cs, ClearEventsService.cs).
"""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from lastseen.model.decision import Reason, Verdict
from lastseen.model.instant import EPOCH, Instant, after, days, utc_date
from lastseen.model.plan import Policy

Ruling = tuple[Verdict, Reason, str]
"""The verdict, the reason, and the explanation in a sentence."""

LONGEST_SESSION = days(181)
"""Sign-in events are kept for 180 days at most and deleted once a day."""

MAY_BE_OPEN = "May still be signed in: reading documents leaves no trace in the logs."
"""The last sentence about whoever is disabled all the same; reports mark these people instead."""
_APPLICATION = (
    "May still come by an application that they authorised (OAuth), which signing out does not "
    "end: ask them, or remove the application."
)
_NO_RIGHT = (
    "The key may not end sessions: use an unlimited key that a DocSpace administrator created."
)


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long sessions last on a portal."""

    minutes: int | None = None
    """The limit in force now; None if sessions are not limited, or if that is unknown."""
    limited_since: Instant | None = None
    """Since when that limit is known to apply."""
    was_set: bool = False
    """Whether it was set at that instant, which ended every session before."""
    longest: timedelta = LONGEST_SESSION
    """What no session outlives, whatever the limit: its sign-in event is deleted."""


class SessionTrace(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one person's sessions."""

    signed_in_at: Instant | None = None
    """The newest sign-in known; None: none is known."""
    known_since: Instant | None = None
    """Since when all sign-ins are known; None: nothing is known."""
    registered_at: Instant | None = None
    """When the account was created: nobody signed in before."""
    ended_at: Instant | None = None
    """When all sessions were last ended, by Lastseen or by an administrator."""
    authorised_at: Instant | None = None
    """When the person last authorised an application (OAuth). Its refresh tokens are renewed with
    every use, and neither a sign-out nor a limit ends them (ClientMapper.java)."""


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that may be open, or may have been."""

    until: Instant | None
    """Not later than this; None: no end is known."""
    was_ended: bool = False
    """Whether somebody ended it, and not time."""

    def is_open(self, policy: Policy, now: Instant) -> bool:
        """Return whether somebody may have used it within the time that the policy counts.

        A person who was signed out has `return_days` to sign in again; a session that expired must
        have done so before the window.
        """
        if self.until is None:
            return True
        if self.was_ended:
            return now < policy.may_return_until(self.until)
        return self.until >= policy.window_start(now)


def possible_sessions(
    trace: SessionTrace, limits: SessionLimits, *, now: Instant
) -> tuple[OpenSession, ...]:
    """Return the sessions that may have existed, begun by known or by unknown sign-ins."""
    if trace.authorised_at is not None:
        return (OpenSession(until=None),)
    begins = [] if trace.signed_in_at is None else [trace.signed_in_at]
    known_since = trace.known_since or now
    if trace.registered_at is None or trace.registered_at < known_since:
        begins.append(known_since)  # somebody may have signed in just before
    return tuple(session for begin in begins for session in _sessions_begun(begin, trace, limits))


def open_sessions(
    sessions: Iterable[OpenSession], *, policy: Policy, now: Instant
) -> tuple[OpenSession, ...]:
    """Return those of `sessions` in which somebody may have been active unseen."""
    return tuple(session for session in sessions if session.is_open(policy, now))


def return_until(
    sessions: Iterable[OpenSession], *, policy: Policy, now: Instant
) -> Instant | None:
    """Return until when a person whose open sessions were all ended may sign in again, or None."""
    still = open_sessions(sessions, policy=policy, now=now)
    if not still or any(session.until is None or not session.was_ended for session in still):
        return None
    return sessions_end(still, policy=policy, now=now)


def sessions_end(
    sessions: Iterable[OpenSession], *, policy: Policy, now: Instant
) -> Instant | None:
    """Return when the last open session no longer counts; None if there is none, or no end."""
    still = open_sessions(sessions, policy=policy, now=now)
    if any(session.until is None for session in still):
        return None
    return max((_clears(session, policy) for session in still), default=None)


def ruling_on_sessions(
    ruling: Ruling,
    sessions: Iterable[OpenSession],
    *,
    policy: Policy,
    now: Instant,
    can_be_ended: bool,
) -> Ruling:
    """Return the ruling that replaces one to disable, given that a session may still be open."""
    still = open_sessions(sessions, policy=policy, now=now)
    if not still:
        return ruling
    verdict, reason, explanation = ruling
    if policy.open_sessions == "report":
        return verdict, reason, f"{explanation} {MAY_BE_OPEN}"
    if any(session.until is None for session in still):
        return _held(f"{explanation} {_APPLICATION}")
    returns = return_until(still, policy=policy, now=now)
    if returns is not None:
        return _held(f"{explanation} Signed out; has until {utc_date(returns)} to sign in again.")
    clears = max(_clears(session, policy) for session in still)
    if policy.open_sessions == "sign-out" and can_be_ended:
        explained = f"{explanation} {MAY_BE_OPEN} The sessions are ended first."
        return Verdict.SIGN_OUT, Reason.SESSION_MAY_BE_OPEN, explained
    missing = "" if policy.open_sessions == "hold" else f" {_NO_RIGHT}"
    return _held(f"{explanation} {MAY_BE_OPEN} Clears on {utc_date(clears)}.{missing}")


def _held(explanation: str) -> Ruling:
    return Verdict.HOLD, Reason.SESSION_MAY_BE_OPEN, explanation


def _clears(session: OpenSession, policy: Policy) -> Instant:
    """Return when a session no longer counts."""
    until = session.until or EPOCH
    if session.was_ended:
        return policy.may_return_until(until)
    return after(until, days(policy.inactive_days))


def _sessions_begun(
    begin: Instant, trace: SessionTrace, limits: SessionLimits
) -> tuple[OpenSession, ...]:
    """Return how long a session can have lasted that began at `begin`, by each reading of the log.

    An entry that seems to set the limit may be about something else, with the limit in force all
    along: then it ended nothing.
    """
    lived_out = after(begin, limits.longest)
    if limits.minutes is None or limits.limited_since is None:
        return (_session(begin, lived_out, trace.ended_at),)
    life = timedelta(minutes=limits.minutes)
    if begin < limits.limited_since and limits.was_set:
        ended = [at for at in (trace.ended_at, limits.limited_since) if at and at >= begin]
        return (
            _session(begin, lived_out, min(ended)),
            _session(begin, min(lived_out, after(begin, life)), trace.ended_at),
        )
    expires = after(max(begin, limits.limited_since), life)
    return (_session(begin, min(lived_out, expires), trace.ended_at),)


def _session(begin: Instant, lived_out: Instant, ended: Instant | None) -> OpenSession:
    """Return a session that was ended, if that was within its life."""
    if ended is not None and begin <= ended < lived_out:
        return OpenSession(until=ended, was_ended=True)
    return OpenSession(until=lived_out)

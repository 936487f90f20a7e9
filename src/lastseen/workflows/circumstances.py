"""What matters about people who would be disabled, besides their own log entries.

API keys, administrators' actions, how long sessions live, and whether a log has stopped. Read once
per review, and only if somebody would be disabled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

import msgspec

from lastseen.docspace.interface import FORBIDDEN, KeyUse, OwnKey, Portal, SessionSettings
from lastseen.evidence.administration import (
    PASSWORD_SET,
    SESSION_SETTINGS_CHANGED,
    SESSIONS_ENDED,
    STATUS_SET,
    Administration,
    invitations,
    read_administration,
)
from lastseen.execution.history import read_history
from lastseen.ledger import PortalLedger
from lastseen.ledger.stores.retention import RetentionNote
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import EPOCH, Instant, before, days, whole_second
from lastseen.model.plan import Cohort, Policy
from lastseen.model.progress import Progress
from lastseen.model.sighting import EvidenceKind
from lastseen.open_sessions import (
    LONGEST_SESSION,
    SessionLimits,
    SessionTrace,
    possible_sessions,
)
from lastseen.subject import PersonEvidence, Subject
from lastseen.workflows.log_silences import (
    LogSilences,
    paused_in_words,
    resumed_at,
    stopped_in_words,
)

_T = TypeVar("_T")


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, for everyone."""

    administration: Administration = Administration()
    """What administrators did."""
    key_uses: Mapping[UserId, Instant] = {}
    """When each person's API keys were last used."""
    limits: SessionLimits = SessionLimits()
    """How long sessions live."""
    session_minutes: int | None = None
    """The setting as the portal reports it."""
    can_end_sessions: bool = True
    """Whether the key may end other people's sessions."""
    signed_out: Mapping[UserId, Instant] = {}
    """When Lastseen last ended each person's sessions, or saw the account disabled."""
    silences: LogSilences
    """When the logs had stopped."""

    def with_presence(
        self, evidence: PersonEvidence, profile: Profile, *, now: Instant
    ) -> PersonEvidence:
        """Return what is known about a person, including what may keep them by itself."""
        return msgspec.structs.replace(
            evidence,
            key_used_at=self.key_uses.get(profile.id),
            status_set_at=self.administration.last_done(STATUS_SET, profile.id, now),
            invited_at=self.administration.last_invited(profile, now),
        )

    def added_to(
        self,
        evidence: PersonEvidence,
        subject: Subject,
        trace: SessionTrace,
        *,
        inactive_days: int,
        now: Instant,
    ) -> PersonEvidence:
        """Return what is known about a person, including these circumstances.

        `trace`: what the sign-in log shows of their sessions; `inactive_days`: their window.
        """
        profile = subject.profile
        if profile is None:
            return evidence
        done = self.administration.last_done
        trace = msgspec.structs.replace(
            trace,
            known_since=self._sign_ins_known_since(trace, now),
            registered_at=whole_second(profile.registered_at) if profile.registered_at else None,
            ended_at=_newest(
                self.signed_out.get(profile.id), done(SESSIONS_ENDED, profile.id, now)
            ),
        )
        never_activated = (
            profile.status is AccountStatus.PENDING
            and not profile.was_activated
            and evidence.sighting is None
        )
        proven = evidence.proven_since
        silences = self.silences.within(inactive_days)
        resumed = resumed_at(silences.values(), now)
        cut = proven is not None and resumed is not None and resumed > proven
        return msgspec.structs.replace(
            self.with_presence(evidence, profile, now=now),
            sessions=() if never_activated else possible_sessions(trace, self.limits, now=now),
            sessions_can_be_ended=self.can_end_sessions,
            silence=stopped_in_words(silences),
            pause=paused_in_words(silences) if cut else None,
            proven_since=resumed if cut else proven,
        )

    def _sign_ins_known_since(self, trace: SessionTrace, now: Instant) -> Instant | None:
        """Return since when every sign-in is known: not while the log had stopped."""
        silence = self.silences.of(EvidenceKind.SIGN_IN)
        if trace.known_since is None or silence.since is not None:
            return None
        return _newest(trace.known_since, resumed_at([silence], now))


class PortalAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What the portal answered, before it is known whether a log had stopped."""

    administration: Administration
    """What administrators did."""
    sessions: SessionSettings | None
    """How long sessions live; None if the key may not read it."""
    keys: tuple[KeyUse, ...]
    """When each API key was last used."""
    can_end_sessions: bool
    """Whether the key may end other people's sessions."""


async def read_circumstances(
    portal: Portal,
    *,
    policy: Policy,
    now: Instant,
    to_pending: bool,
    is_contradicted: bool,
    progress: Progress,
) -> PortalAnswers:
    """Ask the portal what matters about people who would be disabled.

    What the key may not read is noted and counts against disabling. A refused list of API keys is
    an error: it would make whoever comes by key only look absent, and a key that reads the logs may
    read it in every release (AuthorizationExtension.cs). A portal in trouble answers 403 as well
    (ResponseWrapper.cs). `to_pending`: whether some of
    them never accepted an invitation, which may have been sent again. `is_contradicted`: whether
    any answer lacked something that another one had, so that more answers are needed. Raises
    PortalError if the portal can't be read at all.
    """
    questions = (
        _readable(portal.session_settings(), progress),
        _key_uses(portal, is_contradicted=is_contradicted),
        _own_key_where_it_matters(portal, policy, progress),
        read_administration(
            portal,
            _acts_wanted(policy, now, to_pending=to_pending),
            is_contradicted=is_contradicted,
        ),
    )
    sessions, keys, own, administration = await asyncio.gather(*questions)
    return PortalAnswers(
        administration=administration,
        sessions=sessions,
        keys=keys,
        can_end_sessions=own is None or own.ends_sessions,
    )


async def _own_key_where_it_matters(
    portal: Portal, policy: Policy, progress: Progress
) -> OwnKey | None:
    """Return the key's scopes if some rule ends sessions, which needs a right; else None."""
    if all(rules.open_sessions != "sign-out" for rules in _all_rules(policy)):
        return None
    return await _readable(portal.own_key(), progress)


def circumstances_from(
    answers: PortalAnswers,
    *,
    policy: Policy,
    now: Instant,
    signed_out: Mapping[UserId, Instant],
    longest_session: timedelta = LONGEST_SESSION,
    trail_known_since: Instant | None,
    silences: LogSilences,
) -> Circumstances:
    """Return what `answers` and the pauses of the logs mean for everyone.

    `signed_out`: when the ledger knows each person's sessions to have been ended;
    `trail_known_since`: since when the trail is kept and written, None if it has stopped.
    """
    return Circumstances(
        administration=answers.administration,
        key_uses=_newest_uses(answers.keys),
        limits=limits_known(
            answers.sessions,
            answers.administration,
            asked_since=_sessions_since(policy, now),
            trail_known_since=trail_known_since,
            longest=longest_session,
        ),
        session_minutes=answers.sessions.minutes if answers.sessions else None,
        can_end_sessions=answers.can_end_sessions,
        signed_out=signed_out,
        silences=silences,
    )


async def _key_uses(portal: Portal, *, is_contradicted: bool) -> tuple[KeyUse, ...]:
    uses = await portal.key_uses()
    return (*uses, *await portal.key_uses()) if is_contradicted else uses


def longest_window(policy: Policy) -> int:
    """Return the longest absence, in days, that the policy or one of its cohorts requires."""
    return _longest(policy, lambda rules: rules.inactive_days)


def spares_open_sessions(policy: Policy) -> bool:
    """Return whether the policy spares anyone whose session may be open."""
    return any(rules.open_sessions not in (None, "report") for rules in _all_rules(policy))


def _acts_wanted(policy: Policy, now: Instant, *, to_pending: bool) -> dict[int, Instant]:
    """Return which actions matter and since when: no more than the rules need."""
    pending = _longest(policy, lambda rules: rules.pending_days)
    invited_since = before(now, days(max(longest_window(policy), pending)))
    wanted = {
        STATUS_SET: before(now, days(max(policy.reinstated_grace_days, 1))),
        **dict.fromkeys(invitations(to_pending=to_pending), invited_since),
    }
    if spares_open_sessions(policy):
        since = _sessions_since(policy, now)
        acts = (STATUS_SET, SESSION_SETTINGS_CHANGED, SESSIONS_ENDED, PASSWORD_SET)
        wanted |= dict.fromkeys(acts, since)
    return wanted


def _sessions_since(policy: Policy, now: Instant) -> Instant:
    """Return the earliest start of a session that can reach into the window."""
    return before(now, days(longest_window(policy)) + LONGEST_SESSION)


def _all_rules(policy: Policy) -> tuple[Policy | Cohort, ...]:
    return (policy, *policy.cohorts)


def _longest(policy: Policy, days_of: Callable[[Policy | Cohort], int | None]) -> int:
    """Return the largest number of days that the policy or a cohort sets for one key."""
    return max(filter(None, map(days_of, _all_rules(policy))))


def limits_known(
    settings: SessionSettings | None,
    administration: Administration,
    *,
    asked_since: Instant,
    trail_known_since: Instant | None,
    longest: timedelta = LONGEST_SESSION,
) -> SessionLimits:
    """Return how long sessions live, and since when that is known to apply.

    A limit counts only for as long as the trail would show a change to it: at most since
    `asked_since`, while the trail is kept and written (`trail_known_since`), and within the entries
    that it shows.
    """
    minutes = settings.minutes if settings else None
    if (
        minutes is None
        or trail_known_since is None
        or SESSION_SETTINGS_CHANGED not in administration.acts
    ):
        return SessionLimits(minutes=minutes, longest=longest)
    shown_since = max(asked_since, trail_known_since, administration.shown_since)
    changed = administration.session_settings_changed()
    was_set = changed is not None and changed >= shown_since
    return SessionLimits(
        minutes=minutes,
        limited_since=changed if was_set else shown_since,
        was_set=was_set,
        longest=longest,
    )


async def _readable(asked: Awaitable[_T], progress: Progress) -> _T | None:
    """Return the answer, or None with a note if the key may not read it."""
    try:
        return await asked
    except PortalRefused as error:
        if error.status != FORBIDDEN:
            raise
        progress.note(f"{error.found}: {error.meaning} {error.remedy}")
        return None


def _newest_uses(keys: Iterable[KeyUse]) -> dict[UserId, Instant]:
    uses: dict[UserId, Instant] = {}
    for key in keys:
        if key.last_used_at is not None:
            uses[key.owner] = max(key.last_used_at, uses.get(key.owner, EPOCH))
    return uses


def _newest(*moments: Instant | None) -> Instant | None:
    return max((moment for moment in moments if moment is not None), default=None)


def ended_sessions(ledger: PortalLedger) -> dict[UserId, Instant]:
    """Return when each person's sessions were ended, as far as the ledger knows.

    Either by Lastseen, or because the account was disabled in between.
    """
    ended = dict(ledger.accounts.reinstated())
    for person, at in read_history(ledger.journal.entries()).signed_out.items():
        ended[person] = max(at, ended.get(person, EPOCH))
    return ended


def longest_session(lifetimes: Sequence[RetentionNote], policy: Policy, now: Instant) -> timedelta:
    """Return the longest life of a session in the window: until its sign-in event is deleted."""
    start = before(now, days(longest_window(policy)))
    if not lifetimes or lifetimes[0].at > start:
        return LONGEST_SESSION
    then = [note for note in lifetimes if note.at <= start][-1:]
    since = [note for note in lifetimes if note.at > start]
    return days(max(note.sign_in_days for note in (*then, *since)) + 1)

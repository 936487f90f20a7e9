"""Which evidence the decisions on a roster still wait for. Pure.

The sign-in log is read for everyone undecided. What else is needed depends on what it shows: the
trail is asked about those whom the sign-in log alone would disable, and older dates are looked up
for those about to be disabled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.instant import Instant, before, days, whole_second
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind, Sighting
from lastseen.open_sessions import LONGEST_SESSION
from lastseen.policy import decide, needs_logs
from lastseen.subject import PersonEvidence, Subject

Known = Callable[[UserId, Sequence[EvidenceKind]], PersonEvidence]
"""Returns what is known about a person, counting as proven what the given logs prove."""


def undecided_without_logs(
    subjects: Iterable[Subject], *, policy: Policy, now: Instant
) -> dict[UserId, Subject]:
    """Return those of `subjects` on whom only the logs can decide, by id."""
    return {
        subject.profile.id: subject
        for subject in subjects
        if subject.profile and needs_logs(subject, policy=policy, now=now)
    }


_BY_ABSENCE = frozenset(
    {
        Reason.INACTIVE,
        Reason.NEVER_SEEN,
        Reason.INVITATION_NOT_ACCEPTED,
        Reason.SESSION_MAY_BE_OPEN,
    }
)


def rests_on_absence(decision: Decision) -> bool:
    """Return whether `decision` claims that the logs do not show the person."""
    return decision.reason in _BY_ABSENCE


class EvidenceNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the decisions on some people still need."""

    undecided: Mapping[UserId, Subject]
    """The people on whom only the logs can decide."""
    known: Known
    """What is known of each so far."""
    sighting: Callable[[UserId], Sighting | None]
    """The newest sighting of each in the logs that count: a quick part of what is known."""
    policy: Policy
    """The policy that decides."""
    now: Instant
    """The instant that the decisions are for."""

    def people_to_ask_the_trail(self, trail_lifetime: timedelta) -> set[UserId]:
        """Return those whose activity matters; `trail_lifetime`: how long the portal keeps it.

        These are those whom the sign-in log alone would disable; everyone if it doesn't count. If
        the policy keeps those never seen, also those: the trail may have seen them. If the portal
        deletes its trail before the window is over, also those who have not been seen for half its
        lifetime: when they are due, the ledger must know the entries that are deleted by then.
        """
        if not self._other_than_trail:
            return set(self.undecided)
        due = self._due(self._other_than_trail, self.undecided) | self._possibly_never_seen()
        recent = before(self.now, trail_lifetime / 2)
        due |= {
            person
            for person, subject in self.undecided.items()
            if trail_lifetime < days(subject.own_policy(self.policy).inactive_days)
            and not self._is_seen_since(person, recent)
        }
        return due

    def people_whose_date_decides(self) -> set[UserId]:
        """Return those for whom it must be known whether they were ever seen."""
        return self._possibly_never_seen()

    def people_whose_sessions_decide(self) -> dict[UserId, Instant]:
        """Return those about to be disabled unless a session may be open, and what that needs.

        For each, the instant since which their sign-ins must be known: as long ago as a session can
        have begun that reaches into the window, but not before their account was created. A limit
        of the portal does not shorten that, since an application that was authorised then (OAuth)
        outlives it. Nobody if open sessions are only reported.
        """
        limited = {
            person: subject
            for person, subject in self.undecided.items()
            if subject.own_policy(self.policy).open_sessions != "report"
        }
        return {
            person: self._first_session(limited[person])
            for person in self._due(self._kinds, limited)
        }

    def people_to_date(self) -> set[UserId]:
        """Return those about to be disabled: the date of their last sighting must be shown."""
        return self._due(self._kinds, self.undecided)

    @property
    def _kinds(self) -> list[EvidenceKind]:
        return [EvidenceKind(kind) for kind in self.policy.evidence]

    @property
    def _other_than_trail(self) -> list[EvidenceKind]:
        return [kind for kind in self._kinds if kind is not EvidenceKind.ACTIVITY]

    def _due(self, kinds: Sequence[EvidenceKind], people: Mapping[UserId, Subject]) -> set[UserId]:
        """Return those of `people` whom the given logs would disable."""
        general = self.policy.window_start(self.now)
        absent = (
            (person, subject)
            for person, subject in people.items()
            if not self._is_seen_since(person, self._window(subject) if subject.policy else general)
        )
        return {
            person
            for person, subject in absent
            if decide(subject, self.known(person, kinds), policy=self.policy, now=self.now).decision
            is Verdict.DISABLE
        }

    def _possibly_never_seen(self) -> set[UserId]:
        """Return those absent over the window and not seen before, if the policy keeps them.

        Absent according to the sign-in log, or to the trail if the sign-in log doesn't count.
        """
        kinds = self._other_than_trail or self._kinds
        return {
            person
            for person, subject in self.undecided.items()
            if subject.own_policy(self.policy).never_seen == "keep"
            and _is_absent(self.known(person, kinds), self._window(subject))
        }

    def _first_session(self, subject: Subject) -> Instant:
        begun = before(self._window(subject), LONGEST_SESSION)
        registered = subject.profile.registered_at if subject.profile else None
        return max(begun, whole_second(registered)) if registered else begun

    def _window(self, subject: Subject) -> Instant:
        return subject.own_policy(self.policy).window_start(self.now)

    def _is_seen_since(self, person: UserId, since: Instant) -> bool:
        last = self.sighting(person)
        return last is not None and last.at >= since


def _is_absent(evidence: PersonEvidence, window: Instant) -> bool:
    """Return whether nothing was ever seen, with all entries known since `window`."""
    since = evidence.proven_since
    return evidence.sighting is None and since is not None and since <= window

"""The plan: what a review decided, in the form that `apply` carries out.

Its JSON form is a contract (`lastseen.plan/1`); `plan_document` reads and writes it.
"""

from datetime import timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.instant import Instant, after, before, days, whole_second

PLAN_SCHEMA = "lastseen.plan/1"
"""The name and version of the plan's JSON form."""

Filters = Literal["before-window", "after-window", "ignored"]
"""How the portal treats filters of the sign-in log."""


NeverSeen = Literal["grace", "disable", "keep"]
"""What happens to contractors who were never seen."""

OpenSessions = Literal["report", "sign-out", "hold"]
"""What happens to contractors who may still be signed in."""

ContractEnd = Literal["disable", "report"]
"""What happens to contractors whose contract has ended."""


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """People to whom some rules of their own apply (`[[policy.for]]`).

    Every condition given must match; whatever is None is as in the general policy.
    """

    name: str
    """The cohort's name, shown in explanations."""
    email_domains: tuple[str, ...] = ()
    """Condition: the address is in one of these domains; `.example.com` includes subdomains."""
    groups: tuple[str, ...] = ()
    """Condition: a member of one of these groups, by id."""
    sponsors: tuple[str, ...] = ()
    """Condition: one of these people invited or answers for the contractor."""
    kind: str | None = None
    """Condition: what the roster says in its column `kind`."""
    inactive_days: int | None = None
    """Replaces `inactive_days` for this cohort."""
    never_seen: NeverSeen | None = None
    """Replaces `never_seen`."""
    open_sessions: OpenSessions | None = None
    """Replaces `open_sessions`."""
    return_days: int | None = None
    """Replaces `return_days`."""
    pending_days: int | None = None
    """Replaces `pending_days`."""
    contract_end: ContractEnd | None = None
    """Replaces `contract_end`."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename={"cohorts": "for"}):
    """The rules by which a review decides; times in days of 24 hours."""

    inactive_days: int = 30
    """Disable anyone last seen at least this many days (24 h each) ago."""
    lookback_days: int = 180
    """How far back to look for the last-seen date to show; at least `inactive_days`."""
    never_seen: NeverSeen = "grace"
    """Anyone never seen: `grace` counts from registration; or `disable`, or `keep`."""
    evidence: tuple[Literal["sign-in", "activity"], ...] = ("sign-in", "activity")
    """Which logs prove presence; `sign-in` must be among them."""
    open_sessions: OpenSessions = "report"
    """Anyone due who may still be signed in: `report` disables and marks them, `sign-out` ends
    their sessions first, `hold` waits."""
    return_days: int | None = None
    """How long people who were signed out have to sign in again; not set: `inactive_days`."""
    reinstated_grace_days: int = 14
    """How long a reinstated person is kept, whatever the logs say."""
    pending_days: int = 30
    """Disable an account whose invitation nobody has accepted for this many days."""
    contract_end: ContractEnd = "disable"
    """Anyone whose `end_date` has passed: `disable`, or only `report`."""
    unknown_guests: Literal["report", "disable"] = "report"
    """The portal's guests who are on no outside roster: `report` or `disable`."""
    cohorts: tuple[Cohort, ...] = ()
    """Rules for groups of people; the first cohort that matches applies."""

    @property
    def return_within_days(self) -> int:
        """How many days a person who was signed out has to sign in again."""
        return self.inactive_days if self.return_days is None else self.return_days

    def reinstated_until(self, reinstated_at: Instant) -> Instant:
        """Return until when a person reinstated at `reinstated_at` is kept, whatever the logs say.

        By Lastseen, or by an administrator who set the status.
        """
        return after(reinstated_at, days(self.reinstated_grace_days))

    def pending_until(self, invited_at: Instant) -> Instant:
        """Return until when an account is kept whose invitation nobody has accepted."""
        return after(invited_at, days(self.pending_days))

    def may_return_until(self, signed_out_at: Instant) -> Instant:
        """Return until when a person whose sessions were ended has time to sign in again."""
        return after(signed_out_at, days(self.return_within_days))

    def window_start(self, now: Instant) -> Instant:
        """Return the first second at which a sighting keeps a contractor.

        Idle for `inactive_days` to the second is too long; the logs keep whole seconds.
        """
        return _first_second_within(now, self.inactive_days)

    def lookback_start(self, now: Instant) -> Instant:
        """Return the first second of the time in which a date to show is looked for."""
        return _first_second_within(now, self.lookback_days)


class Population(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who was on the roster: the source, how many, and a digest that an auditor can recompute."""

    source: str
    """The roster's source: `guests`, `csv` or another name."""
    query: str
    """The roster's query, without any secret."""
    listed: int
    """Contractors on the roster."""
    matched: int
    """Those of them with an account on the portal."""
    portal_total: int | None
    """Guests on the portal; null if they were not listed."""
    unlisted: int | None = None
    """Guests on no roster who are decided on as well; left out if there are none."""
    read_at: Instant
    """When the roster was read."""
    sha256: str
    """Digest over the sorted roster."""


class EvidenceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence for the decisions of a plan, in figures."""

    complete: bool
    """Whether coverage reaches back over the whole inactivity window."""
    covered_since: Instant | None
    """Since when the sign-in log is known without a gap; null if nothing is known."""
    filters: Filters
    """How the portal treats filters of the sign-in log."""
    retention_days: int | None
    """For how many days the portal keeps its sign-in log; null if it doesn't say."""
    session_minutes: int | None = None
    """The longest life of a session in minutes; null if there is no limit or it is unknown."""
    requests: int
    """Requests that the review took."""
    events: int
    """Events that it read."""


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How many people got each decision."""

    disable: int = 0
    sign_out: int = 0
    keep: int = 0
    hold: int = 0
    skip: int = 0


class DueSoon(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is kept today and will be disabled if not seen."""

    user_id: UserId
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    display_name: str | None
    """The name."""
    sponsor: str | None
    """Who invited or answers for them."""
    due_at: Instant
    """From when a review would disable them."""
    reason: Reason
    """Why."""


class Soon(msgspec.Struct, frozen=True, kw_only=True):
    """Who will be due within the next days."""

    days: int
    """How many days ahead the review looked."""
    people: tuple[DueSoon, ...]
    """Those due by then, the earliest first."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """What a review decided about everyone on a roster."""

    schema: str = PLAN_SCHEMA
    """Name and version of the JSON form."""
    plan_id: str
    """Unique id; also the id of the review in the ledger."""
    digest: str = ""
    """`sha256:` and the hex digest over the canonical form without this field."""
    portal: str
    """The portal's address."""
    created_at: Instant
    """When the plan was made, by the machine's clock."""
    now: Instant
    """The instant that the decisions are for; differs from `created_at` only with `--now`."""
    policy: Policy
    """The rules that decided."""
    population: Population | None = None
    """Who was on the roster; null in plans that were made without one."""
    soon: Soon | None = None
    """Who will be due soon; null if `--soon` was not given."""
    evidence: EvidenceSummary
    """The evidence for the decisions, in figures."""
    decisions: tuple[Decision, ...]
    """One for each contractor, those to be disabled first."""
    summary: PlanSummary
    """How many people got each decision."""

    @property
    def pretended(self) -> bool:
        """Whether the plan is for another instant than the one it was made at."""
        return bool(self.now != self.created_at)

    def to_disable(self) -> tuple[Decision, ...]:
        """Return the decisions that take access away."""
        return tuple(d for d in self.decisions if d.decision is Verdict.DISABLE)

    def to_sign_out(self) -> tuple[Decision, ...]:
        """Return the decisions that end sessions."""
        return tuple(d for d in self.decisions if d.decision is Verdict.SIGN_OUT)

    def unresolved_holds(self) -> tuple[Decision, ...]:
        """Return the holds that need somebody's attention.

        Those who were signed out and have time to return are not among them: time decides.
        """
        return tuple(
            d for d in self.decisions if d.decision is Verdict.HOLD and d.return_until is None
        )


def summarise(decisions: tuple[Decision, ...]) -> PlanSummary:
    """Count the decisions by verdict."""
    counts = {verdict.value: 0 for verdict in Verdict}
    for decision in decisions:
        counts[decision.decision.value] += 1
    return PlanSummary(**{verdict.replace("-", "_"): count for verdict, count in counts.items()})


@lru_cache(maxsize=16)  # a review asks for every person, always the same
def _first_second_within(now: Instant, last_days: int) -> Instant:
    return after(whole_second(before(now, days(last_days))), timedelta(seconds=1))

"""A case of the campaign as one value: a portal, its people, their past, its faults, what is done.

Everything is explicit and small, so that a failure can be shrunk by leaving things out and written
down as a test. Ages are in seconds before the case's start; a negative age lies after it.
"""

from datetime import datetime
from typing import Literal

import msgspec

from lastseen.simulator.endpoints.dates import DateWriter

DAY = 86_400
CLOCK_TOLERANCE = 300
"""By how many seconds the clocks may differ before nobody is decided on."""

Log = Literal["sign-in", "trail"]
Evidence = Literal["sign-in", "activity"]
Mode = Literal["before-window", "after-window", "ignored"]
Release = Literal["3.1", "3.5", "3.6", "3.7"]
RELEASES: tuple[Release, ...] = ("3.1", "3.5", "3.6", "3.7")
OpenSessions = Literal["report", "hold", "sign-out"]
OPEN_SESSIONS: tuple[OpenSessions, ...] = ("report", "hold", "sign-out")
MODES: tuple[Mode, ...] = ("before-window", "after-window", "ignored")


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one person."""

    log: Log
    age: int
    """How long before the start it happened; negative for one that is still to come."""
    action: int
    written_after: int = 0
    """trail: so many seconds later the portal writes it."""
    dated_ahead: int = 0
    """By how much its date is ahead of when it happened: a wrong clock."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Visits on which somebody only reads, which no log shows; ages are before the start."""

    every: int
    """Seconds from one visit to the next."""
    last_age: int
    """The newest visit before the start."""
    signed_in_age: int | None = None
    """When the session of that visit began; None: they come by a key or an application."""
    ends: bool = False
    """Whether that visit was the last of all."""
    door: Literal["session", "oauth", "api-key"] = "session"


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator did to a person before the start, which the trail tells at once."""

    what: Literal["reinstated", "invited", "activation-sent"]
    """reinstated: disabled a while before and put back, all by hand."""
    age: int


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A time over which nothing reaches a log; ages are before the start."""

    log: Log
    age: int
    """When it stopped; negative where it stops after the start."""
    until_age: int | None = None
    """When it was written again; None: never."""


class PersonCase(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on the roster, or on the portal only."""

    number: int
    kind: str
    """What the history is like; for the reader only."""
    events: tuple[Happening, ...] = ()
    registered_age: int = 400 * DAY
    type: Literal["guest", "user", "room-admin", "admin"] = "guest"
    status: Literal["active", "terminated", "pending"] = "active"
    is_ldap: bool = False
    exempt: bool = False
    contract_ended: bool = False
    reading: Reading | None = None
    signed_out_age: int | None = None
    """When an administrator ended all their sessions before the start."""
    done: tuple[Doing, ...] = ()
    """What else an administrator did to them before the start."""
    on_roster: bool = True
    """csv rosters: whether a row names them."""


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody else did: staff who come and go, drawn from a seed of its own."""

    sign_ins: int = 0
    """Events in the sign-in log, failed ones included."""
    trail: int = 0
    """Events in the trail."""
    days: int = 180
    """Over how long a past they are spread."""
    ahead: int = 0
    """Sign-ins whose date lies ahead of the start by up to an hour."""
    a_day: int = 0
    """Sign-ins a day after the start, and as much work."""


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """Many sign-ins, or entries of the trail, within one second."""

    log: Log
    age: int
    size: int


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of the case."""

    inactive_days: int = 30
    lookback_days: int = 180
    never_seen: Literal["grace", "disable", "keep"] = "grace"
    evidence: tuple[Evidence, ...] = ("sign-in", "activity")
    open_sessions: OpenSessions = "report"
    return_days: int | None = None
    """For how long somebody who was signed out may take to come back; None: `inactive_days`."""
    log_silence_days: int = 36_500
    """After so many days without an entry a log has stopped; by default no log has."""
    pending_days: int = 30
    """An invitation that nobody accepted ends after so many days."""


class Review(msgspec.Struct, frozen=True, kw_only=True, tag="review"):
    """Review the roster."""

    cancelled_at: int | None = None
    """The number of the request at which the review is cut off."""
    switches: tuple[tuple[int, Mode], ...] = ()
    """At which requests the portal changes its ways, and to which."""
    twice: bool = False
    """Whether two processes review at the same time, with one ledger."""


class Wait(msgspec.Struct, frozen=True, kw_only=True, tag="wait"):
    """Let time pass."""

    seconds: int


class Switch(msgspec.Struct, frozen=True, kw_only=True, tag="switch"):
    """Have the portal change its ways between two reviews."""

    mode: Mode


class Keep(msgspec.Struct, frozen=True, kw_only=True, tag="keep"):
    """Have an administrator set how long the logs are kept, which the trail notes."""

    sign_in_days: int
    trail_days: int


class SetStatus(msgspec.Struct, frozen=True, kw_only=True, tag="set-status"):
    """Have an administrator disable or put back a person by hand."""

    number: int
    status: Literal["active", "terminated"]


class SignOut(msgspec.Struct, frozen=True, kw_only=True, tag="sign-out"):
    """Have an administrator end all sessions of a person."""

    number: int


class Apply(msgspec.Struct, frozen=True, kw_only=True, tag="apply"):
    """Carry the last plan out."""


Step = Review | Wait | Switch | Keep | SetStatus | SignOut | Apply


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One portal and what is done with it."""

    seed: int
    start: int = 1_780_000_000
    """In seconds since 1970."""
    zone: str = "UTC"
    people: tuple[PersonCase, ...] = ()
    crowd: Crowd = Crowd()
    ties: tuple[Tie, ...] = ()
    outages: tuple[Outage, ...] = ()
    mode: Mode = "after-window"
    sign_in_days: int = 180
    trail_days: int = 180
    earlier_keep: tuple[int, int] | None = None
    """Before the start the sign-in log was once kept so many days, until so many seconds ago."""
    latency: float = 0.02
    machine_ahead: float = 0.0
    """By how many seconds the machine's clock is ahead of the portal's."""
    faults: dict[str, float] = {}
    rules: Rules = Rules()
    release: Release = "3.7"
    session_minutes: int | None = None
    """How long a session lives; None: until its sign-in event is deleted."""
    limited_age: int | None = None
    """When that limit was set, which ended every session; None: it always held."""
    roster: Literal["guests", "csv"] = "guests"
    per_minute: int | None = None
    """How many requests a minute the portal takes; None: any number."""
    is_hidden: bool = False
    """Whether the portal's login history is switched off."""
    steps: tuple[Step, ...] = (Review(),)

    @property
    def clocks_differ(self) -> bool:
        """Whether the clocks differ by so much that nobody may be decided on."""
        return abs(self.machine_ahead) > CLOCK_TOLERANCE

    @property
    def is_disturbed(self) -> bool:
        """Whether anything goes wrong, or changes, while the logs are read."""
        return bool(self.faults or self.per_minute) or any(
            isinstance(step, Review) and (step.switches or step.cancelled_at is not None)
            for step in self.steps
        )


def shown_at(case: Case, moment: float) -> float:
    """Return when something that happened at `moment` was, by the date that the portal shows."""
    return datetime.fromisoformat(DateWriter(case.zone).of_event(int(moment))).timestamp()

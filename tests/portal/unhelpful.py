"""A small portal made by hand, and the product reviewing it through its real client.

Time is virtual: the portal's clock and the machine's go by the same loop.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.plan import Plan, Policy
from lastseen.rosters import RosterOptions, open_roster
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import EmployeeType, Kind, Person
from lastseen.simulator.world.scenario import Happening, scenario_of
from lastseen.workflows.review import review
from testing.in_process import InProcess, VirtualTime
from testing.quiet import QUIET_LOGS

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SIGN_IN, FAILURE, SIGN_OUT, SESSION, UNKNOWN = 1000, 1002, 1006, 1016, 1031
FILE_OPENED, LIFETIME_CHANGED = 5064, 6035
ADMIN, STAFF = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


def guid(number: int) -> str:
    return f"00000000-0000-4000-9000-{number:012d}"


def ago(*, days: float = 0, seconds: float = 0) -> datetime:
    return NOW - timedelta(days=days, seconds=seconds)


@dataclass
class Built:
    """People and events, to be added to until the portal is opened."""

    people: list[Person] = field(default_factory=list)
    logins: list[Happening] = field(default_factory=list)
    trail: list[Happening] = field(default_factory=list)
    ledger_url: str = "sqlite://"
    opened: list[Ledger] = field(default_factory=list)

    def __post_init__(self) -> None:
        for user_id, kind, owner in ((ADMIN, Kind.OWNER, True), (STAFF, Kind.STAFF, False)):
            self.people.append(
                Person(
                    id=user_id,
                    kind=kind,
                    first_name="Employee",
                    last_name=user_id[-1],
                    email=f"employee.{user_id[-1]}@example.com",
                    employee_type=EmployeeType.DOCSPACE_ADMIN if owner else EmployeeType.USER,
                    registered=int(ago(days=900).timestamp()),
                    is_owner=owner,
                )
            )

    def guest(self, *, registered_days: float = 400, **more: Any) -> str:
        number = len(self.people)
        self.people.append(
            Person(
                id=guid(number),
                kind=Kind.WEEKLY,
                first_name="Contractor",
                last_name=str(number),
                email=f"contractor.{number}@example.org",
                employee_type=EmployeeType.GUEST,
                registered=int(ago(days=registered_days).timestamp()),
                created_by=ADMIN,
                **more,
            )
        )
        return guid(number)

    def signs_in(self, who: str, when: datetime, action: int = SIGN_IN) -> None:
        self.logins.append((who, when, action))

    def works(self, who: str, when: datetime, action: int = FILE_OPENED) -> None:
        self.trail.append((who, when, action))

    def staff_noise(self, events: int, *, days: float, seed: int = 7) -> None:
        """Have the staff sign in all the time, so that guests are far from the newest page."""
        chance = random.Random(seed)
        for _ in range(events):
            self.signs_in(STAFF, ago(seconds=chance.uniform(600, days * 86_400)))

    def crowd(self, when: datetime, events: int) -> None:
        """Have many events in one and the same second."""
        self.logins += [(STAFF, when, SIGN_IN)] * events

    def open(
        self, filters: Filters = Filters.AFTER_WINDOW, *, faults: str = "", **setup: Any
    ) -> "Watched":
        time = VirtualTime(NOW.timestamp())
        scenario = scenario_of(
            NOW, self.people, key_account=ADMIN, logins=self.logins, trail=self.trail
        )
        portal = SimulatedPortal(
            scenario,
            clock=time.portal_clock,
            setup=Setup(filters=filters, faults=FaultRates.parse(faults), **setup),
        )
        # The same people at another address would be refused, so further portals have a ledger of
        # their own.
        ledger = (
            Ledger.in_memory(clock=time.machine_clock)
            if self.opened
            else open_ledger(self.ledger_url, clock=time.machine_clock)
        )
        self.opened.append(ledger)
        return Watched(portal, time, ledger.portal(f"https://portal{len(self.opened)}.example"))

    def close(self) -> None:
        for ledger in self.opened:
            ledger.close()


class Watched:
    """A portal and the product's ledger on it."""

    def __init__(self, portal: SimulatedPortal, time: VirtualTime, ledger: PortalLedger) -> None:
        self.portal = portal
        self.time = time
        self.ledger = ledger
        self.before: Callable[[int], None] | None = None
        self.requests = 0

    def review(self, **policy: Any) -> Plan:
        return self.time.run(self.reviewing(**policy))

    async def reviewing(self, *, seed: int = 3, **policy: Any) -> Plan:
        transport = InProcess(self.portal, self.time, chance=random.Random(seed), latency=0.02)
        if self.before is not None:
            hook = self.before
            transport.before = lambda number, request: hook(number)
        client = transport.client()
        try:
            return await review(
                client,
                open_roster(RosterOptions(source="guests")),
                ledger=self.ledger,
                policy=Policy(**policy),
                clock=self.time.machine_clock,
                log_silence_days=QUIET_LOGS,
            )
        finally:
            self.requests = transport.requests
            await client.close()

    def decided(self, who: str, **policy: Any) -> tuple[Verdict, Reason]:
        return ruling(self.review(**policy), who)


def decision(plan: Plan, who: str) -> Decision:
    return next(d for d in plan.decisions if d.user_id == UserId(who))


def ruling(plan: Plan, who: str) -> tuple[Verdict, Reason]:
    found = decision(plan, who)
    return found.decision, found.reason

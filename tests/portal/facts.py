"""A small portal on which staff work every day, and reviews of it, for tests of single facts."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lastseen.ledger import Ledger
from lastseen.model.decision import Decision
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan, Policy
from lastseen.model.receipt import Outcome
from lastseen.rosters import RosterOptions
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import EmployeeType, Person
from lastseen.simulator.world.scenario import scenario_of
from lastseen.simulator.world.sessions import Reader
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from testing.in_process import URL, InProcess, VirtualTime
from testing.reviews import reviewed
from tests.unit.simulator.worlds import ADMIN, ANNA, BERT, NOW, OWNER, USER, ago, person

DAY = 86_400
AT = int(NOW.timestamp())


class Reviewed:
    """A portal on which Anna signed in 60 days ago and Bert 90, and staff work every day."""

    def __init__(
        self,
        setup: Setup | None = None,
        *,
        anna: Person | None = None,
        readers: Sequence[Reader] = (),
        anna_signed_in: float | None = 60,
        action: int = 1029,
        hours_between: int = 12,
        silence_days: float = Guardrails().log_silence_days,
    ) -> None:
        """`anna_signed_in`: so many days ago; `hours_between`: the sign-ins of staff.

        `silence_days`: `log_silence_days` of the guardrails.
        """
        self._silence_days = silence_days
        people = [
            person(OWNER, EmployeeType.DOCSPACE_ADMIN, is_owner=True),
            person(ADMIN, EmployeeType.DOCSPACE_ADMIN),
            person(USER, EmployeeType.USER),
            anna or person(ANNA),
            person(BERT),
        ]
        staff = [(OWNER, ago(hours=hour), 1029) for hour in range(5, 150 * 24, hours_between)]
        logins = [*staff, (BERT, ago(days=90), 1029)]
        if anna_signed_in is not None:
            logins.append((ANNA, ago(days=anna_signed_in), action))
        scenario = scenario_of(
            NOW,
            people,
            key_account=ADMIN,
            logins=logins,
            trail=[(OWNER, ago(hours=hour), 5002) for hour in range(5, 150 * 24, 12)],
        )
        self.time = VirtualTime(AT)
        self.portal = SimulatedPortal(
            replace(scenario, readers=tuple(readers)), clock=self.time.portal_clock, setup=setup
        )
        self.world = self.portal.world
        self.ledger = Ledger.in_memory(clock=self.time.machine_clock).portal(URL)

    def decisions(self, **policy: Any) -> dict[str, Decision]:
        """Review, and return the decisions by id."""
        plan = self.plan(**policy)
        return {one.user_id: one for one in plan.decisions if one.user_id}

    def plan(
        self, *, roster: RosterOptions | None = None, now: Instant | None = None, **policy: Any
    ) -> Plan:
        """Review the portal's guests, or another roster, as if it were `now`; return the plan."""
        transport = InProcess(self.portal, self.time, chance=random.Random(1))
        return reviewed(
            transport,
            self.ledger,
            Policy(**policy),
            roster=roster or RosterOptions(),
            silence_days=self._silence_days,
            now=now,
        )

    def anna(self, **policy: Any) -> tuple[str, str]:
        """Review, and return what is decided on Anna, and why."""
        one = self.decisions(**policy)[ANNA]
        return one.decision.value, one.reason.value

    def applied(self, plan: Plan, policy: Policy | None = None) -> dict[str, Outcome]:
        """Carry the plan out under the `policy` configured now, and return the outcomes by id."""

        async def work() -> dict[str, Outcome]:
            client = InProcess(self.portal, self.time, chance=random.Random(2)).client()
            try:
                receipt = await apply(
                    plan,
                    client,
                    ledger=self.ledger,
                    options=ApplyOptions(guardrails=Guardrails(max_disable_share=1)),
                    policy=policy,
                    clock=self.time.machine_clock,
                )
            finally:
                await client.close()
            return {one.user_id: one for one in receipt.outcomes}

        return self.time.run(work())

    def later(self, days: float) -> None:
        """Let days pass on which staff go on working."""
        start = int(self.time.now())
        self.time.advance(timedelta(days=days))
        for second in range(start, int(self.time.now()), DAY // 2):
            self.world.add_login(OWNER, second, 1029)
            self.world.add_trail(OWNER, second, 5002)

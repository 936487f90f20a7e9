"""What a case is played on: its portal, its time, the product's roster, policy and ledger.

Makes them and hands them out; what is done with them is `playing`'s business.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from campaigns.safety.cases import DAY, Case, PersonCase, Rules
from campaigns.safety.judging import was_there
from campaigns.safety.world import Course, email_of, id_of, portal_of
from lastseen.docspace.client import Client
from lastseen.ledger import Ledger, PortalLedger
from lastseen.model.instant import utc_date
from lastseen.model.plan import Plan, Policy
from lastseen.rosters import Roster, RosterOptions, open_roster
from lastseen.simulator.world.oracle import Truth
from lastseen.workflows.review import review
from testing.in_process import URL, InProcess, VirtualTime


class Setting:
    """A case's portal at its start, and everything that the product needs to review it."""

    def __init__(self, case: Case, folder: Path) -> None:
        """Build everything; a roster that is a file is written into `folder`."""
        self.case = case
        self.time = VirtualTime(case.start, machine_ahead=case.machine_ahead)
        self.portal = portal_of(case, self.time.portal_clock)
        self.course = Course(case, self.portal)
        self.people = {id_of(person.number): person for person in case.people}
        self._policy = _policy(case.rules)
        self._roster = _roster(case, folder)
        self._chance = random.Random(f"journeys {case.seed}")

    def ledger(self) -> Ledger:
        """Return a new ledger in memory, with the case's exemptions in it."""
        ledger = Ledger.in_memory(clock=self.time.machine_clock)
        known, now = ledger.portal(URL), self.time.machine_clock()
        for person in self.case.people:
            if person.exempt:
                until = utc_date(now) + timedelta(days=400)
                known.exemptions.add(
                    email_of(person.number), until=until, reason="needed later", longest_days=400
                )
        return ledger

    def transport(self) -> InProcess:
        """Return a new transport to the portal, on which time goes on as the case says."""
        transport = InProcess(
            self.portal, self.time, chance=self._chance, latency=self.case.latency
        )
        transport.before = lambda _number, _request: self.course.reach(self.time.now())
        return transport

    async def review(self, client: Client, ledger: PortalLedger) -> Plan:
        """Let the product review; raises what it raises."""
        return await review(
            client,
            self._roster,
            ledger=ledger,
            policy=self._policy,
            clock=self.time.machine_clock,
            log_silence_days=self.silence_days,
        )

    @property
    def silence_days(self) -> int:
        """After how many days without an entry the product takes a log for dead."""
        return self.case.rules.log_silence_days

    def truths(self) -> Mapping[str, Truth]:
        """Return what is so by now, by id."""
        self.course.reach(self.time.now())
        self.portal.world.settle(self.time.now())
        return {truth.id: truth for truth in self.portal.truths()}

    def ended(self) -> Mapping[str, int]:
        """Return when the sessions of each person were last ended by somebody's act, by id."""
        sessions = self.portal.world.sessions
        found = {who: sessions.ended_at(who) for who in self.people}
        return {who: at for who, at in found.items() if at is not None}

    def is_away(self, user_id: str, now: datetime) -> bool:
        """Say whether somebody of the case has been away for the policy's days at `now`."""
        return not was_there(self.truths()[user_id], now.timestamp(), self.case)


def reviewed(setting: Setting, transport: InProcess) -> Plan:
    """Return the plan of one review on an empty ledger; raises what the product raises."""

    async def work() -> Plan:
        client = transport.client()
        try:
            return await setting.review(client, known)
        finally:
            await client.close()

    with setting.ledger() as ledger:
        known = ledger.portal(URL)
        return setting.time.run(work())


def _policy(rules: Rules) -> Policy:
    return Policy(
        inactive_days=rules.inactive_days,
        lookback_days=max(rules.lookback_days, rules.inactive_days),
        never_seen=rules.never_seen,
        evidence=rules.evidence,
        open_sessions=rules.open_sessions,
        return_days=rules.return_days,
        pending_days=rules.pending_days,
    )


def _roster(case: Case, folder: Path) -> Roster:
    if case.roster == "guests":
        return open_roster(RosterOptions(source="guests"))
    path = folder / "roster.csv"
    rows = ["id,email,end_date", *(_row(person, case) for person in case.people)]
    path.write_text("\n".join(rows), encoding="utf-8")
    return open_roster(RosterOptions(source="csv", path=path))


def _row(person: PersonCase, case: Case) -> str:
    """Return a row that names somebody by id, by address or by both."""
    if not person.on_roster:
        return ""
    by = person.number % 3
    who = id_of(person.number) if by != 1 else ""
    email = email_of(person.number).upper() if by != 0 else ""
    ended = VirtualTime(case.start - 40 * DAY).portal_clock().date().isoformat()
    return f"{who},{email},{ended if person.contract_ended else ''}"

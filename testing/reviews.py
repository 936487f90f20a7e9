"""A review of a simulated portal, in process and in virtual time."""

from lastseen.ledger import PortalLedger
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan, Policy
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.review import review
from testing.in_process import InProcess

_DEFAULT = Policy()
_GUESTS = RosterOptions()


def reviewed(
    transport: InProcess,
    ledger: PortalLedger,
    policy: Policy = _DEFAULT,
    *,
    roster: RosterOptions = _GUESTS,
    silence_days: float = Guardrails().log_silence_days,
    now: Instant | None = None,
) -> Plan:
    """Review the portal behind `transport` with what `ledger` knows, and return the plan.

    `roster`: its guests, or another; `silence_days`: `log_silence_days` of the guardrails;
    `now`: the instant to decide for, if not the present one.
    """
    return transport.run(
        lambda client: review(
            client,
            open_roster(roster),
            ledger=ledger,
            policy=policy,
            clock=transport.time.machine_clock,
            log_silence_days=silence_days,
            now=now,
        )
    )

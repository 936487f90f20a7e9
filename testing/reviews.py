"""A review of the guests of a simulated portal, in process and in virtual time."""

from lastseen.ledger import PortalLedger
from lastseen.model.plan import Plan, Policy
from lastseen.rosters import RosterOptions, open_roster
from lastseen.workflows.review import review
from testing.in_process import InProcess

_DEFAULT = Policy()


def reviewed(transport: InProcess, ledger: PortalLedger, policy: Policy = _DEFAULT) -> Plan:
    """Review the portal behind `transport` with what `ledger` knows, and return the plan."""
    return transport.run(
        lambda client: review(
            client,
            open_roster(RosterOptions()),
            ledger=ledger,
            policy=policy,
            clock=transport.time.machine_clock,
        )
    )

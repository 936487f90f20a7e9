"""The state of the fleet, read from the database only: no portal is contacted."""

from lastseen.fleet.store import FleetStore
from lastseen.model.fleet import FleetStatus, summarise_portals
from lastseen.model.instant import Clock


def fleet_status(store: FleetStore, *, clock: Clock) -> FleetStatus:
    """Return the state of every portal that is not retired; raises LedgerError."""
    now = clock()
    portals = store.statuses(now=now)
    waiting, running = store.jobs()
    return FleetStatus(
        at=now,
        portals=portals,
        summary=summarise_portals(portals),
        waiting=waiting,
        running=running,
    )

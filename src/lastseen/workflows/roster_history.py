"""What the ledger knows about earlier readings of a roster, and whether it has shrunk."""

from collections.abc import Iterable

from lastseen.ledger import PortalLedger
from lastseen.model.counting import people
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Population
from lastseen.model.run import Run

RUNS_LOOKED_THROUGH = 200
"""How many of the newest runs are searched for the same roster."""


def reviewed_before(ledger: PortalLedger, *, source: str, query: str) -> bool:
    """Return whether an earlier review read people from this roster. Raises LedgerError."""
    done = (run for run in ledger.runs.all(limit=RUNS_LOOKED_THROUGH) if run.state == "done")
    reviews = (run for run in done if run.kind in ("review", "run"))
    return any(one.listed for one in _populations(ledger, reviews, source=source, query=query))


def last_applied(ledger: PortalLedger, population: Population) -> Population | None:
    """Return this roster as it was when a plan made from it was last applied, or None.

    Raises LedgerError.
    """
    applied = (
        run
        for run in ledger.runs.all(limit=RUNS_LOOKED_THROUGH)
        if run.kind in ("apply", "run") and ledger.runs.receipt(run.run_id) is not None
    )
    found = _populations(ledger, applied, source=population.source, query=population.query)
    return next(iter(found), None)


def shrunk(now: Population, before: Population | None, guardrails: Guardrails) -> str | None:
    """Return a sentence if an outside roster lost more people than allowed, else None."""
    if now.source == "guests" or before is None or not before.listed:
        return None
    lost = before.listed - now.listed
    if lost <= guardrails.max_roster_shrink * before.listed:
        return None
    return (
        f"the roster has {people(now.listed)} and had {before.listed} when a plan was last carried "
        f"out: it lost {lost / before.listed:.0%}, and {guardrails.max_roster_shrink:.0%} are "
        "allowed (guardrails.max_roster_shrink)"
    )


def _populations(
    ledger: PortalLedger, runs: Iterable[Run], *, source: str, query: str
) -> Iterable[Population]:
    for run in runs:
        plan = ledger.runs.plan(run.plan_id) if run.plan_id else None
        population = plan.population if plan else None
        if population is not None and (population.source, population.query) == (source, query):
            yield population

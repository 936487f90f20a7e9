"""How many people fall into each cohort, for `doctor`."""

from collections import Counter

from lastseen.docspace.interface import Portal
from lastseen.model.cohort import cohort_of
from lastseen.model.diagnosis import Finding
from lastseen.model.plan import Policy
from lastseen.rosters import Roster, match


async def check_cohorts(portal: Portal, roster: Roster, policy: Policy) -> Finding:
    """Read the roster, match it to the portal, and count.

    Raises PortalError, RosterError and UsageError.
    """
    matches = await match(await roster.load(portal), portal, reconcile=False)
    found = (cohort_of(policy, one.contractor, one.profile) for one in matches if one.profile)
    counts = Counter(cohort.name if cohort else None for cohort in found)
    told = [f"{cohort.name} {counts[cohort.name]}" for cohort in policy.cohorts]
    empty = [cohort.name for cohort in policy.cohorts if not counts[cohort.name]]
    return Finding(
        name="Cohorts",
        state="warning" if empty else "ok",
        value=f"{', '.join(told)}; general policy {counts[None]}",
        meaning=f"Nobody is in {' and '.join(empty)}."
        if empty
        else "The first cohort that matches decides.",
        remedy="Check its conditions, and the cohorts before it under [[policy.for]]."
        if empty
        else None,
    )

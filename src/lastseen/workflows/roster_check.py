"""The doctor's findings about the roster: how many people a review covers, by cohort."""

from collections import Counter
from collections.abc import Sequence

from lastseen.docspace.interface import Portal
from lastseen.model.cohort import cohort_of
from lastseen.model.contractor import AccountStatus, protection
from lastseen.model.counting import counted, number
from lastseen.model.diagnosis import Finding
from lastseen.model.plan import Policy
from lastseen.rosters import Listing, Match, Roster, match


async def check_roster(portal: Portal, roster: Roster, policy: Policy) -> tuple[Finding, ...]:
    """Read the roster, match it to the portal, and count.

    Raises PortalError, RosterError and UsageError.
    """
    listing = await roster.load(portal)
    matches = await match(listing, portal, reconcile=False)
    findings = [_roster(roster, listing, matches)]
    if policy.cohorts:
        findings.append(_cohorts(matches, policy))
    return tuple(findings)


def _roster(roster: Roster, listing: Listing, matches: Sequence[Match]) -> Finding:
    profiles = [one.profile for one in matches if one.profile]
    reviewed = [
        one
        for one in profiles
        if one.status is not AccountStatus.TERMINATED and not protection(one, is_own=False)
    ]
    value = (
        f"{roster.query}: {counted(len(listing.contractors), 'contractor')} listed, "
        f"{number(len(profiles))} with an account, {number(len(reviewed))} to be reviewed"
    )
    if not reviewed:
        return Finding(
            name="Roster",
            state="problem",
            value=value,
            meaning="A review would decide on nobody.",
            remedy="Check the source, its columns and its filters under [roster].",
        )
    if listing.warnings:
        return Finding(
            name="Roster",
            state="warning",
            value=value,
            meaning=" ".join(f"{as_sentence(warning)}" for warning in listing.warnings),
            remedy="Correct the source or its filters under [roster].",
        )
    return Finding(
        name="Roster",
        state="ok",
        value=value,
        meaning="A review decides on each of them.",
    )


def _cohorts(matches: Sequence[Match], policy: Policy) -> Finding:
    found = (cohort_of(policy, one.contractor, one.profile) for one in matches if one.profile)
    counts = Counter(cohort.name if cohort else None for cohort in found)
    said = [f"{cohort.name} {counts[cohort.name]}" for cohort in policy.cohorts]
    empty = [cohort.name for cohort in policy.cohorts if not counts[cohort.name]]
    return Finding(
        name="Cohorts",
        state="warning" if empty else "ok",
        value=f"{', '.join(said)}; general policy {counts[None]}",
        meaning=f"Nobody is in {' and '.join(empty)}."
        if empty
        else "The first cohort that matches decides.",
        remedy="Check its conditions, and the cohorts before it under [[policy.for]]."
        if empty
        else None,
    )


def as_sentence(text: str) -> str:
    """Return `text` with a capital at its beginning and one full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

"""The doctor's findings about the roster: how many people a review covers, by cohort."""

from collections import Counter
from collections.abc import Sequence

from lastseen.docspace.interface import Portal
from lastseen.model.cohort import cohort_of
from lastseen.model.contractor import AccountStatus, protection
from lastseen.model.counting import counted, number, people
from lastseen.model.decision import Reason
from lastseen.model.diagnosis import Finding
from lastseen.model.email_address import domain_key
from lastseen.model.plan import Policy
from lastseen.rosters import Listing, Match, Roster, match

_NAMED = 5
"""How many domains are named, those with the most people first."""


async def check_roster(portal: Portal, roster: Roster, policy: Policy) -> tuple[Finding, ...]:
    """Read the roster, match it to the portal, and count.

    Raises PortalError, RosterError and UsageError.
    """
    listing = await roster.load(portal)
    matches = await match(listing, portal, reconcile=False)
    findings = [_roster(roster, listing, matches)]
    unknown = _unknown_domains(matches)
    if unknown:
        findings.append(_domains(unknown))
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


def _unknown_domains(matches: Sequence[Match]) -> Counter[str]:
    """Return the domains in which nobody listed has an account, with the number of people."""
    listed = [(domain, one) for one in matches if (domain := _domain(one))]
    unknown = Counter(domain for domain, one in listed if one.problem is Reason.NOT_ON_PORTAL)
    for domain, one in listed:
        if one.problem is not Reason.NOT_ON_PORTAL:
            unknown.pop(domain, None)
    return unknown


def _domain(match: Match) -> str | None:
    """Return the domain that the roster gives for somebody; None if it gives no address."""
    email = match.contractor.email if match.contractor else None
    return domain_key(email.rpartition("@")[2]) if email else None


def _domains(unknown: Counter[str]) -> Finding:
    named = [f"{domain} ({people(count)})" for domain, count in unknown.most_common(_NAMED)]
    others = len(unknown) - len(named)
    also = f" and {counted(others, 'other domain')}" if others else ""
    return Finding(
        name="Roster domains",
        state="warning",
        value=f"no account for anyone listed at {', '.join(named)}{also}",
        meaning="A review skips them: the domain is misspelt, or nobody from there was invited.",
        remedy="Compare the addresses on the roster with those on the portal.",
    )


def _cohorts(matches: Sequence[Match], policy: Policy) -> Finding:
    found = (cohort_of(policy, one.contractor, one.profile) for one in matches if one.profile)
    counts = Counter(cohort.name if cohort else None for cohort in found)
    sizes = [f"{cohort.name} {counts[cohort.name]}" for cohort in policy.cohorts]
    empty = [cohort.name for cohort in policy.cohorts if not counts[cohort.name]]
    return Finding(
        name="Cohorts",
        state="warning" if empty else "ok",
        value=f"{', '.join(sizes)}; general policy {counts[None]}",
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

"""Who is reviewed: the roster, matched to the portal, with what is known without any log."""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import cohort_of, policy_of
from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.errors import UsageError
from lastseen.model.exemption import Exemption, exemption_keys
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Policy, Population
from lastseen.model.progress import Progress
from lastseen.policy import Subject
from lastseen.rosters import (
    Listing,
    Match,
    Matched,
    Roster,
    match_all,
    roster_digest,
    roster_document,
)
from lastseen.workflows.roster_history import reviewed_before


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """The people of a review, and where they come from."""

    subjects: tuple[Subject, ...]
    """Everyone to be decided on."""
    population: Population
    """Who was on the roster: for the plan."""
    roster: bytes
    """The roster as a document: its digest is in `population`."""


async def load_subjects(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    now: Instant,
    noted_at: Instant | None,
    reconcile: bool,
    cohort: str | None,
    progress: Progress,
) -> Reviewed:
    """Load the roster and match it to the portal.

    `noted_at`: when the ledger is to have seen the accounts; None keeps them out of it (a
    pretended instant). `reconcile`: for rosters outside the portal, also list the guests that are
    on none. `cohort`: only the people of this cohort. Raises PortalError, RosterError, and
    UsageError for a cohort that the policy doesn't have.
    """
    _demand_cohort(policy, cohort)
    own = await portal.whoami()
    ledger.acting_as(own.email or own.id)
    listing = await roster.load(portal)
    matched = await match_all(listing, portal, reconcile=reconcile and roster.outside)
    if noted_at is not None:
        profiles = [found.profile for found in matched.matches if found.profile]
        ledger.accounts.note(profiles, noted_at)
    query = f"{roster.query}; cohort {cohort}" if cohort else roster.query
    doubt = _doubt(listing, policy, ledger, source=roster.name, query=query)
    exemptions = {e.who: e for e in ledger.exemptions.active(utc_date(now))}
    reinstated = ledger.accounts.reinstated()
    policies = {one.name: policy_of(policy, one) for one in policy.cohorts}
    subjects = tuple(
        msgspec.structs.replace(
            _subject(found, own.id, exemptions, reinstated, doubt=doubt),
            cohort=found_in,
            policy=policies[found_in] if found_in else None,
        )
        for found, found_in in _with_cohorts(matched.matches, policy)
        if cohort in (None, found_in)
    )
    document = roster_document(s.contractor for s in subjects if s.contractor)
    for warning in (*listing.warnings, *_without_end(subjects)):
        progress.note(warning)
    return Reviewed(
        subjects=subjects,
        population=_population(roster, query, subjects, matched, listing, now, document),
        roster=document,
    )


def _with_cohorts(matches: Iterable[Match], policy: Policy) -> Iterable[tuple[Match, str | None]]:
    for found in matches:
        cohort = cohort_of(policy, found.contractor, found.profile)
        yield found, cohort.name if cohort else None


def _demand_cohort(policy: Policy, cohort: str | None) -> None:
    names = [one.name for one in policy.cohorts]
    if cohort is not None and cohort not in names:
        raise UsageError(
            attempted=f"reviewing the cohort {cohort!r}",
            found="the policy has no cohort of that name",
            meaning="nobody can tell which people are meant",
            remedy=f"name one of {', '.join(names)}" if names else "add it as [[policy.for]]",
        )


def _doubt(
    listing: Listing, policy: Policy, ledger: PortalLedger, *, source: str, query: str
) -> str | None:
    """Return why guests on no row are not to be disabled, or None where they may be."""
    if policy.unknown_guests != "disable":
        return "the policy reports such guests"
    if not listing.contractors:
        return "the roster is empty"
    if not listing.complete:
        return "a row of the roster names nobody who can be found, and may mean this guest"
    if not reviewed_before(ledger, source=source, query=query):
        return "this is the first review of this roster"
    return None


def _without_end(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Return a warning about contracts without an end, once the roster knows ends at all."""
    people = [subject.contractor for subject in subjects if subject.contractor]
    endless = sum(person.end_date is None for person in people)
    if not endless or endless == len(people):
        return ()
    return (f"{endless} of {len(people)} people on the roster have no end date",)


def _population(
    roster: Roster,
    query: str,
    subjects: tuple[Subject, ...],
    matched: Matched,
    listing: Listing,
    now: Instant,
    document: bytes,
) -> Population:
    people = [subject for subject in subjects if subject.contractor]
    return Population(
        source=roster.name,
        query=query,
        listed=len(people),
        matched=sum(subject.profile is not None for subject in people),
        portal_total=listing.portal_guests
        if matched.portal_guests is None
        else matched.portal_guests,
        read_at=now,
        sha256=roster_digest(document),
    )


def _subject(
    found: Match,
    own: UserId,
    exemptions: Mapping[str, Exemption],
    reinstated: Mapping[UserId, Instant],
    *,
    doubt: str | None,
) -> Subject:
    """Return what is known of a matched contractor without any log."""
    exemption = next(
        (
            exemptions[name]
            for name in sorted(exemption_keys(found.contractor, found.profile))
            if name in exemptions
        ),
        None,
    )
    profile = found.profile
    is_unknown = found.problem is Reason.UNKNOWN_GUEST
    return Subject(
        contractor=found.contractor,
        profile=profile,
        problem=found.problem,
        problem_explanation=f"A guest who is not on the roster; kept, because {doubt}."
        if is_unknown and doubt
        else found.explanation,
        is_own_account=profile is not None and profile.id == own,
        exemption=f"{exemption.reason} (until {exemption.until})" if exemption else None,
        reinstated_at=reinstated.get(profile.id) if profile else None,
        is_off_roster=is_unknown and doubt is None,
    )

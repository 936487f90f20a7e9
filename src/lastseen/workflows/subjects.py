"""The people of a review: the roster matched to the portal, with what is known without logs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import cohort_of, policy_of
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import AccountStatus, Contractor, UserId
from lastseen.model.counting import counted, times
from lastseen.model.decision import Reason
from lastseen.model.exemption import Covered, Exemptions
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Policy, Population
from lastseen.model.progress import Progress
from lastseen.rosters import (
    Listing,
    Match,
    Matched,
    Roster,
    match_all,
    roster_digest,
    roster_document,
)
from lastseen.subject import Subject
from lastseen.workflows.first_answers import FirstAnswers, awaited
from lastseen.workflows.roster_history import reviewed_before
from lastseen.workflows.same_portal import refuse_known_elsewhere, refuse_other_address


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """The people of a review, and their origin."""

    subjects: tuple[Subject, ...]
    """Everyone to be decided on."""
    population: Population
    """Who was on the roster, for the plan."""
    roster: bytes
    """The roster as a document: its digest is in `population`."""


async def load_subjects(
    portal: Portal,
    roster: Roster,
    *,
    first: FirstAnswers,
    ledger: PortalLedger,
    policy: Policy,
    now: Instant,
    noted_at: Instant | None,
    reconcile: bool,
    cohort: str | None,
    progress: Progress,
) -> Reviewed:
    """Take the roster that is being loaded and match it to the portal.

    `noted_at`: the time at which the ledger records having seen the accounts; None records nothing
    (a pretended instant). `reconcile`: for rosters outside the portal, also list the guests that
    are on none. `cohort`: only the people of this cohort. Raises PortalError, RosterError, and
    UsageError for accounts that the ledger knows under another address.
    """
    async with task_group() as group:
        identified = group.create_task(awaited(first.own))
        listing = await first.listing
    own = identified.result()
    ledger.acting_as(own.email or own.id)
    matched = await match_all(listing, portal, reconcile=reconcile and roster.outside)
    refuse_known_elsewhere(ledger, (found.profile.id for found in matched.matches if found.profile))
    if noted_at is not None:
        profiles = [found.profile for found in matched.matches if found.profile]
        refuse_other_address(ledger, ledger.accounts.note(profiles, noted_at))
    query = f"{roster.query}; cohort {cohort}" if cohort else roster.query
    doubt = _doubt(listing, policy, ledger, source=roster.name, query=query)
    exemptions = Exemptions(ledger.exemptions.active(utc_date(now)))
    sorted_in = tuple(_sorted_in(matched.matches, exemptions, policy))
    if noted_at is not None:
        _bind(sorted_in, ledger)
    reinstated = ledger.accounts.reinstated()
    everyone = _subjects(sorted_in, own.id, reinstated, policy, doubt=doubt)
    subjects = tuple(one for one in everyone if cohort in (None, one.cohort))
    document = roster_document(s.contractor for s in subjects if s.contractor)
    about_exemptions = exemption_warnings(exemptions, utc_date(now)) if cohort is None else ()
    unmatched = _nobody_matched(listing.contractors, matched.matches) if roster.outside else ()
    for warning in (*listing.warnings, *unmatched, *_without_end(subjects), *about_exemptions):
        progress.note(warning)
    return Reviewed(
        subjects=subjects,
        population=_population(roster, query, subjects, matched, listing, now, document),
        roster=document,
    )


def _nobody_matched(listed: Sequence[Contractor], matches: Iterable[Match]) -> Iterator[str]:
    """Yield a warning if nobody on an outside roster has an account."""
    if listed and not any(one.profile and one.contractor for one in matches):
        yield (
            f"nobody of {counted(len(listed), 'person', 'people')} on the roster has an account "
            "on the portal: are these the right addresses, and the right portal?"
        )


def exemption_warnings(exemptions: Exemptions, today: date) -> Iterator[str]:
    """Yield a warning for each exemption that covers nobody, and for each that ends soon."""
    for one in exemptions.unmatched():
        yield (
            f"the exemption of {one.who} (until {one.until}) covers nobody in this review: is it "
            "spelled right?"
        )
    for one in exemptions.ending(today):
        renewed = f", renewed {times(one.renewals)}" if one.renewals else ""
        yield f"the exemption of {one.who} ends on {one.until}{renewed}: {one.reason}"


def _sorted_in(
    matches: Iterable[Match], exemptions: Exemptions, policy: Policy
) -> Iterator[tuple[Match, Covered, str | None]]:
    """Yield each match with its exemption and its cohort."""
    for found in matches:
        cohort = cohort_of(policy, found.contractor, found.profile)
        covered = exemptions.of(found.contractor, found.profile)
        yield found, covered, cohort.name if cohort else None


def _subjects(
    sorted_in: Iterable[tuple[Match, Covered, str | None]],
    own: UserId,
    reinstated: Mapping[UserId, Instant],
    policy: Policy,
    *,
    doubt: str | None,
) -> Iterator[Subject]:
    """Yield what is known about each match without logs, with the policy of its cohort."""
    policies = {one.name: policy_of(policy, one) for one in policy.cohorts}
    for found, covered, cohort in sorted_in:
        yield msgspec.structs.replace(
            _subject(found, own, covered, reinstated, doubt=doubt),
            cohort=cohort,
            policy=policies[cohort] if cohort else None,
        )


def _bind(sorted_in: Iterable[tuple[Match, Covered, str | None]], ledger: PortalLedger) -> None:
    """Record which account each exemption belongs to, now that it is known."""
    for found, covered, _ in sorted_in:
        one = covered.exemption
        if found.profile and one and one.is_of_person and one.user_id is None:
            ledger.exemptions.bind(one.who, found.profile.id)


def _doubt(
    listing: Listing, policy: Policy, ledger: PortalLedger, *, source: str, query: str
) -> str | None:
    """Return why guests on no roster may not be disabled, or None if they may."""
    if policy.unknown_guests != "disable":
        return "the policy reports such guests"
    if not listing.contractors:
        return "the roster is empty"
    if not listing.complete:
        return (
            "a row is short, names nobody who can be found or may name two people, and may mean "
            "this guest"
        )
    if not reviewed_before(ledger, source=source, query=query):
        return "this is the first review of this roster"
    return None


def _without_end(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Return a warning about contracts without an end date, if any contract has one."""
    people = [subject.contractor for subject in subjects if subject.contractor]
    endless = sum(person.end_date is None for person in people)
    if not endless or endless == len(people):
        return ()
    return (
        f"{endless} of {len(people)} people on the roster have no end date; "
        "`lastseen review --roster-out FILE` lists them",
    )


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
        unlisted=len(subjects) - len(people) or None,
        read_at=now,
        sha256=roster_digest(document),
    )


def _subject(
    found: Match,
    own: UserId,
    covered: Covered,
    reinstated: Mapping[UserId, Instant],
    *,
    doubt: str | None,
) -> Subject:
    """Return what is known about a matched contractor without logs."""
    profile = found.profile
    problem, explanation = found.problem, found.explanation
    is_unknown = problem is Reason.UNKNOWN_GUEST
    if is_unknown and doubt:
        explanation = f"A guest who is not on the roster; kept, because {doubt}."
    is_open = profile is not None and profile.status is not AccountStatus.TERMINATED
    if covered.doubtful and is_open and problem in (None, Reason.UNKNOWN_GUEST):
        problem, is_unknown = Reason.AMBIGUOUS, False
        explanation = (
            f"the exemption of {covered.doubtful.who} (until {covered.doubtful.until}) belongs to "
            "another account or a slightly different address: it may mean this person"
        )
    exemption = covered.exemption
    return Subject(
        contractor=found.contractor,
        profile=profile,
        problem=problem,
        problem_explanation=explanation,
        is_own_account=profile is not None and profile.id == own,
        exemption=f"{exemption.reason} (until {exemption.until})" if exemption else None,
        reinstated_at=reinstated.get(profile.id) if profile else None,
        is_off_roster=is_unknown and doubt is None,
    )

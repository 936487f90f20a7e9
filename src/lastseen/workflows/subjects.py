"""Who is reviewed: the roster, matched to the portal, with what is known without any log."""

from collections.abc import Mapping

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.exemption import Exemption, exemption_keys
from lastseen.model.instant import Instant, utc_date
from lastseen.model.progress import Progress
from lastseen.policy import Subject
from lastseen.rosters import Match, Roster, match


async def load_subjects(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    now: Instant,
    noted_at: Instant | None,
    reconcile: bool,
    progress: Progress,
) -> tuple[Subject, ...]:
    """Load the roster and match it to the portal.

    `noted_at`: when the ledger is to have seen the accounts; None keeps them out of it (a
    pretended instant). `reconcile`: for rosters outside the portal, also list the guests that are
    on none. Raises PortalError and RosterError.
    """
    own = await portal.whoami()
    ledger.acting_as(own.email or own.id)
    listing = await roster.load(portal)
    for warning in listing.warnings:
        progress.note(warning)
    matches = await match(listing, portal, reconcile=reconcile and roster.outside)
    if noted_at is not None:
        profiles = [found.profile for found in matches if found.profile]
        ledger.accounts.note(profiles, noted_at)
    exemptions = {e.who: e for e in ledger.exemptions.active(utc_date(now))}
    reinstated = ledger.accounts.reinstated()
    return tuple(_subject(found, own.id, exemptions, reinstated) for found in matches)


def _subject(
    found: Match,
    own: UserId,
    exemptions: Mapping[str, Exemption],
    reinstated: Mapping[UserId, Instant],
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
    return Subject(
        contractor=found.contractor,
        profile=profile,
        problem=found.problem,
        problem_explanation=found.explanation,
        is_own_account=profile is not None and profile.id == own,
        exemption=f"{exemption.reason} (until {exemption.until})" if exemption else None,
        reinstated_at=reinstated.get(profile.id) if profile else None,
    )

"""What administrators did to people that shows that they are wanted: invitations, reinstatements.

A person who was disabled and then reinstated by hand has an account that looks as before, so only
the activity trail shows it.
"""

from collections.abc import Mapping

from lastseen.docspace.interface import Portal
from lastseen.evidence.administration import (
    STATUS_SET,
    invitations,
    read_administration,
)
from lastseen.execution.eligibility import (
    SparingChange,
    find_grace,
    invited_again,
    status_set_by_hand,
)
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after, before, days
from lastseen.model.plan import Policy

_WRITTEN_LATE = days(1)
"""How far before the decision entries are looked for that the review may not have been shown."""


async def find_acts_since(
    portal: Portal,
    people: Mapping[UserId, Profile],
    *,
    invited_from: Mapping[UserId, Instant],
    status_set_from: Instant,
    longer_grace: Policy | None,
    decided_by: Policy,
    reinstated: Mapping[UserId, Instant],
    now: Instant,
) -> Mapping[UserId, SparingChange]:
    """Return what spares people by the activity trail: invited again, or a status set by hand.

    `people` are their accounts, active now. `invited_from`: since when an invitation counts for
    each of those for whom it does. `status_set_from`: since when a change of status is not
    Lastseen's own, nor one that the review knew; `longer_grace`: the policy of now if its grace
    period is longer than that of `decided_by`, the review's, so that older changes count as well.
    `reinstated`: when each person was reinstated as far as the ledger knows, which the caller
    judges. `now` is by this machine's clock; the portal's may be a little ahead. Asks for each
    action once, and nothing if there is nobody. Raises PortalError.
    """
    if not people:
        return {}
    wanted = {STATUS_SET: status_set_from}
    if longer_grace is not None:
        kept_from = before(now, days(longer_grace.reinstated_grace_days))
        wanted[STATUS_SET] = min(status_set_from, kept_from)
    if invited_from:
        is_pending = any(one.status is AccountStatus.PENDING for one in people.values())
        asked = invitations(to_pending=is_pending)
        wanted |= dict.fromkeys(asked, min(invited_from.values()))
    found = await read_administration(portal, wanted, is_contradicted=False)
    until = _with_tolerance(now)
    spared: dict[UserId, SparingChange] = {}
    for person, profile in people.items():
        set_at = found.last_done(STATUS_SET, person, until)
        known = reinstated.get(person)
        is_known = known is not None and set_at is not None and set_at <= _with_tolerance(known)
        if set_at is not None and not is_known:
            change = status_set_by_hand(set_at) if set_at >= status_set_from else None
            if change is None and longer_grace is not None:
                change = find_grace(longer_grace, set_at, now, decided_by=decided_by)
            if change is not None:
                spared[person] = change
        newest = found.last_invited(profile, until)
        if newest is not None and person in invited_from and newest >= invited_from[person]:
            spared[person] = invited_again(newest)
    return spared


def review_knew_invitations_until(decided_at: Instant) -> Instant:
    """Return since when an invitation counts that the review was perhaps not shown."""
    return before(decided_at, _WRITTEN_LATE)


def review_knew_until(decided_at: Instant, reinstated_grace_days: int) -> Instant:
    """Return since when a change of status counts that the review was perhaps not shown.

    One before the review spares only where the review itself would have kept the person for it.
    """
    return before(decided_at, min(_WRITTEN_LATE, days(reinstated_grace_days)))


def _with_tolerance(at: Instant) -> Instant:
    return after(at, CLOCK_TOLERANCE)

"""Who was invited again since the decision: an administrator wants them to come."""

from collections.abc import Iterable, Mapping

from lastseen.docspace.interface import Portal
from lastseen.evidence.administration import ACTIVATION_SENT, INVITED, read_administration
from lastseen.execution.eligibility import Change, invitation_since
from lastseen.model.contractor import UserId
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after, before, days

_WRITTEN_LATE = days(1)
"""How far before the decision entries are looked for that the review may not have been shown."""


async def invited_since(
    portal: Portal, people: Iterable[UserId], *, decided_at: Instant, now: Instant
) -> Mapping[UserId, Change]:
    """Return those of `people` who were invited again, by the activity trail.

    `now` is by this machine's clock; the portal's may be a little ahead. Asks nothing if there is
    nobody. Raises PortalError.
    """
    people = list(people)
    if not people:
        return {}
    since = before(decided_at, _WRITTEN_LATE)
    found = await read_administration(
        portal, dict.fromkeys((INVITED, ACTIVATION_SENT), since), is_contradicted=False
    )
    until = after(now, CLOCK_TOLERANCE)
    invited: dict[UserId, Change] = {}
    for person in people:
        acts = (found.last_done(action, person, until) for action in (INVITED, ACTIVATION_SENT))
        newest = max((at for at in acts if at is not None and at >= since), default=None)
        if newest is not None:
            invited[person] = invitation_since(newest)
    return invited

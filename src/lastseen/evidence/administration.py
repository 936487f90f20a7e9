"""What administrators did to people, gathered from the trail one action at a time.

Invitations, changes of status and ended sessions carry the person's id as their target; the
person's own entries say nothing of them (MessageAction.cs).
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from lastseen.docspace.interface import AdministrativeAct, Portal
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, before

STATUS_SET = 4020
"""UsersUpdatedStatus: which status is not said."""
ACTIVATION_SENT = 4021
"""UsersSentActivationInstructions."""
SESSIONS_ENDED = 4036
"""UserLogoutActiveConnectionsForUser."""
INVITED = 4037
"""SendJoinInvite."""
SESSION_SETTINGS_CHANGED = 6032
"""CookieSettingsUpdated; also written once for each person who is disabled."""

_READINGS = 2
"""An answer may have lost entries; what either of two shows is taken."""
_MOST_PAGES = 100
_ONE_BATCH = timedelta(seconds=60)
"""So long disabling a batch of people may take."""


class Administration(msgspec.Struct, frozen=True, kw_only=True):
    """What administrators did; newest first of each kind."""

    acts: Mapping[int, tuple[AdministrativeAct, ...]] = {}
    """By action."""

    def last_done(self, action_id: int, person: UserId, now: Instant) -> Instant | None:
        """Return when an action was last done to a person, not after `now`."""
        acts = self.acts.get(action_id, ())
        return max((a.at for a in acts if person in a.people and a.at <= now), default=None)

    def session_settings_changed(self) -> Instant | None:
        """Return when the lifetime of sessions was last set, as far as the trail can tell.

        Disabling people writes the same action once for each, just before their change of status:
        so many are accounted for.
        """
        changes = sorted(act.at for act in self.acts.get(SESSION_SETTINGS_CHANGED, ()))
        for act in sorted(self.acts.get(STATUS_SET, ()), key=lambda act: act.at):
            of_batch = [at for at in changes if before(act.at, _ONE_BATCH) <= at <= act.at]
            for at in of_batch[-max(1, len(act.people)) :]:
                changes.remove(at)
        return max(changes, default=None)


async def read_administration(portal: Portal, wanted: Mapping[int, Instant]) -> Administration:
    """Return what was done of each action since an instant. Raises PortalError."""
    found = await asyncio.gather(
        *(_acts(portal, action_id, since) for action_id, since in wanted.items())
    )
    return Administration(acts=dict(zip(wanted, found, strict=True)))


async def _acts(portal: Portal, action_id: int, since: Instant) -> tuple[AdministrativeAct, ...]:
    found: dict[AdministrativeAct, None] = {}
    for _ in range(_READINGS):
        start = 0
        for _page in range(_MOST_PAGES):
            page = await portal.administration(action_id, since=since, start=start)
            # A portal without the audit option brings its newest entries, whatever is asked.
            found.update(dict.fromkeys(_of(action_id, page.acts)))
            if not page.is_full:
                break
            start += len(page.acts)
    return tuple(sorted(found, key=lambda act: act.at, reverse=True))


def _of(action_id: int, acts: Iterable[AdministrativeAct]) -> list[AdministrativeAct]:
    return [act for act in acts if act.action_id == action_id]

"""What administrators did to people, gathered from the trail one action at a time.

Invitations, changes of status and ended sessions have the person's id as their target; the
person's own entries say nothing about them (MessageAction.cs).
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property, partial
from itertools import chain

import msgspec

from lastseen.docspace.interface import AdministrativeAct, Portal
from lastseen.evidence.reading.filter_detection import WITHOUT_OPTION
from lastseen.model.concurrency import repeated
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import EPOCH, Instant, after, before

PASSWORD_SET = 4017
"""UserUpdatedPassword; also when an invitation is accepted with a password."""
STATUS_SET = 4020
"""UsersUpdatedStatus; it does not say which status."""
ACTIVATION_SENT = 4021
"""UsersSentActivationInstructions."""
SESSIONS_ENDED = 4036
"""UserLogoutActiveConnectionsForUser."""
INVITED = 4037
"""SendJoinInvite."""
ADDED_TO_ROOM = 5085
"""RoomCreateUser: somebody was added to a room, which sends an account that is still pending an
invitation (FileSharing.cs); such an account has no name, so its address stands in the text."""
INVITED_AGAIN_TO_ROOM = 5118
"""RoomInviteResend: an invitation to a room is sent again, to an account that is still pending."""
TO_ROOMS = (ADDED_TO_ROOM, INVITED_AGAIN_TO_ROOM)
SESSION_SETTINGS_CHANGED = 6032
"""CookieSettingsUpdated; also written for each person who is disabled, deletes their own profile or
changes their password (UserController.cs)."""
SYSTEM = UserId("a37ee56e-3302-4a7b-b67e-ddbea64cd032")
"""The portal's own account (Constants.cs): deletes profiles, and may not change settings."""

READINGS = 2
"""How often each action is read: an answer may have lost entries, so all that any shows counts."""
READINGS_WHERE_UNSTEADY = 6
"""The same if any request had to be repeated, or one answer left out what another one had."""
_ONE_BATCH = timedelta(seconds=60)
"""How long disabling a batch of people may take."""
_ONE_PASSWORD = timedelta(seconds=60)
"""How long changing a password may take, mail included."""


class Administration(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What administrators did; newest first for each kind."""

    acts: Mapping[int, tuple[AdministrativeAct, ...]] = {}
    """By action."""
    shown_since: Instant = EPOCH
    """Since when acts are shown: without the audit option only the newest entries are."""

    def last_done(self, action_id: int, person: UserId, now: Instant) -> Instant | None:
        """Return when an action was last done to a person, not after `now`."""
        done = self._by_person.get((action_id, person))
        return max((at for at in done if at <= now), default=None) if done else None

    @cached_property
    def _by_person(self) -> Mapping[tuple[int, UserId], Sequence[Instant]]:
        """When each action was done to each person: it is asked for everyone on a roster."""
        done: dict[tuple[int, UserId], list[Instant]] = {}
        for action_id, acts in self.acts.items():
            for act in acts:
                for person in act.people:
                    done.setdefault((action_id, person), []).append(act.at)
        return done

    def last_invited(self, profile: Profile, now: Instant) -> Instant | None:
        """Return when a person was last invited, not after `now`."""
        by_id = (self.last_done(action, profile.id, now) for action in (INVITED, ACTIVATION_SENT))
        is_pending = profile.status is AccountStatus.PENDING
        to_rooms = (
            act.at
            for action in (TO_ROOMS if is_pending else ())
            for act in self.acts.get(action, ())
            if act.at <= now and names_address(act.text, profile.email)
        )
        return max((at for at in (*by_id, *to_rooms) if at is not None), default=None)

    def session_settings_changed(self) -> Instant | None:
        """Return when the lifetime of sessions was last set, if the trail shows it.

        Disabling people writes the same action once for each, just before their change of status,
        and so does whoever changes their password, just after it; those entries are disregarded.
        """
        changes = sorted(act.at for act in self._not_of_passwords())
        for act in sorted(self.acts.get(STATUS_SET, ()), key=lambda act: act.at):
            of_batch = [at for at in changes if before(act.at, _ONE_BATCH) <= at <= act.at]
            for at in of_batch[-max(1, len(act.people)) :]:
                changes.remove(at)
        return max(changes, default=None)

    def _not_of_passwords(self) -> list[AdministrativeAct]:
        """Return the changes of session settings that no change of a password explains."""
        changes: dict[UserId | None, list[AdministrativeAct]] = defaultdict(list)
        for act in sorted(self.acts.get(SESSION_SETTINGS_CHANGED, ()), key=lambda act: act.at):
            changes[act.by].append(act)
        changes.pop(SYSTEM, None)
        for password in sorted(self.acts.get(PASSWORD_SET, ()), key=lambda act: act.at):
            if password.by is None:
                continue
            latest, own = after(password.at, _ONE_PASSWORD), changes[password.by]
            explained = next((act for act in own if password.at <= act.at <= latest), None)
            if explained is not None:
                own.remove(explained)
        return list(chain.from_iterable(changes.values()))


def invitations(*, to_pending: bool) -> tuple[int, ...]:
    """Return the actions that invite somebody; `to_pending`: whether it matters for such accounts.

    Only they are invited to rooms; others are just added.
    """
    return (INVITED, ACTIVATION_SENT, *(TO_ROOMS if to_pending else ()))


def names_address(text: str, address: str) -> bool:
    """Return whether `text`, in whatever language, has this e-mail address as a whole."""
    if "@" not in address or address.casefold() not in text.casefold():
        return False
    whole = rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)"
    return re.search(whole, text, re.ASCII | re.IGNORECASE) is not None


async def read_administration(
    portal: Portal, wanted: Mapping[int, Instant], *, is_contradicted: bool
) -> Administration:
    """Return what was done for each action since an instant. Raises PortalError.

    `is_contradicted`: whether any answer of the portal left out what another one had.
    """
    read = await asyncio.gather(
        *(
            _acts(portal, action_id, since, is_contradicted=is_contradicted)
            for action_id, since in wanted.items()
        )
    )
    return Administration(
        acts={action_id: one.acts for action_id, one in zip(wanted, read, strict=True)},
        shown_since=max((one.shown_since for one in read), default=EPOCH),
    )


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one action."""

    acts: tuple[AdministrativeAct, ...]
    shown_since: Instant


async def _acts(portal: Portal, action_id: int, since: Instant, *, is_contradicted: bool) -> _Read:
    found, shown_since, readings = frozenset[AdministrativeAct](), EPOCH, 0
    while missing := _readings(portal, is_contradicted=is_contradicted) - readings:
        for shown in await repeated(partial(_reading, portal, action_id, since), missing):
            shown_since = max(shown_since, _shown_since(shown, action_id, since))
            acts = frozenset(act for act in shown if act.action_id == action_id)
            is_contradicted = is_contradicted or (readings > 0 and acts != found)
            found, readings = found | acts, readings + 1
    newest_first = sorted(found, key=lambda act: act.at, reverse=True)
    return _Read(acts=tuple(newest_first), shown_since=shown_since)


def _readings(portal: Portal, *, is_contradicted: bool) -> int:
    is_unsteady = is_contradicted or portal.traffic.retries > 0
    return READINGS_WHERE_UNSTEADY if is_unsteady else READINGS


async def _reading(portal: Portal, action_id: int, since: Instant) -> list[AdministrativeAct]:
    """Return what one reading shows, page by page; a page without anything new is the last."""
    shown: list[AdministrativeAct] = []
    different: set[AdministrativeAct] = set()
    start = 0
    while True:
        page = await portal.administration(action_id, since=since, start=start)
        before = len(different)
        shown += page.acts
        different.update(page.acts)
        if not page.is_full or len(different) == before:
            return shown
        start += len(page.acts)


def _shown_since(acts: Sequence[AdministrativeAct], action_id: int, since: Instant) -> Instant:
    """Return since when a reading shows everything.

    A portal without the audit option returns its twenty newest entries, whatever is asked
    (SecurityController.cs): fewer are all that there are.
    """
    asked = all(act.action_id == action_id and act.at >= since for act in acts)
    if asked or len(acts) < WITHOUT_OPTION:
        return EPOCH
    return after(min(act.at for act in acts), timedelta(seconds=1))

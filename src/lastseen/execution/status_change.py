"""Changes people's status in batches, through refusals and lost answers, and reads them back.

The portal refuses a whole request because of one person, before it changes anybody; on other
failures it may have changed some (UserController.cs, `UpdateUserStatus`). So a refused batch is
halved until the refused people are alone, and after a lost answer people are read back before
anything is requested again. Journals nothing: `batches` does that.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence

import msgspec

from lastseen.docspace.interface import (
    FORBIDDEN,
    NOT_FOUND,
    NOTHING_DONE,
    PAYMENT_REQUIRED,
    REFUSES_ALL,
    UNAUTHORIZED,
)
from lastseen.execution.context import ExecutionContext
from lastseen.execution.outcomes import (
    GONE,
    already,
    done,
    failed,
    refused,
    spared,
    unconfirmed,
    unrequested,
)
from lastseen.execution.readback import PeopleNow, read_people
from lastseen.execution.target import Target, emails_of, has_status
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId
from lastseen.model.errors import PortalError, PortalRefused
from lastseen.model.receipt import Cause, Outcome

PASSED_OVER = (
    "the portal accepted the request but left this account unchanged: before release 3.7 it skips"
    " accounts that the API key may not change, without an error"
)
"""For people whom neither the portal's answer nor reading back shows as changed."""

NO_SEAT = (
    "the portal's licence has no seat left for this kind of account, or its subscription has run"
    " out (402): disable or delete others, or buy seats, and undo again"
)
"""For people whom the portal can't reinstate."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for each person in the request."""

    outcomes: tuple[Outcome, ...]
    """The known outcomes."""
    unknown: tuple[Outcome, ...]
    """The outcomes that are not certain yet, with what is known."""
    unrequested: tuple[Target, ...] = ()
    """People whom the portal changed without being asked to; their outcomes are in `outcomes`."""


class StatusChanger:
    """Gives people one status and records the outcome for each. Never raises PortalError."""

    def __init__(
        self, status: AccountStatus, context: ExecutionContext, *, requested: Collection[UserId]
    ) -> None:
        """Give `status` on the portal of `context`.

        `requested`: everyone whom the run has requested so far; anyone else in an answer was
        changed without being requested.
        """
        self._requested = requested
        self.halt: str | None = None
        """Why no more requests may be sent, in a sentence; None if they may."""
        self._status = status
        self._context = context
        self._pace = context.pace
        self._groups: deque[tuple[Target, ...]] = deque()
        self._answered: list[Target] = []
        self._passed_over: set[UserId] = set()
        self._refused: list[tuple[Target, str]] = []
        self._no_seat_for: set[AccountType | None] = set()
        self._tries: dict[UserId, int] = {}
        self._lost_in_a_row = 0
        self._outcomes: dict[UserId, Outcome] = {}
        self._unknown: dict[UserId, Outcome] = {}
        self._unrequested: dict[UserId, Target] = {}

    @property
    def only_refused(self) -> bool:
        """Whether everyone so far was refused, each in a request of their own."""
        return bool(self._refused) and not (self._answered or self._outcomes or self._unknown)

    async def ask(self, batch: Sequence[Target]) -> None:
        """Request the change for `batch` until everyone is settled or the run has to stop."""
        self._groups.append(tuple(batch))
        while self._groups and self.halt is None:
            group = self._drop_without_seat(self._groups.popleft())
            if group:
                self._groups.extendleft(reversed(await self._ask(group)))
        while self._groups:
            self._note_not_attempted(self._groups.popleft(), f"not attempted: {self.halt}")

    async def read_back(self) -> Changed:
        """Read back everyone for whom the portal answered; return the outcome of all."""
        await self._verify()
        await self._explain_refusals()
        changed_unrequested = await self._read_back_unrequested()
        return Changed(
            outcomes=tuple(self._outcomes.values()),
            unknown=tuple(self._unknown.values()),
            unrequested=changed_unrequested,
        )

    async def _ask(self, group: tuple[Target, ...]) -> list[tuple[Target, ...]]:
        """Send one request; return the groups that are still to be requested, in their order."""
        ids = tuple(target.user_id for target in group)
        try:
            changed = await self._context.portal.set_status(ids, self._status)
        except PortalRefused as refusal:
            if refusal.status in NOTHING_DONE or refusal.status == FORBIDDEN:
                return await self._halved_or_refused(group, refusal)
            if refusal.status == PAYMENT_REQUIRED and self._status is AccountStatus.ACTIVE:
                return await self._after_no_seat(group)
            if refusal.status in REFUSES_ALL or refusal.status == PAYMENT_REQUIRED:
                self.halt = _stopped_by(refusal)
                self._note_not_attempted(group, f"not attempted: {self.halt}")
                return []
            return await self._after_lost_answer(group, refusal)
        except PortalError as lost:
            return await self._after_lost_answer(group, lost)
        self._lost_in_a_row = 0
        self._answered.extend(group)
        shown = {profile.id for profile in changed if has_status(profile, self._status)}
        self._passed_over.update(target.user_id for target in group if target.user_id not in shown)
        self._note_unrequested(group, changed)
        return []

    def _note_unrequested(self, group: tuple[Target, ...], changed: Iterable[Profile]) -> None:
        """Note people in the answer who were not requested; the run then stops."""
        asked = {target.user_id for target in group}
        for profile in changed:
            if profile.id not in asked and profile.id not in self._requested:
                email = profile.email or None
                unrequested = Target(user_id=profile.id, email=email, type=profile.type)
                self._unrequested[profile.id] = unrequested
        if self._unrequested:
            self.halt = "the portal changed people it was not asked to change"

    async def _halved_or_refused(
        self, group: tuple[Target, ...], refusal: PortalRefused
    ) -> list[tuple[Target, ...]]:
        if len(group) > 1:
            return _halves(group)
        (target,) = group
        if refusal.status in (FORBIDDEN, NOT_FOUND) and not self._refused:
            self.halt = await self._why_everything_is_refused(target, refusal.status)
        if self.halt is not None:
            self._note_not_attempted(group, f"not attempted: {self.halt}")
        else:
            self._refused.append((target, refusal.found))
        return []

    async def _why_everything_is_refused(self, target: Target, status: int) -> str | None:
        """Return why no more requests may be sent if `target` can't be read for the same `status`.

        A portal that is being restored, moved or encrypted, or that doesn't trust this machine's
        address, answers 403 to everything, and a suspended one 404 (TenantStatusFilter.cs,
        IpSecurityFilter.cs).
        """
        try:
            unread = (await self._read([target])).unread.get(target.user_id)
        except PortalError:  # the next request meets the same, and deals with it
            return None
        if not isinstance(unread, PortalRefused) or unread.status != status:
            return None
        return (
            "the portal refuses every request now: it is suspended, or being restored, moved or"
            f" encrypted, or doesn't trust this machine's address ({unread.found})"
        )

    async def _after_no_seat(self, group: tuple[Target, ...]) -> list[tuple[Target, ...]]:
        """Continue past a person for whom the portal's licence has no seat left.

        The portal has already changed those before them in the list.
        """
        unchanged = await self._take_changed(group)
        if len(unchanged) > 1:
            return _halves(unchanged)
        self._no_seat_for.update(target.type for target in unchanged)
        return [unchanged] if unchanged else []

    async def _after_lost_answer(
        self, group: tuple[Target, ...], lost: PortalError
    ) -> list[tuple[Target, ...]]:
        """After an answer was lost, find out who is changed, and continue with the others."""
        await asyncio.sleep(self._pause())
        unchanged = await self._take_changed(group)
        if self.halt is not None or not unchanged:
            return []
        self._lost_in_a_row = 0 if len(unchanged) < len(group) else self._lost_in_a_row + 1
        if self._lost_in_a_row >= self._pace.lost_in_a_row:
            self.halt = (
                f"the portal lost {self._lost_in_a_row} requests in a row without changing anybody"
                f" ({lost.found})"
            )
            self._note_unknown(
                unchanged, f"the portal gave no proper answer: {lost.found}", Cause.NO_ANSWER
            )
            return []
        return self._retry_groups(unchanged, lost)

    def _retry_groups(
        self, unchanged: tuple[Target, ...], lost: PortalError
    ) -> list[tuple[Target, ...]]:
        """Retry all together, then in halves, then give up on single people."""
        for target in unchanged:
            self._tries[target.user_id] = self._tries.get(target.user_id, 0) + 1
        if len(unchanged) == 1 and self._tries[unchanged[0].user_id] >= self._pace.tries:
            self._note_unknown(
                unchanged,
                f"the portal gave no proper answer {self._pace.tries} times, and the account does"
                f" not show the change: {lost.found}",
                Cause.NO_ANSWER,
            )
            return []
        if len(unchanged) == 1 or max(self._tries[target.user_id] for target in unchanged) < 2:
            return [unchanged]
        return _halves(unchanged)

    async def _take_changed(self, group: tuple[Target, ...]) -> tuple[Target, ...]:
        """Read `group` back, record those with the new status as done; return the unchanged."""
        try:
            now = await self._read(group)
        except PortalError as error:
            self.halt = f"the portal can't be read any more: {error.found}"
            self._note_unknown(
                group,
                "whether it was done is not known: the portal gave no proper answer, and then"
                f" could not be read: {error.found}",
                Cause.NO_ANSWER,
            )
            return ()
        unchanged = []
        for target in group:
            profile = now.profiles.get(target.user_id)
            if profile is not None and not has_status(profile, self._status):
                unchanged.append(target)
            elif profile is not None:
                self._outcomes[target.user_id] = done(target, profile, self._status)
            elif target.user_id in now.gone:
                self._outcomes[target.user_id] = spared(target, GONE)
            else:
                words = f"the account can't be read: {_unread(now, target)}"
                self._note_unknown([target], words, Cause.UNREADABLE)
        return tuple(unchanged)

    async def _verify(self) -> None:
        """Read back those for whom the portal reported success."""
        waiting = self._answered
        for pause in (0.0, *self._pace.pauses):
            if not waiting:
                return
            if pause:
                await asyncio.sleep(pause)
            try:
                now = await self._read(waiting)
            except PortalError as error:
                self.halt = self.halt or f"the portal can't be read any more: {error.found}"
                self._note_unconfirmed(waiting, f"reading back failed: {error.found}")
                return
            waiting = [target for target in waiting if not self._verified(target, now)]
        for target in waiting:
            if target.user_id in self._passed_over:
                self._outcomes[target.user_id] = refused(target, PASSED_OVER)
        self._note_unknown(
            [target for target in waiting if target.user_id not in self._passed_over],
            "the portal reported success, but still shows the account unchanged",
            Cause.UNCONFIRMED,
        )

    def _verified(self, target: Target, now: PeopleNow) -> bool:
        """Record what reading back shows of a person; False if it shows the old status."""
        profile = now.profiles.get(target.user_id)
        if profile is not None and not has_status(profile, self._status):
            return False
        if profile is not None:
            self._outcomes[target.user_id] = done(target, profile, self._status)
        elif target.user_id in now.gone:
            why = GONE.explanation
            self._outcomes[target.user_id] = unconfirmed(target, self._status, why)
        else:
            self._note_unconfirmed([target], f"the account can't be read: {_unread(now, target)}")
        return True

    async def _explain_refusals(self) -> None:
        """Read back those whom the portal refused individually: some may be gone now."""
        targets = [target for target, _ in self._refused]
        try:
            now = await self._read(targets)
        except PortalError:  # the refusal itself is certain and says enough
            now = PeopleNow(profiles={})
        for target, answer in self._refused:
            profile: Profile | None = now.profiles.get(target.user_id)
            if target.user_id in now.gone:
                self._outcomes[target.user_id] = spared(target, GONE)
            elif profile is not None and has_status(profile, self._status):
                self._outcomes[target.user_id] = already(target, self._status)
            else:
                self._outcomes[target.user_id] = refused(target, answer)

    async def _read_back_unrequested(self) -> tuple[Target, ...]:
        """Return those changed without being requested; verified if reading back shows it."""
        if not self._unrequested:
            return ()
        try:
            now = await self._read(list(self._unrequested.values()))
        except PortalError:  # better to report somebody needlessly than not at all
            now = PeopleNow(profiles={})
        for who, target in self._unrequested.items():
            profile = now.profiles.get(who)
            shown = profile is not None and has_status(profile, self._status)
            self._outcomes[who] = unrequested(target, self._status, verified=shown)
        return tuple(self._unrequested.values())

    async def _read(self, targets: Sequence[Target]) -> PeopleNow:
        emails = emails_of(targets)
        guests_only = all(target.type is AccountType.GUEST for target in targets)
        return await read_people(
            self._context.portal, tuple(emails), emails=emails, guests_only=guests_only
        )

    def _drop_without_seat(self, group: tuple[Target, ...]) -> tuple[Target, ...]:
        """Take out account types for which the licence has already refused a seat."""
        for target in group:
            if target.type in self._no_seat_for:
                self._outcomes[target.user_id] = refused(target, NO_SEAT, Cause.NO_PLACE)
        return tuple(target for target in group if target.type not in self._no_seat_for)

    def _note_not_attempted(self, targets: Iterable[Target], why: str) -> None:
        """Record that these were not requested; an earlier lost request may still take effect."""
        for target in targets:
            where = self._unknown if target.user_id in self._tries else self._outcomes
            where[target.user_id] = failed(target, why, Cause.NOT_ATTEMPTED)

    def _note_unknown(self, targets: Iterable[Target], why: str, cause: Cause) -> None:
        for target in targets:
            self._unknown[target.user_id] = failed(target, why, cause)

    def _note_unconfirmed(self, targets: Iterable[Target], why: str) -> None:
        for target in targets:
            self._unknown[target.user_id] = unconfirmed(target, self._status, why)

    def _pause(self) -> float:
        pauses = self._pace.pauses
        return pauses[min(self._lost_in_a_row, len(pauses) - 1)] if pauses else 0.0


def _halves(group: tuple[Target, ...]) -> list[tuple[Target, ...]]:
    middle = len(group) // 2
    return [group[:middle], group[middle:]]


def _stopped_by(refusal: PortalRefused) -> str:
    """Return why the run ends; a used-up allowance also says when it can continue."""
    if refusal.status == UNAUTHORIZED:
        return f"the portal no longer takes the API key: {refusal.found}"
    if refusal.status == PAYMENT_REQUIRED:
        return f"the portal's subscription has run out, so it takes no changes: {refusal.found}"
    return f"the portal's limit is reached: {refusal.found}"


def _unread(now: PeopleNow, target: Target) -> str:
    return now.unread[target.user_id].found

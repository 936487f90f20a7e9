"""Which people of a plan or of an earlier run are meant: by id or e-mail address, in any case.

Pure; nothing here asks the portal.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from lastseen.model.contractor import goes_by
from lastseen.model.decision import Decision
from lastseen.model.errors import UsageError


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which of those to be changed are to be changed this time; as it stands, all of them."""

    only: tuple[str, ...] = ()
    """Nobody but these, each an id or an e-mail address; empty means everybody."""
    except_: tuple[str, ...] = ()
    """Not these, each an id or an e-mail address."""


class Named(Protocol):
    """Somebody who can be named by id or e-mail address."""

    @property
    def user_id(self) -> str | None:
        """The portal's id."""

    @property
    def email(self) -> str | None:
        """The e-mail address."""


AnyNamed = TypeVar("AnyNamed", bound=Named)


def select(
    people: Sequence[AnyNamed], selection: Selection, *, attempted: str, among: str
) -> tuple[AnyNamed, ...]:
    """Return those of `people` that `selection` leaves, in their order.

    `attempted` and `among` (such as "the people whom the plan disables") go into the message.
    Raises UsageError when a name in the selection is nobody's among `people`.
    """
    wanted = _named(people, selection.only, attempted, among)
    unwanted = _named(people, selection.except_, attempted, among)
    return tuple(
        person
        for index, person in enumerate(people)
        if index not in unwanted and (not selection.only or index in wanted)
    )


def _named(
    people: Sequence[Named], names: Iterable[str], attempted: str, among: str
) -> frozenset[int]:
    """Return the places of those in `people` that are named; each name must be somebody's."""
    places: set[int] = set()
    for who in names:
        found = {
            index
            for index, person in enumerate(people)
            if goes_by(who, identity=person.user_id, email=person.email)
        }
        if not found:
            raise UsageError(
                attempted=attempted,
                found=f"{who!r} is not among {among}",
                meaning="only they can be chosen, by id or by e-mail address in any case; "
                "nothing was changed",
                remedy="look the person up in the plan or the receipt, and name them as it does",
            )
        places |= found
    return frozenset(places)


def longest_idle(decisions: Sequence[Decision], count: int) -> tuple[Decision, ...]:
    """Return the `count` people who have been idle longest, in the order of `decisions`.

    People of whom nobody knows since when they are idle come first.
    """
    by_idle_time = sorted(
        range(len(decisions)), key=lambda place: -(decisions[place].idle_days or 10**9)
    )
    return tuple(decisions[place] for place in sorted(by_idle_time[:count]))

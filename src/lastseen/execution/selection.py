"""Selects people of a plan or an earlier run, by id or by e-mail address in any case.

Pure; nothing here asks the portal.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from lastseen.model.contractor import goes_by
from lastseen.model.decision import Decision, by_idle_time
from lastseen.model.errors import UsageError


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the people to be changed are changed this time; by default all of them."""

    only: tuple[str, ...] = ()
    """Only these people, each an id or an e-mail address; empty means everyone."""
    except_: tuple[str, ...] = ()
    """Not these, each an id or an e-mail address."""


class Named(Protocol):
    """A person who can be named by id or e-mail address."""

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
    Raises UsageError if a name in the selection matches nobody in `people`.
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
    """Return the indexes of the named `people`; every name must match somebody."""
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

    People whose idle time is not known come first.
    """
    ordered = sorted(range(len(decisions)), key=lambda place: by_idle_time(decisions[place]))
    return tuple(decisions[place] for place in sorted(ordered[:count]))

"""The roster `guests`: the portal's own guests, whole or narrowed by group, inviter or domain.

Everyone is listed, disabled and pending guests too: the policy decides about them.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from uuid import UUID

from lastseen.docspace.interface import PeopleQuery, Portal
from lastseen.model.contractor import AccountType, Contractor, Profile, UserId, email_key
from lastseen.model.email_address import domain_pattern, in_domain
from lastseen.model.errors import UsageError
from lastseen.rosters.cells import portal_id
from lastseen.rosters.interface import Listing, RosterOptions


class GuestsRoster:
    """The portal's guests. Values of one option widen the roster, further options narrow it."""

    name = "guests"
    outside = False

    def __init__(self, options: RosterOptions) -> None:
        """Keep the options; raises UsageError for an invalid group id or domain."""
        self._options = options
        self._included = _domains(options.email_domains, "email_domains")
        self._excluded = _domains(options.exclude_email_domains, "exclude_email_domains")
        for group in options.groups:
            _demand_group_id(group)

    @property
    def query(self) -> str:
        """The options that narrow it."""
        chosen = {
            "groups": self._options.groups,
            "inviters": self._options.inviters,
            "email_domains": self._options.email_domains,
            "exclude_email_domains": self._options.exclude_email_domains,
        }
        chosen_text = [f"{name} = {', '.join(values)}" for name, values in chosen.items() if values]
        return "; ".join(chosen_text) or "all guests"

    async def load(self, portal: Portal) -> Listing:
        """Read the guest list, or one list for each group and inviter if any are given."""
        inviters = [await _inviter_id(portal, inviter) for inviter in self._options.inviters]
        guests: dict[UserId, Profile] = {}
        warnings: list[str] = []
        for query in _queries(self._options.groups, inviters):
            found = await portal.people(query)
            guests.update((guest.id, guest) for guest in found)
            if not found:
                warnings.append(_nobody(query))
        chosen = tuple(guest for guest in guests.values() if self._wanted(guest))
        warnings.extend(self._domains_of_nobody(guests.values()))
        return Listing(
            contractors=tuple(_contractor(guest) for guest in chosen),
            profiles=chosen,
            portal_guests=None if self._options.groups or inviters else len(guests),
            warnings=tuple(warnings),
        )

    async def among(self, profiles: Iterable[Profile], portal: Portal) -> Listing:
        """Return the part of the roster that consists of `profiles`, accounts read just now.

        Lists nobody again, except members of the groups if a profile doesn't show them. Raises
        PortalError.
        """
        guests = [one for one in profiles if one.type is AccountType.GUEST and self._wanted(one)]
        if guests and self._options.inviters:
            inviters = {await _inviter_id(portal, inviter) for inviter in self._options.inviters}
            guests = [one for one in guests if one.invited_by in (None, *inviters)]
        if guests and self._options.groups:
            groups = {str(UUID(group)) for group in self._options.groups}
            members = {one.id for one in guests if groups.intersection(one.groups)}
            if any(not one.groups for one in guests):
                for query in _queries(self._options.groups, []):
                    members.update(one.id for one in await portal.people(query))
            guests = [one for one in guests if one.id in members]
        return Listing(
            contractors=tuple(_contractor(guest) for guest in guests), profiles=tuple(guests)
        )

    def _wanted(self, guest: Profile) -> bool:
        if self._included and not any(in_domain(guest.email, one) for one in self._included):
            return False
        return not any(in_domain(guest.email, one) for one in self._excluded)

    def _domains_of_nobody(self, guests: Iterable[Profile]) -> Iterator[str]:
        addresses = [guest.email for guest in guests]
        for domain in (*self._included, *self._excluded):
            if not any(in_domain(address, domain) for address in addresses):
                yield f"no guest's e-mail address is in the domain {domain}"


def _domains(written: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Return the domains as patterns; raises UsageError for what can't be one."""
    try:
        return tuple(map(domain_pattern, written))
    except ValueError as error:
        raise UsageError(
            attempted=f"reading roster.{option}",
            found=str(error),
            meaning="it would match nobody, and people meant to be left out may be reviewed",
            remedy=f"correct roster.{option}",
        ) from None


def _queries(groups: tuple[str, ...], inviters: list[UserId]) -> Iterator[PeopleQuery]:
    for group, inviter in product(groups or (None,), inviters or (None,)):
        group_id = str(UUID(group)) if group else None
        yield PeopleQuery(guests_only=True, group_id=group_id, inviter_id=inviter)


async def _inviter_id(portal: Portal, inviter: str) -> UserId:
    known = portal_id(inviter)
    if known is not None:
        return known
    found = await portal.people_by_email(inviter.strip())
    profiles = [one for one in found if email_key(one.email) == email_key(inviter)]
    if len(profiles) != 1:
        raise UsageError(
            attempted=f"finding {inviter}, named in roster.inviters",
            found="the portal has no account with that id or e-mail address"
            if not profiles
            else "the portal has several accounts with that e-mail address",
            meaning="so it is unknown which guests are meant",
            remedy="correct roster.inviters, or remove it to list every guest",
        )
    return profiles[0].id


def _demand_group_id(group: str) -> None:
    if portal_id(group) is None:
        raise UsageError(
            attempted="reading roster.groups",
            found=f"{group!r} is not the id of a group",
            meaning="the portal finds a group's members by its id only, not by its name",
            remedy="open the group under Accounts, Groups: its id is the last part of the address",
        )


def _nobody(query: PeopleQuery) -> str:
    """Return the warning about an empty list.

    Releases up to 3.7.2 allow no guest in a group (GroupsController.cs, ValidateUserAsync).
    """
    chosen = [
        *([f"in the group {query.group_id}"] if query.group_id else []),
        *([f"invited by {query.inviter_id}"] if query.inviter_id else []),
    ]
    hint = " (portals up to release 3.7.2 take no guests into groups)" if query.group_id else ""
    return f"the portal has no guest {' and '.join(chosen)}".rstrip() + hint


def _contractor(guest: Profile) -> Contractor:
    return Contractor(
        id=guest.id,
        email=guest.email or None,
        display_name=guest.display_name or None,
        sponsor=guest.sponsor,
    )

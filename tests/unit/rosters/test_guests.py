import asyncio

import pytest
from msgspec import structs

from lastseen.model.contractor import AccountStatus, Profile
from lastseen.model.errors import UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from lastseen.rosters.guests import GuestsRoster
from tests.unit.rosters.pretended_portal import PretendedPortal, guest, guid, user

GROUP_A = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
GROUP_B = "3f2504e0-4f89-41d3-9a0c-0305e82c3302"


def listed(people: list[Profile], **options: object) -> Listing:
    roster = open_roster(RosterOptions(source="guests", **options))  # type: ignore[arg-type]
    return asyncio.run(roster.load(PretendedPortal(people)))


def addresses(listing: Listing) -> list[str | None]:
    return [contractor.email for contractor in listing.contractors]


def test_every_guest_is_listed_and_nobody_else():
    listing = listed([guest(1), user(2), guest(3)])

    assert addresses(listing) == ["guest1@vendor.com", "guest3@vendor.com"]
    assert [profile.id for profile in listing.profiles] == [guid(1), guid(3)]
    assert not listing.warnings


def test_disabled_and_pending_guests_are_listed_too():
    people = [guest(1, status=AccountStatus.TERMINATED), guest(2, status=AccountStatus.PENDING)]

    assert len(listed(people).contractors) == 2


def test_the_inviter_is_the_sponsor():
    listing = listed([guest(1, sponsor="boss@example.com")])

    assert listing.contractors[0].sponsor == "boss@example.com"


def test_several_groups_are_their_union_and_nobody_is_listed_twice():
    people = [
        guest(1, groups=(GROUP_A,)),
        guest(2, groups=(GROUP_A, GROUP_B)),
        guest(3, groups=(GROUP_B,)),
        guest(4),
    ]

    listing = listed(people, groups=(GROUP_A, GROUP_B.upper()))

    assert [c.id for c in listing.contractors] == [guid(1), guid(2), guid(3)]


def test_a_group_named_by_its_name_is_refused_before_anything_is_asked():
    with pytest.raises(UsageError, match="External designers"):
        open_roster(RosterOptions(source="guests", groups=("External designers",)))


def test_a_group_without_guests_is_warned_of():
    listing = listed([guest(1)], groups=(GROUP_A,))

    assert listing.contractors == ()
    assert GROUP_A in listing.warnings[0]


def test_inviters_are_found_by_id_and_by_address_in_any_case():
    people = [
        user(1, "Boss@example.com"),
        user(2),
        guest(3, invited_by=guid(1)),
        guest(4, invited_by=guid(2)),
        guest(5, invited_by=guid(9)),
    ]

    listing = listed(people, inviters=("boss@EXAMPLE.com", str(guid(2)).upper()))

    assert [c.id for c in listing.contractors] == [guid(3), guid(4)]


def test_groups_and_inviters_together_narrow_the_roster():
    people = [
        guest(1, groups=(GROUP_A,), invited_by=guid(8)),
        guest(2, groups=(GROUP_A,), invited_by=guid(9)),
        guest(3, groups=(GROUP_B,), invited_by=guid(8)),
    ]

    listing = listed(people, groups=(GROUP_A,), inviters=(guid(8),))

    assert [c.id for c in listing.contractors] == [guid(1)]


def test_an_inviter_unknown_to_the_portal_is_an_error_and_no_empty_roster():
    with pytest.raises(UsageError) as refusal:
        listed([guest(1)], inviters=("nobody@example.com",))

    assert "nobody@example.com" in refusal.value.attempted


def test_only_addresses_in_the_domains_named_are_listed():
    people = [guest(1, "a@Vendor.com"), guest(2, "b@other.org"), guest(3, "")]

    assert addresses(listed(people, email_domains=("VENDOR.com",))) == ["a@Vendor.com"]


def test_excluded_domains_win_over_included_ones():
    people = [guest(1, "a@vendor.com"), guest(2, "b@own.vendor.com")]

    listing = listed(
        people, email_domains=(".vendor.com",), exclude_email_domains=("own.vendor.com",)
    )

    assert addresses(listing) == ["a@vendor.com"]


def test_a_domain_that_no_guest_is_in_is_warned_of():
    listing = listed([guest(1)], exclude_email_domains=("vendr.com",))

    assert listing.warnings == ("no guest's e-mail address is in the domain vendr.com",)


@pytest.mark.parametrize("option", ["email_domains", "exclude_email_domains"])
@pytest.mark.parametrize("text", ["*.vendor.com", "https://vendor.com", '"vendor.com"', "a@v.com"])
def test_a_text_that_cannot_be_a_domain_is_refused_before_anybody_is_listed(option, text):
    with pytest.raises(UsageError, match="is not a domain") as refusal:
        GuestsRoster(structs.replace(RosterOptions(), **{option: (text,)}))

    assert option in refusal.value.attempted

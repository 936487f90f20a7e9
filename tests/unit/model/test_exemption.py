from datetime import date

import pytest
from msgspec import structs

from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.exemption import Exemption, Exemptions, exemption_key
from lastseen.model.instant import EPOCH

ANN = UserId("00000000-0000-4000-8000-000000000001")
BOB = UserId("00000000-0000-4000-8000-000000000002")
GROUP = "5b2f7c1e-7f0a-4c55-9d27-8a5a8e0b7c11"
TODAY = date(2026, 11, 1)


def exemption(who: str, **more: object) -> Exemption:
    given = Exemption(
        who=exemption_key(who), until=date(2026, 12, 31), reason="r", added_by="b", added_at=EPOCH
    )
    return structs.replace(given, **more)


def account(identity: UserId, email: str, **more: object) -> Profile:
    return Profile(id=identity, email=email, **more)  # type: ignore[arg-type]


def test_an_exemption_by_address_covers_the_person_until_it_is_bound():
    given = exemption("Ann@x.org")

    assert Exemptions([given]).of(None, account(ANN, "ann@X.org")).exemption == given
    assert Exemptions([given]).of(Contractor(email="ANN@x.org"), None).exemption == given


def test_a_bound_exemption_follows_the_account_when_the_address_changes():
    given = exemption("ann@x.org", user_id=ANN)

    assert Exemptions([given]).of(None, account(ANN, "new@x.org")).exemption == given


def test_another_account_with_the_address_of_a_bound_exemption_is_in_doubt():
    given = exemption("ann@x.org", user_id=ANN)

    found = Exemptions([given]).of(None, account(BOB, "ann@x.org"))

    assert (found.exemption, found.doubtful) == (None, given)


def test_an_address_nearly_that_of_an_exemption_is_in_doubt_and_not_exempt():
    given = exemption("hans.straße@x.org")

    found = Exemptions([given]).of(None, account(ANN, "hans.strasse@x.org"))

    assert (found.exemption, found.doubtful) == (None, given)


def test_a_domain_and_a_group_cover_everyone_in_them():
    domain, group = exemption("domain:.Vendor.example"), exemption(f"group:{GROUP.upper()}")
    both = Exemptions([domain, group])

    assert both.of(None, account(ANN, "a@eu.vendor.example")).exemption == domain
    assert both.of(None, account(ANN, "a@x.org", groups=(GROUP.upper(),))).exemption == group
    assert both.of(None, account(ANN, "a@x.org")).exemption is None


def test_of_several_the_one_that_holds_longest_is_named():
    shorter, longer = exemption("ann@x.org"), exemption("domain:x.org", until=date(2027, 3, 1))

    assert Exemptions([shorter, longer]).of(None, account(ANN, "ann@x.org")).exemption == longer


def test_exemptions_that_cover_nobody_are_reported():
    used, unused = exemption("ann@x.org"), exemption("bbo@x.org")
    given = Exemptions([used, unused])

    given.of(None, account(ANN, "ann@x.org"))

    assert given.unmatched() == (unused,)


def test_exemptions_that_end_within_two_weeks_are_reported():
    ending, later = exemption("a@x.org", until=date(2026, 11, 15)), exemption("b@x.org")

    assert Exemptions([later, ending]).ending(TODAY) == (ending,)


@pytest.mark.parametrize("who", ["domain:*.x.org", "domain:", "group:designers", "group:"])
def test_what_is_no_domain_and_no_group_has_no_key(who):
    with pytest.raises(ValueError, match=r"."):
        exemption_key(who)

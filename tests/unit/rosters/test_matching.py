import asyncio
import gc
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.decision import Reason
from lastseen.model.errors import PortalUnreachable
from lastseen.rosters import Listing, Match, match
from lastseen.rosters.rows import RowReader
from tests.unit.rosters.pretended_portal import PretendedPortal, guest, guid, user

UNKNOWN = guid(0xABCDEF)


def matched(
    people: Iterable[Profile] | PretendedPortal, *contractors: Contractor, reconcile: bool = False
) -> tuple[Match, ...]:
    portal = people if isinstance(people, PretendedPortal) else PretendedPortal(people)
    return asyncio.run(match(Listing(contractors=contractors), portal, reconcile=reconcile))


def only(matches: tuple[Match, ...]) -> Match:
    assert len(matches) == 1
    return matches[0]


def test_a_contractor_is_found_by_id():
    person = Contractor(id=guid(1))

    assert only(matched([guest(1), guest(2)], person)) == Match(contractor=person, profile=guest(1))


def test_without_an_id_the_address_finds_in_any_case():
    person = Contractor(email=" GUEST1@Vendor.COM ")

    assert only(matched([guest(1)], person)).profile == guest(1)


def test_anyone_who_is_not_on_the_portal_is_said_not_to_be():
    person = Contractor(id=UNKNOWN, email="nobody@vendor.com")

    found = only(matched([guest(1)], person))

    assert found == Match(contractor=person, profile=None, problem=Reason.NOT_ON_PORTAL)


def test_an_id_and_an_address_of_two_accounts_are_ambiguous():
    found = only(matched([guest(1), guest(2)], Contractor(id=guid(1), email=guest(2).email)))

    assert (found.problem, found.profile) == (Reason.AMBIGUOUS, None)
    assert found.explanation is not None
    assert guid(1) in found.explanation
    assert guid(2) in found.explanation


def test_an_unknown_id_beside_a_known_address_is_ambiguous():
    found = only(matched([guest(1)], Contractor(id=UNKNOWN, email=guest(1).email)))

    assert (found.problem, found.profile) == (Reason.AMBIGUOUS, None)
    assert found.explanation is not None
    assert UNKNOWN in found.explanation


def test_an_address_that_nobody_has_does_not_contradict_an_id():
    found = only(matched([guest(1)], Contractor(id=guid(1), email="new@elsewhere.org")))

    assert (found.problem, found.profile) == (None, guest(1))


def test_an_address_that_two_accounts_have_is_ambiguous_where_everyone_was_read():
    people = [guest(1, "same@vendor.com"), guest(2, "Same@vendor.com"), guest(3)]

    found = only(matched(people, Contractor(email="same@vendor.com"), reconcile=True)[:1])

    assert (found.problem, found.profile) == (Reason.AMBIGUOUS, None)


def test_an_id_settles_which_of_two_accounts_with_one_address_is_meant():
    people = [guest(1, "same@vendor.com"), guest(2, "Same@vendor.com")]
    person = Contractor(id=guid(2), email="same@vendor.com")

    assert matched(people, person, reconcile=True)[0].profile == people[1]


def test_rows_that_lead_to_one_account_are_one_person():
    first = Contractor(id=guid(1), sponsor="S", end_date=date(2026, 1, 31))
    second = Contractor(email=guest(1).email, display_name="Ada", end_date=date(2026, 6, 30))

    found = only(matched([guest(1)], first, second))

    assert found.contractor == Contractor(
        id=guid(1),
        email=guest(1).email,
        display_name="Ada",
        sponsor="S",
        end_date=date(2026, 6, 30),
    )


def test_matches_keep_the_order_of_the_roster():
    people = [guest(n) for n in range(20)]
    wanted = [Contractor(id=guid(n)) for n in (7, 3, 99, 12)]

    assert [found.contractor for found in matched(people, *wanted)] == wanted


@pytest.mark.parametrize("text", ["4711", "administrator", "@self", "../people", "0" * 32])
def test_what_cannot_be_an_id_is_never_asked_for(text):
    portal = PretendedPortal([guest(1)])

    found = only(matched(portal, Contractor(id=UserId(text))))

    assert found.problem is Reason.NOT_ON_PORTAL
    assert portal.requests == 0


@pytest.mark.parametrize("text", ["n/a", "@", "a@", "@b", "a@b@c", "a@b\nc", "a" * 255 + "@b"])
def test_what_the_portal_would_refuse_as_an_address_is_never_asked_for(text):
    portal = PretendedPortal([guest(1)])

    assert only(matched(portal, Contractor(email=text))).problem is Reason.NOT_ON_PORTAL
    assert portal.requests == 0


def test_an_answer_about_somebody_else_is_not_believed():
    class LoosePortal(PretendedPortal):
        """Compares addresses without accents, as the portal's database does."""

        async def people_by_email(self, email: str) -> tuple[Profile, ...]:
            return await super().people_by_email(email.replace("é", "e"))

    portal = LoosePortal([guest(1, "rene@vendor.com")])

    assert only(matched(portal, Contractor(email="rené@vendor.com"))).profile is None


@pytest.mark.parametrize("reconcile", [True, False])
def test_an_address_nearly_an_accounts_is_ambiguous_and_leaves_the_account_alone(reconcile):
    account = guest(1, "hans.strasse@vendor.com")
    person = Contractor(email="hans.straße@vendor.com", end_date=date(2020, 1, 1))

    found = only(matched([account], person, reconcile=reconcile))

    assert (found.problem, found.profile) == (Reason.AMBIGUOUS, None)
    assert "nearly, but not exactly" in (found.explanation or "")


def test_an_account_with_exactly_the_address_is_found_beside_one_nearly_like_it():
    people = [guest(1, "hans.strasse@vendor.com"), guest(2, "hans.straße@vendor.com")]

    for account in people:
        found = only(matched(people, Contractor(email=account.email)))
        assert (found.problem, found.profile) == (None, account)


def test_an_account_that_another_row_nearly_names_is_ambiguous_too():
    account = guest(1, "hans.strasse@vendor.com")
    rows = [
        Contractor(email="hans.strasse@vendor.com", end_date=date(2020, 1, 1)),
        Contractor(email="hans.straße@vendor.com"),
    ]

    found = matched([account], *rows, reconcile=True)

    assert [one.problem for one in found] == [Reason.AMBIGUOUS, Reason.AMBIGUOUS]


@pytest.mark.parametrize("reconcile", [False, True])
@pytest.mark.parametrize(
    "row", ["\u0430nn@vendor.com", "ann@v\u0435ndor.com", "\u0410NN@vendor.com"]
)
def test_an_address_that_only_looks_like_an_accounts_is_ambiguous(row, reconcile):
    # Cyrillic letters, as somebody types them whose keyboard was switched over.
    people = [guest(number) for number in range(2, 6)]
    account = guest(1, "ann@vendor.com")
    rows = [Contractor(email=row), *(Contractor(email=one.email) for one in people)]

    found, *others = matched([account, *people], *rows, reconcile=reconcile)

    assert (found.problem, found.profile) == (Reason.AMBIGUOUS, None)
    assert "nearly, but not exactly" in (found.explanation or "")
    # Nor does another row that ends, or the rule for guests on no row, decide on the account.
    assert account not in [one.profile for one in others]


def _rows_of(*written: Contractor) -> list[Contractor]:
    """Return people as the reader of rows makes them of rows."""
    reader = RowReader(source="r.csv", unit="line", names={})
    for number, one in enumerate(written, 2):
        reader.read(number, {"id": one.id, "email": one.email, "end_date": one.end_date})
    return [*reader.people()]


def test_a_second_address_for_an_id_that_is_anothers_holds_both():
    # Given a row for Eve into which somebody copied Bob's id
    bob, eve = guest(1, "bob@vendor.com"), guest(2, "eve@vendor.com")
    rows = _rows_of(
        Contractor(id=bob.id, email=bob.email, end_date=date(2020, 1, 1)),
        Contractor(id=bob.id, email=eve.email, end_date=date(2028, 1, 1)),
    )

    found = matched([bob, eve], *rows, reconcile=True)

    # Then neither is decided about, and Eve is no guest whom no row names.
    assert [one.problem for one in found] == [Reason.AMBIGUOUS, Reason.AMBIGUOUS]


def test_a_second_address_for_an_id_that_nobody_has_is_the_same_person():
    bob = guest(1, "bob@vendor.com")
    rows = _rows_of(
        Contractor(id=bob.id, email=bob.email, end_date=date(2020, 1, 1)),
        Contractor(id=bob.id, email="robert@vendor.com", end_date=date(2028, 1, 1)),
        Contractor(id=bob.id, email="robert@vendor.com", end_date=date(2021, 1, 1)),
    )

    found = only(matched([bob], *rows, reconcile=True))

    assert (found.profile, found.problem) == (bob, None)
    assert found.contractor is not None
    assert found.contractor.end_date == date(2028, 1, 1)


def test_a_domain_is_found_in_either_spelling():
    account = guest(1, "ann@xn--fa-hia.example")

    assert only(matched([account], Contractor(email="Ann@faß.example"))).profile == account


def test_profiles_that_the_roster_brought_are_not_asked_for_again():
    portal = PretendedPortal([guest(1)])
    listing = Listing(
        contractors=(Contractor(id=guid(1), email=guest(1).email),), profiles=(guest(1),)
    )

    found = asyncio.run(match(listing, portal, reconcile=False))

    assert only(found).profile == guest(1)
    assert portal.requests == 0


def test_guests_on_no_row_are_unknown_guests_by_address():
    people = [guest(3, "c@x.org"), guest(1, "b@x.org"), guest(2, "a@x.org"), user(9)]

    first, *strangers = matched(people, Contractor(id=guid(1)), reconcile=True)

    assert first.profile == people[1]
    assert strangers == [
        Match(contractor=None, profile=person, problem=Reason.UNKNOWN_GUEST)
        for person in (people[2], people[0])
    ]


def test_guests_whom_an_ambiguous_row_speaks_of_are_no_strangers():
    person = Contractor(id=guid(1), email=guest(2).email)

    found = only(matched([guest(1), guest(2)], person, reconcile=True))

    assert found.problem is Reason.AMBIGUOUS


def test_without_reconciling_no_guest_is_listed():
    assert len(matched([guest(1), guest(2)], Contractor(id=guid(1)))) == 1


def test_an_empty_roster_asks_nothing():
    portal = PretendedPortal([guest(1)])

    assert matched(portal) == ()
    assert portal.requests == 0


def test_a_short_roster_on_a_large_portal_is_asked_for_one_by_one():
    portal = PretendedPortal([guest(n) for n in range(50_000)])
    people = [Contractor(id=guid(n * 1000), email=guest(n * 1000).email) for n in range(40)]

    matches = matched(portal, *people)

    assert all(found.profile for found in matches)
    assert portal.requests <= 40 + 3


def test_a_long_roster_on_a_large_portal_reads_everyone():
    portal = PretendedPortal([guest(n) for n in range(50_000)])
    people = [Contractor(email=guest(n).email) for n in range(10_000)]

    matches = matched(portal, *people)

    assert all(found.profile for found in matches)
    assert portal.requests <= 500 + 3


def test_reconciling_reads_the_guests_and_asks_for_the_few_who_are_none():
    staff = [user(n) for n in range(10_000, 40_000)]
    portal = PretendedPortal([*(guest(n) for n in range(1_000)), *staff])
    people = [Contractor(id=guid(n)) for n in (*range(900), 10_001, 10_002, 10_003)]

    matches = matched(portal, *people, reconcile=True)

    assert sum(found.profile is not None for found in matches) == 1_003
    assert sum(found.problem is Reason.UNKNOWN_GUEST for found in matches) == 100
    assert portal.requests <= 10 + 3 + 4


def test_reconciling_reads_everyone_where_that_costs_less():
    portal = PretendedPortal([*(guest(n) for n in range(500)), *(user(n) for n in range(500, 900))])
    people = [Contractor(id=guid(n)) for n in range(900)]

    matches = matched(portal, *people, reconcile=True)

    assert len(matches) == 900
    assert portal.requests <= 9 + 3


def test_as_many_are_asked_for_at_once_as_the_portal_allows_and_no_more():
    portal = PretendedPortal([guest(n) for n in range(5_000)], concurrency=7)

    matched(portal, *(Contractor(id=guid(n)) for n in range(40)))

    assert portal.most_at_once == 7


@pytest.mark.filterwarnings("error")
def test_a_portal_that_stops_answering_ends_the_matching_with_its_own_error():
    portal = PretendedPortal([guest(n) for n in range(5_000)], fails_after=11)

    with pytest.raises(PortalUnreachable):
        matched(portal, *(Contractor(id=guid(n)) for n in range(40)))
    gc.collect()


PEOPLE = [guest(n) for n in range(6)] + [user(n) for n in range(6, 9)]
STRANGERS = [user(n) for n in range(1_000, 5_000)]
rows = st.builds(
    Contractor,
    id=st.none() | st.sampled_from([guid(n) for n in range(11)]),
    email=st.none() | st.sampled_from([p.email.upper() for p in PEOPLE] + ["nobody@x.org"]),
).filter(lambda person: person.id or person.email)


@given(st.lists(rows, max_size=12), st.integers(0, 400))
def test_it_makes_no_difference_which_way_the_accounts_were_read(people, crowd):
    # given a portal so large that asking is cheaper, or so small that the list is
    one_by_one = matched([*PEOPLE, *STRANGERS], *people)
    by_list = matched([*PEOPLE, *STRANGERS[:crowd]], *people, reconcile=True)

    assert one_by_one == tuple(m for m in by_list if m.problem is not Reason.UNKNOWN_GUEST)
    seen = [m.profile.id for m in by_list if m.profile]
    assert len(seen) == len(set(seen))

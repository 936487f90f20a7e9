"""How the simulated portal writes dates, and which it reads."""

import pytest

from lastseen.simulator.endpoints.dates import DateWriter, http_date
from lastseen.simulator.server.portal import Setup
from tests.unit.simulator.worlds import ANNA, LOGINS, NOW, PEOPLE, TRAIL, ago, get, portal

ACCEPTED = [
    "2026-06-01T10:30:00Z",
    "2026-06-01T10:30:00.000Z",
    "2026-06-01T10:30:00.0000000Z",
    "2026-06-01T10:30:00+03:00",
    "2026-06-01T10:30:00.123-05:30",
    "2026-06-01T10:30:00.1234567+14:00",
    "2026-06-01T10-30-00Z",
    "2026-06-01T10-30-00.000Z",
    "",
    "0001-01-01T00:00:00Z",
]

REFUSED = [
    "2026-06-01T10:30:00.1Z",
    "2026-06-01T10:30:00.12Z",
    "2026-06-01T10:30:00.1234Z",
    "2026-06-01T10:30:00.12345Z",
    "2026-06-01T10:30:00.123456Z",
    "2026-06-01T10:30:00.12345678Z",
    "2026-06-01T10:30:00",
    "2026-06-01T10:30:00.000",
    "2026-06-01",
    "2026-06-01T10:30:00+0300",
    "2026-06-01T10:30:00+03",
    "2026-06-01T10:30:00+14:01",
    "2026-06-01T10:30:00 03:00",
    "2026-06-01T10:30:00z",
    "2026-06-01 10:30:00Z",
    "2026-06-01T10:30Z",
    "2026-6-1T10:30:00Z",
    "2026-02-30T10:30:00Z",
    "2026-06-01T24:00:00Z",
    "yesterday",
    "1780309800",
]


@pytest.mark.parametrize("text", ACCEPTED)
@pytest.mark.parametrize("path", [LOGINS, TRAIL])
def test_a_date_in_one_of_its_formats_is_read(path, text):
    assert get(portal(), path, from_=text, to=text).status == 200


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("path", [LOGINS, TRAIL])
def test_any_other_date_is_a_400(path, text):
    assert get(portal(), path, from_=text).status == 400
    assert get(portal(), path, to=text).status == 400


def test_six_fraction_digits_are_refused():
    assert get(portal(), LOGINS, from_=ago(days=30, microseconds=1).isoformat()).status == 400


class TestWriting:
    SUMMER = 1_780_300_800  # 2026-06-01T08:00:00Z
    WINTER = 1_767_254_400  # 2026-01-01T08:00:00Z

    def test_dates_have_seven_digits_and_the_portals_offset(self):
        dates = DateWriter("Europe/Moscow")
        assert dates.of_event(self.SUMMER) == "2026-06-01T11:00:00.0000000+03:00"

    def test_the_offset_is_that_of_the_season(self):
        dates = DateWriter("Europe/Berlin")
        assert dates.of_event(self.SUMMER) == "2026-06-01T10:00:00.0000000+02:00"
        assert dates.of_event(self.WINTER) == "2026-01-01T09:00:00.0000000+01:00"

    def test_offset_zero_is_z(self):
        assert DateWriter("UTC").of_event(self.SUMMER).endswith(".0000000Z")
        assert DateWriter("Europe/London").of_event(self.WINTER).endswith(".0000000Z")
        assert DateWriter("Europe/London").of_event(self.SUMMER).endswith("+01:00")

    @pytest.mark.parametrize(
        ("zone", "suffix"), [("America/St_Johns", "-02:30"), ("Asia/Kathmandu", "+05:45")]
    )
    def test_offsets_need_not_be_whole_hours(self, zone, suffix):
        assert DateWriter(zone).of_event(self.SUMMER).endswith(suffix)

    def test_the_first_pass_of_autumns_double_hour_is_written_an_hour_late(self):
        # 2026-10-25 in Berlin: 02:30 comes at 00:30Z and again at 01:30Z.
        dates = DateWriter("Europe/Berlin")
        first, second = 1_792_888_200, 1_792_891_800
        assert dates.of_event(first) == "2026-10-25T02:30:00.0000000+01:00"
        assert dates.of_event(second) == "2026-10-25T02:30:00.0000000+01:00"
        assert dates.of_event(first - 3600) == "2026-10-25T01:30:00.0000000+02:00"

    def test_a_profiles_date_in_springs_missing_hour_is_written_an_hour_late(self):
        # 2026-03-29 in Berlin has no 02:30; the portal looks at UTC digits as if they were local.
        dates = DateWriter("Europe/Berlin")
        assert dates.of_profile(1_774_751_400) == "2026-03-29T05:30:00.0000000+02:00"
        assert dates.of_profile(1_774_747_800) == "2026-03-29T03:30:00.0000000+02:00"

    def test_every_list_is_written_in_the_portals_zone(self):
        asked = portal(
            logins=[(ANNA, ago(hours=1), 1029)],
            trail=[(ANNA, ago(hours=1), 5064)],
            setup=Setup(time_zone="Asia/Tokyo"),
        )
        for path, name in ((LOGINS, "date"), (TRAIL, "date"), (PEOPLE, "registrationDate")):
            assert get(asked, path).items[0][name].endswith(".0000000+09:00")


def test_the_date_header_tells_the_portals_clock():
    assert get(portal(), LOGINS).headers["Date"] == "Mon, 15 Jun 2026 12:00:00 GMT"
    assert http_date(NOW.timestamp() + 0.9) == "Mon, 15 Jun 2026 12:00:00 GMT"

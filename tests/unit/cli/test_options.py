import pytest

from lastseen.cli.options import named_people, read_date, read_now
from lastseen.model.errors import UsageError


def test_people_may_be_separated_by_commas_and_are_named_once():
    assert named_people(["a, b", "c,", "a"], "--only") == ("a", "b", "c")


def test_an_option_that_is_not_given_names_nobody():
    assert named_people(None, "--only") == ()


@pytest.mark.parametrize("unset", ["", " ", ",", " , ,"])
def test_an_option_given_without_a_name_is_refused_and_never_means_everyone(unset):
    with pytest.raises(UsageError, match="names nobody") as refused:
        named_people(["ann@x.example", unset], "--only")

    assert "--only" in refused.value.attempted


def test_a_date_alone_is_midnight_utc():
    assert str(read_now("2026-11-01")) == "2026-11-01 00:00:00+00:00"
    assert read_now(None) is None


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "3000-01-01", "0001-01-01"])
def test_a_pretended_time_near_the_end_of_the_calendar_is_refused(text):
    with pytest.raises(UsageError):
        read_now(text)


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "", "20261101", "2026-W44-7", "2026-305"]
)
def test_a_time_that_cannot_be_read_names_the_option_and_an_example(text):
    for read in (read_now, lambda value: read_date(value, "--now")):
        with pytest.raises(UsageError) as refused:
            read(text)
        assert "--now" in refused.value.attempted
        assert "2026-1" in refused.value.remedy

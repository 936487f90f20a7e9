"""What a portal says of its logs is asked at once."""

import asyncio

import pytest

from lastseen.evidence.reading.filter_detection import FilterMode
from lastseen.evidence.reading.log_facts import read_log_facts
from lastseen.model.errors import PortalUnreachable
from tests.unit.evidence.fake_log import HOUR, FakeLog, FakePortal, entry, every_hour


def refuse(query, events):
    raise PortalUnreachable(attempted="a", found="b", meaning="c", remedy="d")


@pytest.mark.parametrize("mode", [FilterMode.BEFORE_WINDOW, FilterMode.AFTER_WINDOW])
def test_lifetimes_the_newest_page_and_how_filters_work_are_known_after_two_requests(mode):
    log = FakeLog([*every_hour(300), entry(1, 20 * HOUR, "ann")], mode.value)
    portal = FakePortal(log, sign_in_days=90)

    facts = asyncio.run(read_log_facts(portal.asked_as))

    assert facts.retention.sign_in_days == 90
    assert (facts.detected.mode, facts.detected.newest.query.start) == (mode, 0)
    assert len(log.asked) == 2


def test_a_log_that_cannot_be_read_is_an_error():
    log = FakeLog(every_hour(300))
    log.altering = refuse

    with pytest.raises(PortalUnreachable):
        asyncio.run(read_log_facts(FakePortal(log).asked_as))

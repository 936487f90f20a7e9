"""What tests of carrying out share: a portal and a ledger of it."""

from collections.abc import Iterator

import pytest

from lastseen.ledger import Ledger, PortalLedger
from tests.unit.execution.fake_portal import URL, FakePortal


@pytest.fixture
def portal() -> FakePortal:
    """A portal with nobody but its owner."""
    return FakePortal()


@pytest.fixture
def ledger(portal: FakePortal) -> Iterator[PortalLedger]:
    """An empty ledger of that portal."""
    with Ledger.in_memory(clock=portal.clock) as book:
        yield book.portal(URL)

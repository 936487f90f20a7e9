"""Which status counts as the one that was meant."""

import pytest

from lastseen.execution.target import has_status
from lastseen.model.contractor import AccountStatus, Profile, UserId

ACTIVE, TERMINATED, PENDING = AccountStatus.ACTIVE, AccountStatus.TERMINATED, AccountStatus.PENDING


@pytest.mark.parametrize(
    ("shown", "meant", "counts"),
    [
        (TERMINATED, TERMINATED, True),
        (ACTIVE, TERMINATED, False),
        (PENDING, TERMINATED, False),  # an invitation that still stands is no access ended
        (ACTIVE, ACTIVE, True),
        (PENDING, ACTIVE, True),  # a person without a name comes back as Pending
        (TERMINATED, ACTIVE, False),
    ],
)
def test_only_terminated_is_disabled_and_pending_is_given_back(shown, meant, counts):
    assert has_status(Profile(id=UserId("ann"), status=shown), meant) is counts

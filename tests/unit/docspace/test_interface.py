"""What the scopes of an API key allow (AuthorizationExtension.cs), and whether clocks agree."""

import pytest

from lastseen.docspace.interface import OwnKey, clocks_agree
from tests.unit.execution.fake_portal import FakePortal


@pytest.mark.parametrize(
    ("scopes", "reads_logs", "changes_accounts", "ends_sessions"),
    [
        ((), True, True, True),  # unlimited
        (("*",), True, True, True),
        (("*:read",), True, False, False),
        (("*:write",), True, True, True),
        (("accounts:read",), False, False, False),
        (("accounts:write",), False, True, False),
        (("*:read", "accounts:write"), True, True, False),
        (("rooms:write", "files:write"), False, False, False),
    ],
)
def test_a_scope_allows_what_it_says_and_no_more(
    scopes, reads_logs, changes_accounts, ends_sessions
):
    key = OwnKey(permissions=frozenset(scopes), expires_at=None)

    assert key.reads_logs is reads_logs
    assert key.changes_accounts is changes_accounts
    assert key.ends_sessions is ends_sessions


@pytest.mark.parametrize(
    ("skew", "tells", "agree"),
    [
        (0.0, True, True),
        (300.0, True, True),
        (-300.0, True, True),
        (300.5, True, False),
        (-301.0, True, False),
        (0.0, False, False),  # a portal without a clock is no portal whose clock is right
    ],
)
def test_clocks_agree_within_five_minutes_where_the_portal_tells_its_time(skew, tells, agree):
    portal = FakePortal(largest_skew_seconds=skew)
    portal.tells_its_time = tells

    assert clocks_agree(portal) is agree

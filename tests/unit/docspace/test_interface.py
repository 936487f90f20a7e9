"""What the scopes of an API key allow (AuthorizationExtension.cs)."""

import pytest

from lastseen.docspace.interface import OwnKey


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

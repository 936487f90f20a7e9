"""What the key may do is asked before anybody is changed."""

import asyncio

import pytest

from lastseen.docspace.interface import OwnKey
from lastseen.execution.key_rights import own_key_if_available, require_change_right
from lastseen.model.errors import KeyLacksRight, PortalRefused, PortalUnreachable
from tests.unit.execution.fake_portal import FakePortal, lost, refused


class KeyedPortal(FakePortal):
    """A portal that answers this, or fails so, when asked what the key may do."""

    answer: OwnKey | Exception | None = None

    async def own_key(self) -> OwnKey | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def portal_with(answer: OwnKey | Exception | None) -> FakePortal:
    portal = KeyedPortal()
    portal.answer = answer
    return portal


def scopes(*names: str) -> OwnKey:
    return OwnKey(permissions=frozenset(names), expires_at=None)


def asked(portal: FakePortal) -> None:
    asyncio.run(require_change_right(portal, attempted="applying"))


@pytest.mark.parametrize("names", [("accounts:read",), ("*:read",), ("rooms:write", "*:read")])
def test_a_key_that_may_only_read_is_named_with_its_scopes_and_the_one_it_lacks(names):
    portal = portal_with(scopes(*names))

    with pytest.raises(KeyLacksRight) as caught:
        asked(portal)

    assert all(name in caught.value.found for name in names)
    assert "accounts:write" in caught.value.remedy
    assert "nobody was changed" in caught.value.meaning


@pytest.mark.parametrize(
    "answer",
    [
        scopes(),  # unlimited
        scopes("*"),
        scopes("*:write"),
        scopes("accounts:write", "*:read"),
        None,  # release 3.1 does not tell
        refused(403),  # nor may every key ask
    ],
)
def test_a_key_of_which_nothing_else_is_known_is_let_pass(answer):
    portal = portal_with(answer)

    asked(portal)


@pytest.mark.parametrize("trouble", [refused(401), refused(500), lost()])
def test_a_portal_that_cannot_be_asked_is_no_permission(trouble):
    portal = portal_with(trouble)

    with pytest.raises((PortalRefused, PortalUnreachable)):
        asked(portal)
    with pytest.raises((PortalRefused, PortalUnreachable)):
        asyncio.run(own_key_if_available(portal))

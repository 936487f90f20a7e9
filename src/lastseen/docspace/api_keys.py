"""API keys: what the current one may do and until when, and when every key was last used.

Shapes are those of ApiKeyResponseDto.cs. No key's value is ever read: the portal shows none.
"""

from typing import Any

import msgspec

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import RetryingClient
from lastseen.docspace.interface import NOT_FOUND, KeyUse, OwnKey
from lastseen.docspace.wire import Envelope, MalformedResponse, decode, read_moment
from lastseen.model.concurrency import repeated
from lastseen.model.contractor import UserId, user_id
from lastseen.model.errors import PortalRefused
from lastseen.model.instant import Instant

_KEYS_PATH = "/api/2.0/keys"
_OWN_KEY_PATH = "/api/2.0/keys/@self"

_ASKING_OWN = Operation("asking what the API key may do", Topic.KEYS)
_LISTINGS = 3
"""How often the list of keys is requested; twice as often if any request had to be repeated."""

_LISTING = Operation("listing the portal's API keys", Topic.KEYS)


class _WireKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    permissions: list[str] | None = None
    last_used: Any = None
    expires_at: Any = None
    create_by: Any = None
    is_active: bool = True


class _KeyEnvelope(Envelope, frozen=True, kw_only=True):
    response: _WireKey


class _KeysEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[_WireKey]


_key_decoder = msgspec.json.Decoder(_KeyEnvelope)
_keys_decoder = msgspec.json.Decoder(_KeysEnvelope)


async def own_key(client: RetryingClient) -> OwnKey | None:
    """Return what the current key may do, or None on a release that doesn't say (3.1.0)."""
    request = Request(method="GET", path=_OWN_KEY_PATH)
    try:
        return await client.ask(request, _ASKING_OWN, lambda answer: read_own_key(answer.body))
    except PortalRefused as error:
        if error.status == NOT_FOUND:
            return None
        raise


async def key_uses(client: RetryingClient) -> tuple[KeyUse, ...]:
    """Return when each key of the portal was last used; needs an administrator's key.

    `count` of the envelope means nothing: the list is streamed, and a stream is not counted. A list
    that lost an entry looks complete, so it is requested several times and every use that any
    answer shows counts.
    """
    request = Request(method="GET", path=_KEYS_PATH)
    answers = await repeated(
        lambda: client.ask(request, _LISTING, lambda answer: read_key_uses(answer.body)),
        _LISTINGS * (2 if client.traffic.retries else 1),
    )
    return tuple(dict.fromkeys(use for uses in answers for use in uses))


def read_own_key(body: bytes) -> OwnKey:
    """Return the key that an answer describes; raises MalformedResponse."""
    wire = decode(_key_decoder.decode, body).response
    return OwnKey(
        permissions=frozenset(wire.permissions or ()),
        expires_at=_moment(wire.expires_at),
    )


def read_key_uses(body: bytes) -> tuple[KeyUse, ...]:
    """Return the uses in a list of keys; raises MalformedResponse."""
    return tuple(
        KeyUse(owner=_owner(wire.create_by), last_used_at=_moment(wire.last_used))
        for wire in decode(_keys_decoder.decode, body).response
    )


def _moment(value: object) -> Instant | None:
    return None if value is None else read_moment(value)


def _owner(value: object) -> UserId:
    identity = value.get("id") if isinstance(value, dict) else value
    if not isinstance(identity, str) or not identity.strip():
        raise MalformedResponse("an API key does not say whose it is")
    return user_id(identity)

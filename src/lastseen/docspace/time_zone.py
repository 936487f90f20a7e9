"""The portal's time zone, which `settings` gives to anyone with a key.

`timezone` is an IANA name (SettingsController.cs, TimeZoneConverter.cs).
"""

import msgspec

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import RetryingClient
from lastseen.docspace.wire import Envelope, decode

_PATH = "/api/2.0/settings"
_ASKING = Operation("Asking for the portal's time zone", Topic.RELEASE)
_LONGEST_NAME = 64


class _Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    timezone: str | None = None


class _SettingsEnvelope(Envelope, frozen=True, kw_only=True):
    response: _Settings


_decoder = msgspec.json.Decoder(_SettingsEnvelope)


async def time_zone(client: RetryingClient) -> str | None:
    """Return the name of the portal's time zone, or None if it doesn't give one."""
    request = Request(method="GET", path=_PATH)
    return await client.ask(request, _ASKING, lambda answer: read_time_zone(answer.body))


def read_time_zone(body: bytes) -> str | None:
    """Return the time zone in an answer, unchecked; raises MalformedResponse."""
    name = decode(_decoder.decode, body).response.timezone
    return name if name and len(name) <= _LONGEST_NAME and name.isprintable() else None

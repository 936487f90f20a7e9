"""How long sessions last, according to the portal's settings (TenantCookieSettings.cs).

What that means for a person who may still be signed in is decided elsewhere.
"""

import msgspec

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import RetryingClient
from lastseen.docspace.interface import SessionSettings
from lastseen.docspace.wire import Envelope, MalformedResponse, decode

_PATH = "/api/2.0/settings/cookiesettings"
_ASKING = Operation("asking how long sessions live", Topic.SETTINGS)
_LONGEST_MINUTES = 1_000_000


class _Cookies(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    enabled: bool
    life_time: int = 0


class _CookiesEnvelope(Envelope, frozen=True, kw_only=True):
    response: _Cookies


_decoder = msgspec.json.Decoder(_CookiesEnvelope)


async def session_settings(client: RetryingClient) -> SessionSettings:
    """Return how long a session lives; needs the right to edit the portal's settings."""
    request = Request(method="GET", path=_PATH)
    return await client.ask(request, _ASKING, lambda answer: read_session_settings(answer.body))


def read_session_settings(body: bytes) -> SessionSettings:
    """Return the setting; raises MalformedResponse.

    Disabled, or enabled with 0 minutes, a session ends only with its sign-in event
    (CookiesManager.cs): the lifetime given with `enabled: false` means nothing.
    """
    cookies = decode(_decoder.decode, body).response
    if not 0 <= cookies.life_time <= _LONGEST_MINUTES:
        raise MalformedResponse(f"sessions live for {cookies.life_time} minutes")
    limited = cookies.enabled and cookies.life_time > 0
    return SessionSettings(minutes=cookies.life_time if limited else None)

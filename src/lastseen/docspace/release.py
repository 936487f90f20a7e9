"""Which release of the server answers, and the refusal of those without API keys.

`settings/version/build` needs no key (VersionController.cs, BuildVersion.cs), but from release 3.7
on a key without a global scope is refused even there (ApiKeyScopesFilter.cs).
"""

import re

import msgspec

from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import RetryingClient
from lastseen.docspace.interface import FORBIDDEN, NOT_FOUND, Portal, Release
from lastseen.docspace.wire import Envelope, decode
from lastseen.model.errors import PortalRefused, PortalTooOld

OLDEST = (3, 1)
"""The first release with API keys."""

_PATH = "/api/2.0/settings/version/build"
_ASKING = Operation("asking which release the portal is", Topic.RELEASE)
_NUMBERS = re.compile(r"\s*(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


class _Build(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    doc_space: str | None = None


class _BuildEnvelope(Envelope, frozen=True, kw_only=True):
    response: _Build


_decoder = msgspec.json.Decoder(_BuildEnvelope)


async def release(client: RetryingClient) -> Release | None:
    """Return the portal's release, or None if it doesn't say, or not to this key."""
    request = Request(method="GET", path=_PATH)
    try:
        return await client.ask(request, _ASKING, lambda answer: read_release(answer.body))
    except PortalRefused as error:
        if error.status in (FORBIDDEN, NOT_FOUND):
            return None
        raise


async def require_supported(portal: Portal) -> None:
    """Raise PortalTooOld if the portal says that it is a release without API keys."""
    found = await portal.release()
    if found is not None and not found.is_supported:
        raise PortalTooOld(
            attempted="asking which release the portal is",
            found=f"it is DocSpace {found.text}",
            meaning="Lastseen needs API keys, which DocSpace has had since release 3.1",
            remedy="update the portal",
        )


def read_release(body: bytes) -> Release | None:
    """Return the release in an answer, if there is one; raises MalformedResponse."""
    text = decode(_decoder.decode, body).response.doc_space
    found = _NUMBERS.match(text) if text else None
    if text is None or found is None:
        return None
    numbers = tuple(int(number or 0) for number in found.groups())
    return Release(text=text.strip()[:20], is_supported=numbers >= OLDEST)

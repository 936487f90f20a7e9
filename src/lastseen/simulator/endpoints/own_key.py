"""`keys`, `keys/@self`, `settings` and its `version/build`: who asks, and whom they ask.

After `ApiKeysController.cs`, `ApiKeyResponseDto.cs` and `BuildVersion.cs`.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from lastseen.simulator.endpoints.dates import DateWriter
from lastseen.simulator.endpoints.wire import Bare, One, Page, Request
from lastseen.simulator.world.keys import ApiKey
from lastseen.simulator.world.people import REMOVED, short_profile
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.world import World

_encode = msgspec.json.Encoder().encode


def list_keys(world: World, request: Request, dates: DateWriter, keys: Iterable[ApiKey]) -> Page:
    """Answer `GET keys`: all of them to an administrator, their own to anybody else."""
    everyone = request.account.is_docspace_admin
    return Page(
        [
            _encode(_described(world, request, dates, key))
            for key in keys
            if everyone or key.account == request.account.id
        ],
        # The list is streamed, and nobody counts a stream.
        count=1,
    )


def own_key(world: World, request: Request, dates: DateWriter) -> One | Bare:
    """Answer `GET keys/@self`; release 3.1.0 has no such address."""
    if not request.release.tells_own_key or request.key is None:
        return Bare(404)
    return One(_encode(_described(world, request, dates, request.key)))


def build_version(release: Release) -> One:
    """Answer `GET settings/version/build`, for which no key is needed."""
    return One(_encode({"docSpace": release.version, "documentServer": "9.1.0"}))


def settings(time_zone: str) -> One:
    """Answer `GET settings`, as far as anybody here asks for it (SettingsController.cs)."""
    return One(_encode({"timezone": time_zone, "docSpace": True}))


def _described(world: World, request: Request, dates: DateWriter, key: ApiKey) -> dict[str, Any]:
    used = world.key_uses.get(key.account, key.last_used)
    described: dict[str, Any] = {
        "id": key.id,
        "name": key.name,
        "key": f"sk-***{key.secret[-4:]}",
        "keyPostfix": key.secret[-4:],
        "permissions": sorted(key.scopes),
        "createOn": dates.of_profile(key.created),
        "isActive": key.is_active,
    }
    if used is not None:
        described["lastUsed"] = dates.of_profile(used)
    if key.expires is not None:
        described["expiresAt"] = dates.of_profile(key.expires)
    owner = world.people.get(key.account, REMOVED)
    described["createBy"] = short_profile(owner, request.origin)
    return described

"""How long sessions live and who ends them: `settings/cookiesettings`, `activeconnections`.

After `MessageSettingsController.cs`, `CookiesManager.cs` and `ConnectionsController.cs`.
"""

from typing import Final

import msgspec

from lastseen.simulator.endpoints.query import read_guid
from lastseen.simulator.endpoints.wire import (
    Bare,
    Invalid,
    One,
    Request,
    database_refuses,
    forbidden,
)
from lastseen.simulator.world.actions import (
    COOKIE_SETTINGS_UPDATED,
    OWN_SESSIONS_ENDED,
    SESSIONS_ENDED,
)
from lastseen.simulator.world.world import World

UNUSED_LIFETIME: Final = 1440
"""The `lifeTime` sent with `enabled: false`, which means nothing (`TenantCookieSettings.cs`)."""
LONGEST_LIFETIME: Final = 9999
"""Minutes; what is more is cut down to it."""
LOG_OUT_ALL: Final = "security/activeconnections/logoutall/"


class _Body(msgspec.Struct, rename="camel"):
    life_time: int
    enabled: bool = False


def cookie_settings(world: World, request: Request) -> One:
    """Answer `GET settings/cookiesettings`, for callers who may edit the portal's settings."""
    if not request.account.is_docspace_admin:
        raise forbidden()
    minutes = world.sessions.minutes
    settings = {
        "enabled": minutes is not None,
        "lifeTime": UNUSED_LIFETIME if minutes is None else minutes,
    }
    return One(msgspec.json.encode(settings))


def set_cookie_settings(world: World, request: Request) -> One:
    """Answer `PUT settings/cookiesettings`; enabled with 0, the cookie never expires."""
    try:
        body = msgspec.json.decode(request.body, type=_Body)
    except msgspec.MsgspecError:
        raise Invalid({"inDto": "The inDto field is required."}) from None
    if not request.account.is_docspace_admin:
        raise forbidden()
    now = int(request.now)
    minutes = min(body.life_time, LONGEST_LIFETIME)
    world.sessions.set_minutes(minutes if body.enabled and minutes > 0 else None, now=now)
    world.add_trail(request.account.id, now, COOKIE_SETTINGS_UPDATED, visible_from=now + 3)
    return One(b'"Settings have been successfully updated"')


def log_out_all(
    world: World, request: Request, wanted: str, *, is_saved: bool = True
) -> One | Bare:
    """Answer `PUT security/activeconnections/logoutall/{userId}`.

    Says nothing of what was ended, and nothing of an id that nobody has. The trail is written
    first: unless `is_saved` the database refuses afterwards, and the sessions live on.
    """
    user_id = read_guid(wanted)
    if user_id is None:
        return Bare(404)
    is_own = request.account.id == user_id
    if not is_own and not request.account.is_docspace_admin:
        raise forbidden()
    now = int(request.now)
    action = OWN_SESSIONS_ENDED if is_own else SESSIONS_ENDED
    world.add_trail(request.account.id, now, action, visible_from=now + 3, target=user_id)
    if not is_saved:
        raise database_refuses()
    world.sessions.end_all_of(user_id, now=now)
    return One(b"null")

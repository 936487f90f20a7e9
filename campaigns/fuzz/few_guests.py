"""The few guests of a portal to which mutated rosters are matched."""

from datetime import UTC, datetime

from lastseen.model.contractor import AccountType, Profile, UserId
from lastseen.model.instant import Instant

NOW = Instant(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
"""The instant that everything is decided for."""


def _guest(number: int, local: str) -> Profile:
    return Profile(
        id=UserId(f"00000000-0000-4000-8000-{number:012x}"),
        email=f"{local}@vendor.example",
        display_name=local.title(),
        type=AccountType.GUEST,
        registered_at=Instant(datetime(2024, 1, 1, tzinfo=UTC)),
    )


GUESTS = tuple(
    _guest(number, local)
    for number, local in enumerate(
        ("ann", "bob", "cid", "dee", "eve", "fay", "gus", "hans.strasse", "ida", "joe"), 1
    )
)
"""Everyone on the portal."""

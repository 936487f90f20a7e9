"""What a fleet file would change: portals added, changed and retired. Pure; nothing is written."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from lastseen.fleet.configuration import FleetPortal


class PortalChange(msgspec.Struct, frozen=True, kw_only=True):
    """A portal whose configuration changes."""

    name: str
    """The portal."""
    differences: tuple[str, ...]
    """The differences, such as `policy.inactive_days: 30 -> 45`."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What a fleet file changes."""

    added: tuple[FleetPortal, ...]
    """Portals that are new or come back."""
    changed: tuple[PortalChange, ...]
    """Portals whose configuration changes."""
    retired: tuple[FleetPortal, ...]
    """Portals that are no longer in the file."""
    moved: tuple[str, ...]
    """The names of portals whose address changes."""
    unchanged: int
    """How many portals are unchanged."""

    def __bool__(self) -> bool:
        """Return whether anything changes."""
        return bool(self.added or self.changed or self.retired)


def difference(known: Iterable[FleetPortal], wanted: Iterable[FleetPortal]) -> Difference:
    """Return the changes from the fleet `known` to the fleet `wanted`."""
    before = {portal.name: portal for portal in known}
    after = {portal.name: portal for portal in wanted}
    changed = tuple(
        PortalChange(name=name, differences=differences)
        for name, portal in after.items()
        if name in before and (differences := tuple(_differences(before[name], portal)))
    )
    added = tuple(portal for name, portal in after.items() if name not in before)
    return Difference(
        added=added,
        changed=changed,
        moved=tuple(n for n, p in after.items() if n in before and before[n].url != p.url),
        retired=tuple(portal for name, portal in before.items() if name not in after),
        unchanged=len(after) - len(added) - len(changed),
    )


def _differences(before: FleetPortal, after: FleetPortal) -> Iterator[str]:
    old, new = _flat(msgspec.to_builtins(before)), _flat(msgspec.to_builtins(after))
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            shown = key.removeprefix("tables.")
            yield f"{shown}: {_shown(old.get(key))} -> {_shown(new.get(key))}"


def _flat(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested tables as a flat one with dotted keys."""
    flat: dict[str, object] = {}
    for key, below in value.items():
        if isinstance(below, Mapping):
            flat |= _flat(below, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = below
    return flat


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)

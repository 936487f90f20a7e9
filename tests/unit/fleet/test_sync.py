"""What a sync would change."""

import msgspec

from lastseen.fleet.schedule import Schedule
from lastseen.fleet.sync import difference
from tests.unit.fleet.conftest import portal


def test_portals_are_added_changed_and_retired():
    one, two, three = portal("one"), portal("two"), portal("three")
    other = msgspec.structs.replace(
        two, tables={**two.tables, "policy": {"inactive_days": 45}}, schedule=None
    )
    changes = difference([one, two], [other, three])
    assert [p.name for p in changes.added] == ["three"]
    assert [p.name for p in changes.retired] == ["one"]
    (change,) = changes.changed
    assert change.name == "two"
    assert "policy.inactive_days: not set -> 45" in change.differences
    assert "schedule.cron: 15 6 * * * -> not set" in change.differences
    assert changes.unchanged == 0


def test_portals_at_another_address_are_named():
    one, two = portal("one"), portal("two")
    moved = msgspec.structs.replace(two, url="https://moved.example")
    assert difference([one, two], [one, moved, portal("three")]).moved == ("two",)


def test_the_same_fleet_again_changes_nothing():
    fleet = [portal("one"), portal("two", schedule=Schedule(cron="1 2 * * *"))]
    changes = difference(fleet, list(reversed(fleet)))
    assert not changes
    assert changes.unchanged == 2

from msgspec import structs

from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import EPOCH
from lastseen.model.plan import Population
from lastseen.workflows.roster_history import shrunk

NOW = Population(
    source="csv", query="/a.csv", listed=100, matched=90, portal_total=95, read_at=EPOCH, sha256=""
)


def lost(now: int, before: int) -> str | None:
    return shrunk(
        structs.replace(NOW, listed=now), structs.replace(NOW, listed=before), Guardrails()
    )


def test_a_roster_that_lost_more_than_half_has_shrunk():
    assert lost(49, 100)
    assert lost(0, 1)
    assert "lost 51%" in (lost(49, 100) or "")


def test_a_roster_that_lost_half_or_grew_has_not():
    assert lost(50, 100) is None
    assert lost(200, 100) is None
    assert lost(0, 0) is None
    assert shrunk(NOW, None, Guardrails()) is None

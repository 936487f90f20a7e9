"""Adding exemptions: who is meant, however that is written, and what can mean nobody."""

from datetime import UTC, date, datetime

import pytest

from lastseen.ledger import Ledger
from lastseen.model.errors import UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Instant
from lastseen.workflows.exempting import end_exemption, exempt

UNTIL = date(2026, 12, 31)
ID = "d36c5b8c-68d2-4eb9-8a82-c4b9aed99147"


def clock():
    return Instant(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def known():
    with Ledger.in_memory(clock=clock) as ledger:
        yield ledger.portal("https://portal.example")


@pytest.fixture
def add(known):
    def add(who):
        return exempt(who, until=UNTIL, reason="leave", ledger=known, guardrails=Guardrails())

    return add


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ann <Ann@x.example>", "ann@x.example"),
        ("mailto:ann@x.example", "ann@x.example"),
        ("'ann@x.example;", "ann@x.example"),
        (ID.upper(), ID),
        (f"{{{ID}}}", ID),
        (ID.replace("-", ""), ID),
    ],
)
def test_a_person_is_meant_however_they_are_written_and_found_again_the_same_way(
    add, known, written, meant
):
    assert add(written).who == meant
    assert end_exemption(written, ledger=known)
    assert known.exemptions.all() == ()


@pytest.mark.parametrize(
    "unclear",
    [
        "*",
        "ann",
        "ann\uff20x.example",
        "@x.example",
        "a@x.example b@x.example",
        "a@x.example <b@x.example>",
        "b@x.example (a@x.example)",
        "4711",
        "vendor.example",
    ],
)
def test_what_can_mean_nobody_or_two_people_is_refused(add, known, unclear):
    with pytest.raises(UsageError, match="neither an account id nor one e-mail address"):
        add(unclear)

    assert known.exemptions.all() == ()
    assert not end_exemption(unclear, ledger=known)

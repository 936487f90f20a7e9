"""What `explain` says of people kept, disabled, held and skipped, from the stored review."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lastseen.model.decision import Reason
from lastseen.model.errors import UsageError
from lastseen.model.instant import parse_instant
from lastseen.workflows.explain import RULES, explain
from tests.portal.unhelpful import FAILURE, FILE_OPENED, UNKNOWN, Built, ago


@pytest.fixture
def built() -> Built:
    made = Built()
    made.staff_noise(300, days=60)
    return made


def test_every_reason_has_a_rule_in_words() -> None:
    assert set(RULES) == set(Reason)


def test_the_kept_are_told_when_they_will_be_due(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=11))
    watched = built.open()
    plan = watched.review()
    told = explain(guest, ledger=watched.ledger)
    assert told.run_id == plan.plan_id
    assert told.due_at == parse_instant("2026-12-14T12:00:00Z")
    assert told.would_change == ("Due on 2026-12-14 unless seen before then.",)
    assert [sighting.at for sighting in told.sightings] == [ago(days=11)]


def test_an_earlier_review_is_not_said_to_have_known_what_came_later(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=45))
    watched = built.open()
    early = watched.review()
    watched.portal.world.add_trail(guest, int(ago(days=3).timestamp()), FILE_OPENED)
    watched.review()
    told = explain(guest, ledger=watched.ledger, run=early.plan_id)
    assert told.decision.reason is Reason.INACTIVE
    assert [sighting.at for sighting in told.sightings] == [ago(days=45)]
    assert told.due_at == ago(days=15)
    assert [sighting.at for sighting in told.not_used] == [ago(days=3)]
    assert told.seen_since == told.not_used  # a consumer of the JSON finds them where they were
    now = explain(guest, ledger=watched.ledger)
    assert [sighting.at for sighting in now.sightings] == [ago(days=3), ago(days=45)]
    assert not now.not_used


def test_the_disabled_are_told_what_was_looked_at_and_who_tried_the_door(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=45))
    for minute in range(30):
        built.signs_in(guest, ago(days=2, seconds=60 * minute), FAILURE)
    watched = built.open()
    watched.review()
    told = explain(f"CONTRACTOR.{len(built.people) - 1}@Example.org", ledger=watched.ledger)
    assert told.decision.reason is Reason.INACTIVE
    assert told.failed.count == 30
    assert told.failed.addresses >= 1
    assert {looked.kind for looked in told.looked_at} == {"sign-in", "activity"}
    sign_ins = [looked for looked in told.looked_at if looked.kind == "sign-in"]
    assert any(looked.interval.since <= told.required_since for looked in sign_ins)
    assert all("page" in looked.proof or "asked" in looked.proof for looked in told.looked_at)


def test_the_held_are_told_from_when_on_the_evidence_suffices(built: Built) -> None:
    guest = built.guest()
    watched = built.open(retention_days=7)
    watched.review()
    told = explain(guest, ledger=watched.ledger)
    assert told.decision.reason is Reason.EVIDENCE_INCOMPLETE
    assert "From 2026-12-18 on" in told.would_change[0]


def test_an_unknown_event_is_shown(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=3), UNKNOWN)
    watched = built.open()
    watched.review()
    told = explain(guest, ledger=watched.ledger)
    assert told.decision.reason is Reason.UNRECOGNISED_EVENT
    assert [event.action_id for event in told.unrecognised] == [UNKNOWN]
    assert "From 2026-12-22 on, the event is older than the window." in told.would_change


def test_the_exempt_are_told_until_when(built: Built) -> None:
    guest = built.guest()
    watched = built.open()
    watched.ledger.exemptions.add(guest, until=date(2026, 12, 31), reason="on leave")
    watched.review()
    told = explain(guest, ledger=watched.ledger)
    assert told.decision.reason is Reason.EXEMPT
    assert told.exemption == "until 2026-12-31: on leave"


def test_the_past_is_explained_as_it_was_known_then(built: Built) -> None:
    guest = built.guest()
    built.signs_in(guest, ago(days=29))
    watched = built.open()
    first = watched.review()
    watched.time.advance(timedelta(days=2))
    watched.review()
    assert explain(guest, ledger=watched.ledger).decision.reason is Reason.INACTIVE
    then = explain(guest, ledger=watched.ledger, run=first.plan_id)
    assert then.decision.reason is Reason.ACTIVE
    assert then.now == first.now


def test_nobody_of_that_name_and_no_review_are_clear_errors(built: Built) -> None:
    built.guest()
    watched = built.open()
    with pytest.raises(UsageError, match="no review"):
        explain("someone@example.org", ledger=watched.ledger)
    watched.review()
    with pytest.raises(UsageError, match="nobody with that id"):
        explain("someone@example.org", ledger=watched.ledger)


def test_a_name_leads_to_the_addresses_of_those_who_bear_it(built: Built) -> None:
    built.guest()
    watched = built.open()
    plan = watched.review()
    (known,) = (one for one in plan.decisions if one.display_name)
    name = str(known.display_name)
    for asked in (name, name.upper(), name.split()[0]):
        with pytest.raises(UsageError) as refused:
            explain(asked, ledger=watched.ledger)
        assert f"{name} is {known.email}" in refused.value.found
        assert refused.value.remedy == f"lastseen explain {known.email}"
        assert "roster" not in refused.value.meaning


def test_a_hostile_name_or_address_cannot_run_a_command_or_flood_the_screen(built: Built) -> None:
    built.guest()
    built.people[-1] = replace(
        built.people[-1], first_name="Zed", last_name="x" * 500, email="a$(reboot)@example.org"
    )
    watched = built.open()
    watched.review()
    with pytest.raises(UsageError) as refused:
        explain("zed", ledger=watched.ledger)
    assert refused.value.remedy == "lastseen explain 'a$(reboot)@example.org'"
    assert len(refused.value.found) < 200

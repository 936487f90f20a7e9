"""What the logs don't show, and what else they do: reviews of a simulated portal, row by row."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalRefused, PortalTooOld
from lastseen.rosters import RosterOptions
from lastseen.simulator.endpoints.event_wire import actor_of, background_work
from lastseen.simulator.endpoints.wire import Answer
from lastseen.simulator.server.faults import FaultRates, InjectedFault
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.people import Activation, Status
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.sessions import Door, Reader
from lastseen.simulator.world.world import Outage
from tests.portal.facts import AT, DAY, Reviewed
from tests.unit.simulator.worlds import ANNA, BERT, person

SILENT = Reader(ANNA, AT - DAY, 2 * DAY, AT - 60 * DAY)


@pytest.mark.parametrize(
    ("mode", "decision"),
    [
        ("report", ("disable", "inactive")),
        ("hold", ("hold", "session-may-be-open")),
        ("sign-out", ("sign-out", "session-may-be-open")),
    ],
)
def test_a_silent_reader_is_decided_by_open_sessions(mode: str, decision: tuple[str, str]) -> None:
    portal = Reviewed(readers=[SILENT])
    found = portal.decisions(open_sessions=mode)[ANNA]
    assert (found.decision.value, found.reason.value) == decision
    assert found.session_may_be_open


def test_after_a_sign_out_readers_come_back_and_others_are_disabled() -> None:
    portal = Reviewed(readers=[SILENT])
    for who in (ANNA, BERT):
        portal.world.sessions.end_all_of(who, now=AT)
        portal.world.administer(AT, 4036, who)
    portal.later(1)
    assert portal.decisions(open_sessions="sign-out")[BERT].decision.value == "hold"
    portal.later(30)
    found = portal.decisions(open_sessions="sign-out")
    # Anna signed in again at once and has read in that session ever since.
    assert (found[ANNA].decision.value, found[BERT].decision.value) == ("sign-out", "disable")


def test_limited_sessions_leave_no_doubt() -> None:
    portal = Reviewed(Setup(session_minutes=1440))
    assert portal.anna(open_sessions="hold") == ("disable", "inactive")


def test_someone_who_changed_their_password_set_no_limit_and_keeps_nobody() -> None:
    portal = Reviewed(Setup(session_minutes=1440))
    portal.world.change_password(BERT, AT - DAY)
    assert portal.anna(open_sessions="hold") == ("disable", "inactive")


def test_anyone_who_authorised_an_application_is_held() -> None:
    portal = Reviewed(Setup(session_minutes=1440), action=1028)
    assert portal.anna(open_sessions="sign-out") == ("hold", "session-may-be-open")


def test_reinstated_by_hand_before_the_first_run_is_kept() -> None:
    portal = Reviewed()
    portal.world.set_status_by_hand(ANNA, Status.TERMINATED, now=AT - 5 * DAY)
    portal.world.set_status_by_hand(ANNA, Status.ACTIVE, now=AT - 3 * DAY)
    assert portal.anna() == ("keep", "recently-reinstated")


@pytest.mark.parametrize("action", [4037, 4021])
def test_invited_again_is_kept(action: int) -> None:
    portal = Reviewed()
    portal.world.administer(AT - 5 * DAY, action, ANNA)
    assert portal.anna() == ("keep", "recently-invited")


@pytest.mark.parametrize("again", [False, True])
def test_another_invitation_to_a_room_counts_for_a_guest_who_never_accepted(again: bool) -> None:
    # Given an entry whose target is the room, and whose text alone says who was invited
    anna = person(ANNA, status=Status.PENDING, first_name="", last_name="")
    portal = Reviewed(anna=anna, anna_signed_in=None)
    assert portal.anna() == ("disable", "invitation-not-accepted")
    portal.world.invite_to_room(BERT, AT - 10 * DAY, again=again)
    assert portal.anna() == ("disable", "invitation-not-accepted")
    portal.world.invite_to_room(ANNA, AT - 10 * DAY, again=again)
    assert portal.anna() == ("keep", "recently-invited")


def test_a_guest_who_is_added_to_a_room_by_others_was_not_there() -> None:
    portal = Reviewed()
    portal.world.invite_to_room(ANNA, AT - DAY)
    assert portal.anna() == ("disable", "inactive")


def test_a_guest_who_is_invited_to_a_room_again_after_the_review_is_spared() -> None:
    portal = Reviewed(anna=person(ANNA, status=Status.PENDING), anna_signed_in=None)
    plan = portal.plan()
    portal.world.invite_to_room(ANNA, AT, again=True)
    outcomes = portal.applied(plan)
    assert outcomes[ANNA].outcome.value == "spared-changed"
    assert outcomes[BERT].outcome.value == "disabled"


@pytest.mark.parametrize(
    ("invited", "decision"),
    [(10, ("keep", "recently-invited")), (40, ("disable", "invitation-not-accepted"))],
)
def test_an_invitation_that_nobody_accepted_ends(invited: float, decision: tuple[str, str]) -> None:
    portal = Reviewed(anna=person(ANNA, status=Status.PENDING), anna_signed_in=None)
    portal.world.administer(int(AT - invited * DAY), 4037, ANNA)
    assert portal.anna() == decision


@pytest.mark.parametrize(
    ("activation", "decision"),
    [
        (Activation.PENDING, ("disable", "invitation-not-accepted")),
        (Activation.ACTIVATED, ("hold", "session-may-be-open")),
    ],
)
def test_anyone_who_was_put_back_without_a_name_may_have_a_session(
    activation: Activation, decision: tuple[str, str]
) -> None:
    # Given a portal that forgot the sign-in 50 days ago, of which the session may be ten days old
    anna = person(ANNA, status=Status.PENDING, activation=activation)
    portal = Reviewed(Setup(retention_days=45), anna=anna, anna_signed_in=50)
    assert portal.anna(open_sessions="hold") == decision


@pytest.mark.parametrize("action", [5018, 5027])
def test_the_trash_clean_up_is_not_the_person(action: int) -> None:
    portal = Reviewed()
    portal.world.actors.append(background_work(portal.world.people[ANNA]))
    portal.world.trail.insert(AT - DAY, len(portal.world.actors) - 1, action)
    assert portal.anna() == ("disable", "inactive")


def test_a_signature_of_others_is_not_whoever_asked_for_it() -> None:
    portal = Reviewed()
    portal.world.add_trail(ANNA, AT - DAY, 5046)
    assert portal.anna() == ("disable", "inactive")


@pytest.mark.parametrize("action", [5018, 5027])
def test_anyone_who_deletes_files_themselves_is_there(action: int) -> None:
    portal = Reviewed()
    portal.world.add_trail(ANNA, AT - DAY, action)
    assert portal.anna() == ("keep", "active")


@pytest.mark.parametrize("action", [5018, 5027])
def test_anyone_who_deletes_files_by_ipv6_is_there(action: int) -> None:
    # Given entries with an empty address, where those of the clean-up have none
    portal = Reviewed()
    by_ipv6 = replace(actor_of(portal.world.people[ANNA]), in_ipv6=True)
    portal.world.actors.append(by_ipv6)
    portal.world.trail.insert(AT - DAY, len(portal.world.actors) - 1, action)
    assert portal.anna() == ("keep", "active")


@pytest.mark.parametrize("log", ["login", "trail"])
def test_an_entry_of_the_future_proves_nothing(log: str) -> None:
    portal = Reviewed()
    add = portal.world.add_login if log == "login" else portal.world.add_trail
    add(ANNA, AT + 3_600, 1029 if log == "login" else 5002)
    found = portal.decisions()[ANNA]
    assert (found.decision.value, found.reason.value) == ("hold", "evidence-incomplete")
    assert "in the future" in found.explanation


@pytest.mark.parametrize(("is_sso", "verdict"), [(True, "disable"), (False, "keep")])
def test_a_directorys_single_logout_is_not_the_person(is_sso: bool, verdict: str) -> None:
    portal = Reviewed(anna=person(ANNA, is_sso=is_sso))
    portal.world.add_login(ANNA, AT - DAY, 1006)
    assert portal.anna()[0] == verdict


def test_refused_attempts_are_counted_by_the_address_in_any_case() -> None:
    portal = Reviewed()
    email = portal.world.people[ANNA].email
    for typed in (email, email.upper(), email.lower()):
        portal.world.add_login("712d9ec3-5d2b-4b13-824f-71f00191dcca", AT - DAY, 1002, login=typed)
    assert portal.decisions()[ANNA].failed_sign_ins == 3


def test_the_use_of_an_api_key_is_a_sighting() -> None:
    reader = Reader(ANNA, AT - 2 * DAY, 3 * DAY, door=Door.API_KEY)
    portal = Reviewed(readers=[reader])
    key = replace(next(iter(portal.portal.keys.values())), secret="sk-anna", account=ANNA)
    portal.portal.keys[key.secret] = key
    portal.world.key_uses[ANNA] = AT - 2 * DAY
    found = portal.decisions()[ANNA]
    assert (found.decision.value, found.last_seen_by) == ("keep", "api-key")


def refuse_the_list_of_keys(portal: SimulatedPortal) -> None:
    """Let every request for the keys meet a service that is about to be restarted."""
    respond = portal.respond

    def refusing(method: str, path: str, **more: Any) -> Answer:
        mishap = InjectedFault(name="disposed" if path.endswith("/keys") else None)
        portal.faults.draw = lambda method: mishap  # type: ignore[method-assign]
        return respond(method, path, **more)

    portal.respond = refusing  # type: ignore[method-assign]


def test_without_the_list_of_api_keys_nobody_is_decided_on() -> None:
    portal = Reviewed()
    portal.world.key_uses[ANNA] = AT - 2 * DAY
    refuse_the_list_of_keys(portal.portal)
    with pytest.raises(PortalRefused):
        portal.plan()


def test_without_the_list_of_api_keys_nobody_is_disabled() -> None:
    portal = Reviewed()
    plan = portal.plan()
    portal.world.key_uses[ANNA] = AT - 2 * DAY
    refuse_the_list_of_keys(portal.portal)
    with pytest.raises(PortalRefused):
        portal.applied(plan)
    assert portal.world.people[ANNA].status is Status.ACTIVE


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_log_that_has_stopped_disables_nobody(log: Any) -> None:
    portal = Reviewed(Setup(outages=[Outage(log, AT - 21 * DAY)]))
    found = portal.decisions()[ANNA]
    assert (found.decision.value, found.reason.value) == ("hold", "evidence-incomplete")
    assert "probably stopped" in found.explanation


def test_logs_that_are_both_empty_never_say_never_seen() -> None:
    stopped = [Outage("login", AT - 400 * DAY), Outage("trail", AT - 400 * DAY)]
    found = Reviewed(Setup(outages=stopped)).decisions(never_seen="disable")[ANNA]
    assert (found.decision.value, found.reason.value) == ("hold", "evidence-incomplete")
    assert "probably stopped" in found.explanation


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_log_that_has_stopped_holds_up_no_contract_end(log: Any, tmp_path: Path) -> None:
    portal = Reviewed(Setup(outages=[Outage(log, AT - 21 * DAY)]))
    anna, bert = (portal.world.people[who].email for who in (ANNA, BERT))
    rows = tmp_path / "contractors.csv"
    rows.write_text(f"email,end_date\n{anna},2020-01-31\n{bert},\n", "utf-8")
    found = {
        one.user_id: (one.decision.value, one.reason.value)
        for one in portal.plan(roster=RosterOptions(source="csv", path=rows)).decisions
    }
    assert found[UserId(ANNA)] == ("disable", "contract-ended")
    assert found[UserId(BERT)] == ("hold", "evidence-incomplete")


@pytest.mark.parametrize("log", ["login", "trail"])
def test_a_pause_inside_the_window_is_a_gap(log: Any) -> None:
    portal = Reviewed(Setup(outages=[Outage(log, AT - 25 * DAY, AT - 5 * DAY)]))
    found = portal.decisions()[ANNA]
    assert found.decision.value == "hold"
    assert "had probably stopped" in found.explanation


def test_without_a_readable_date_nobody_is_disabled() -> None:
    portal = Reviewed(Setup(faults=FaultRates.of({"no-date": 1.0})))
    assert portal.anna() == ("hold", "evidence-incomplete")


@pytest.mark.parametrize("release", list(Release))
def test_every_supported_release_is_reviewed_alike(release: Release) -> None:
    portal = Reviewed(Setup(release=release), action=1000)
    assert portal.anna() == ("disable", "inactive")


def test_a_release_without_api_keys_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Release, "version", property(lambda _: "3.0.4"))
    with pytest.raises(PortalTooOld, match=r"3\.0\.4"):
        Reviewed().decisions()

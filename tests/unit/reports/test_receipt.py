import re

import pytest

from lastseen.model.actor import Actor
from lastseen.model.decision import Reason
from lastseen.model.receipt import Cause, OutcomeKind, encode_receipt
from lastseen.open_sessions import MAY_BE_OPEN
from lastseen.reports import Screen, render_receipt
from tests.unit.reports.samples import HOSTILE, decision, outcome, plan_of, receipt_of


def table(receipt, *, plan=None, **screen):
    return render_receipt(receipt, "table", screen=Screen(**screen), plan=plan).decode()


@pytest.mark.parametrize("width", [50, 80, 160])
def test_each_person_has_outcome_confirmation_and_error(width):
    shown = " ".join(
        table(
            receipt_of(
                outcome(email="a@b.example"),
                outcome(OutcomeKind.REFUSED, email="c@d.example", error="Managed elsewhere."),
            ),
            width=width,
        ).split()
    )
    for part in ("a@b.example", "disabled", "yes", "c@d.example", "refused", "Managed elsewhere."):
        assert part in shown


def test_many_people_spared_for_one_reason_are_counted_on_a_screen_and_listed_in_a_file():
    grace = "the account was reinstated and is kept until 2026-12-12"
    people = [
        outcome(OutcomeKind.SPARED_CHANGED, user_id=f"u{n}", email=f"p{n}@x.example", error=grace)
        for n in range(27)
    ]
    receipt = receipt_of(*people, outcome(email="a@b.example"))

    shown = table(receipt, width=80)
    written = table(receipt, width=80, in_full=True)

    assert "27 people spared: changed since, remark 1" in shown
    assert "a@b.example" in shown
    assert "p3@x.example" not in shown
    assert written.count("@x.example") == 27


@pytest.mark.parametrize("width", [50, 80, 160])
def test_anyone_who_may_have_been_signed_in_when_disabled_is_marked(width):
    marked = decision(user_id="u-1", session_may_be_open=True)
    plain = decision(user_id="u-2")
    one, other = (outcome(user_id=who, email=f"{who}@x.example") for who in ("u-1", "u-2"))

    shown = table(receipt_of(one, other), plan=plan_of(marked, plain), width=width)

    assert " ".join(shown.split()).count("may be signed") == 1


def test_the_way_back_is_a_command_to_copy():
    assert "lastseen undo a-5x8w2p1c" in table(receipt_of(outcome()))


@pytest.mark.parametrize("kind", [OutcomeKind.REINSTATED, OutcomeKind.SPARED_ACTIVE])
def test_there_is_no_way_back_where_nobody_was_disabled(kind):
    assert "lastseen undo" not in table(receipt_of(outcome(kind)))


def test_run_plan_and_journal_head_are_reported():
    shown = table(receipt_of(outcome()))
    for part in ("a-5x8w2p1c", "r-7k2m9q4d", "9f" * 32, "took 14 s"):
        assert part in shown


def test_digest_and_head_each_stay_on_one_line_of_80_columns():
    lines = table(receipt_of(outcome(), plan_digest=f"sha256:{'58b325b1' * 8}")).splitlines()
    assert any(line.endswith("58b325b1" * 8) for line in lines)
    assert any(line.endswith("9f" * 32) for line in lines)


def test_what_needs_attention_comes_first():
    shown = table(
        receipt_of(
            outcome(email="fine@x.example"),
            outcome(OutcomeKind.FAILED, email="trouble@x.example", error="Lost."),
        )
    )
    assert shown.index("trouble@") < shown.index("fine@")


@pytest.mark.parametrize("width", [50, 80, 160])
def test_a_remark_is_reported_once_however_many_people_it_is_about(width):
    pending = "the portal made the account Pending, since it has no first and last name"
    people = [
        *(outcome(OutcomeKind.REINSTATED, user_id=f"u{n}", error=pending) for n in range(6)),
        outcome(OutcomeKind.REINSTATED, user_id="u9", error="Managed elsewhere."),
    ]
    lines = table(receipt_of(*people), width=width)
    shown = " ".join(lines.split())
    assert shown.count("the portal made the account Pending") == 1
    assert "1 6 people: the portal made" in shown
    assert "2 Managed elsewhere." in shown
    assert max(map(len, lines.splitlines())) <= width


def test_anyone_who_was_signed_out_by_an_earlier_run_is_not_called_changed():
    why = "the run 2817bdcddaad ended the sessions already, at 2026-11-28 00:17 UTC"
    before = outcome(OutcomeKind.SPARED_CHANGED, cause=Cause.SIGNED_OUT_BEFORE, error=why)
    shown = table(receipt_of(before), width=120)
    assert shown.startswith("1 spared: signed out before.")
    assert "changed since" not in shown
    assert why in shown


def test_anyone_whose_sessions_may_not_have_ended_is_not_called_signed_out():
    unknown = outcome(OutcomeKind.SPARED_CHANGED, cause=Cause.SIGN_OUT_UNCONFIRMED)
    shown = table(receipt_of(unknown), width=120)
    assert shown.startswith("1 spared: sign-out not confirmed.")
    assert "signed out before" not in shown


@pytest.mark.parametrize("count", [1, 6])
def test_a_page_tells_a_remark_once_and_leads_to_it_from_each_person(count):
    people = [
        outcome(OutcomeKind.REINSTATED, user_id=f"u{n}", error="must accept the invitation again")
        for n in range(count)
    ]
    shown = render_receipt(receipt_of(*people), "html").decode()
    assert shown.count("must accept the invitation again") == 1
    assert shown.count('href="#remark-1"') == count
    assert ("6 people:" in shown) == (count == 6)


def test_a_page_without_remarks_has_no_place_for_them():
    assert "Remark" not in render_receipt(receipt_of(outcome()), "html").decode()


def test_a_page_marks_whoever_may_have_been_signed_in_rather_than_say_so_each_time():
    marked = decision(
        explanation=f"Last seen 2026-09-01, 85 days ago. {MAY_BE_OPEN}", session_may_be_open=True
    )
    shown = render_receipt(receipt_of(outcome()), "html", plan=plan_of(marked)).decode()
    assert shown.count("may be signed in") == 1
    assert MAY_BE_OPEN not in shown
    assert "85 days ago." in shown


def test_a_change_that_was_not_confirmed_is_said_at_the_top():
    shown = table(receipt_of(outcome(verified=False)))
    assert "1 change not confirmed" in shown
    assert re.search(r"disabled +no", shown)


def test_a_receipt_of_nobody_says_so():
    assert table(receipt_of()).startswith("Nobody changed.")


def test_hostile_errors_do_not_reach_the_terminal():
    receipt = receipt_of(*(outcome(OutcomeKind.FAILED, email=t, error=t) for t in HOSTILE))
    shown = table(receipt)
    assert all(c == "\n" or c.isprintable() for c in shown)


def test_json_is_the_receipts_own_form():
    receipt = receipt_of(outcome())
    assert render_receipt(receipt, "json") == encode_receipt(receipt)


@pytest.mark.parametrize("form", ["table", "csv", "html"])
def test_names_and_reasons_come_from_the_plan(form):
    decided = decision(reason=Reason.INACTIVE)
    shown = render_receipt(
        receipt_of(outcome()), form, screen=Screen(width=160), plan=plan_of(decided)
    ).decode()
    assert "Anna Kowalska" in shown
    assert "inactive" in shown


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_outcome_can_be_shown(kind):
    for form in ("table", "csv", "html"):
        assert render_receipt(receipt_of(outcome(kind)), form)


@pytest.mark.parametrize("form", ["table", "csv", "html", "json"])
def test_a_receipt_alone_tells_where_who_and_by_which_plan(form):
    receipt = receipt_of(
        outcome(reason=Reason.CONTRACT_ENDED),
        portal="https://vendor.example",
        plan_digest="sha256:" + "5b" * 32,
        operator=Actor(
            os_user="ops", host="backup1", version="1.0", account="admin@vendor.example"
        ),
    )
    shown = render_receipt(receipt, form, screen=Screen(width=160)).decode()
    for part in ("https://vendor.example", "admin@vendor.example", "5b" * 32, "r-7k2m9q4d"):
        assert part in shown
    assert re.search("contract.ended", shown)

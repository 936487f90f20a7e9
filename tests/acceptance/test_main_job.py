import json
import re
import shlex
import stat
from dataclasses import replace

import pytest

from tests.acceptance.levers import ask, statuses, tell


def test_the_whole_job_from_review_to_undo(at_work, lastseen, small_portal):
    before = statuses(small_portal)

    reviewed = at_work("review", "-o", "plan.json")
    assert reviewed.exit_code == 0, reviewed.stderr
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    to_disable = {d["email"] for d in plan["decisions"] if d["decision"] == "disable"}
    assert to_disable
    assert statuses(small_portal) == before

    applied = at_work("apply", "plan.json", "--yes", "--format", "json")
    assert applied.exit_code == 0, applied.stderr
    receipt = json.loads(applied.stdout)
    assert {o["email"] for o in receipt["outcomes"]} == to_disable
    assert all(o["verified"] and o["outcome"] == "disabled" for o in receipt["outcomes"])
    after = statuses(small_portal)
    assert {who for who, status in after.items() if status != before[who]} == to_disable

    undone = at_work("undo", receipt["run_id"][:6], "--yes", "--format", "json")
    assert undone.exit_code == 0, undone.stderr
    assert {o["outcome"] for o in json.loads(undone.stdout)["outcomes"]} == {"reinstated"}
    again = statuses(small_portal)
    assert {who for who, status in again.items() if status == "terminated"} == {
        who for who, status in before.items() if status == "terminated"
    }

    verified = at_work("history", "--verify", "--format", "json")
    assert verified.exit_code == 0
    assert json.loads(verified.stdout)["whole"] is True


def test_the_receipt_stands_alone_and_the_way_back_is_printed_beside_it(at_work, lastseen):
    at_work("review", "-o", "plan.json")
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    applied = at_work("apply", "plan.json", "--yes", "-o", "receipt.json")

    receipt = json.loads((lastseen.folder / "receipt.json").read_text())
    assert f"lastseen undo {receipt['run_id']}" in applied.stderr
    assert (receipt["portal"], receipt["plan_digest"]) == (plan["portal"], plan["digest"])
    assert "@" in receipt["operator"]["account"]
    reasons = {one["user_id"]: one["reason"] for one in plan["decisions"]}
    assert all(one["reason"] == reasons[one["user_id"]] for one in receipt["outcomes"])

    undone = at_work("undo", receipt["run_id"], "--yes", "-o", "receipt.json")
    assert f"held the receipt of the run {receipt['run_id']}" in undone.stderr
    back = json.loads((lastseen.folder / "receipt.json").read_text())
    assert back["plan_digest"] == plan["digest"]
    assert all(one["reason"] == reasons[one["user_id"]] for one in back["outcomes"])


@pytest.mark.parametrize("form", ["json", "table"])
def test_the_way_back_is_printed_too_when_the_receipt_goes_to_a_pipe(at_work, form):
    at_work("review", "-o", "plan.json")
    applied = at_work("apply", "plan.json", "--yes", "--format", form)
    assert "lastseen undo" in applied.stderr


def test_a_plan_applied_twice_points_back_to_the_run_that_changed_people(at_work):
    at_work("review", "-o", "plan.json")
    runs = [
        json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
        for _ in range(2)
    ]
    assert {one["outcome"] for one in runs[1]["outcomes"]} == {"already-disabled"}

    assert f"Carried out by run {runs[0]['run_id']}." in at_work("show", "plan.json").stdout
    undone = at_work("undo", runs[1]["run_id"], "--yes")
    assert f"To undo that one: lastseen undo {runs[0]['run_id']}" in undone.stderr
    assert "changed nobody" not in at_work("undo", runs[0]["run_id"], "--yes").stderr


def test_explain_keeps_apart_what_happened_since_the_decision(at_work, lastseen):
    at_work("review", "-o", "plan.json")
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    applied = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    who = applied["outcomes"][0]["email"]

    then = at_work("explain", who, "--run", plan["plan_id"])
    _, since = then.stdout.split("Runs since this decision")
    assert applied["run_id"] in since
    assert "Runs before this decision" not in then.stdout
    assert "Z: " not in since
    now = at_work("explain", who)
    _, before = now.stdout.split("Runs before this decision")
    assert applied["run_id"] in before
    assert "Runs since this decision" not in now.stdout


def test_whom_lastseen_disabled_is_explained_with_the_run_the_reason_and_the_way_back(at_work):
    at_work("review", "-o", "plan.json")
    applied = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    who, run = applied["outcomes"][0]["email"], applied["run_id"]

    told = " ".join(at_work("explain", who).stdout.split())
    assert f"Disabled by Lastseen, in the run {run} on " in told
    assert f"as {applied['outcomes'][0]['reason'].replace('-', ' ')}: " in told
    assert f"Undo lastseen undo {run} {who}" in told
    told = json.loads(at_work("explain", who, "--format", "json").stdout)
    assert told["disabled_by"]["run_id"] == run

    at_work("undo", run, who, "--yes")
    assert "lastseen undo" not in at_work("explain", who).stdout


def test_what_changes_nobody_begins_no_run(at_work):
    def runs():
        return json.loads(at_work("history", "--format", "json").stdout)["runs"]

    at_work("review", "-o", "plan.json")
    applied = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    at_work("undo", applied["run_id"], "--yes")
    before = runs()
    again = at_work("undo", applied["run_id"], "--yes")
    assert again.exit_code == 0
    undone_by = f"this was undone already, by the run {before[0]['run_id']} at "
    assert f"Nothing to undo: {undone_by}" in again.stderr
    told = at_work("--log-format", "json", "undo", applied["run_id"], "--yes").stderr
    line = json.loads(told)
    assert line["event"] == "nothing-to-undo"
    assert line["changed_by"] == before[0]["run_id"]
    assert not at_work("-q", "undo", applied["run_id"], "--yes").stderr
    written = at_work("undo", applied["run_id"], "-o", "receipt.json")  # asks nothing either
    assert written.exit_code == 0
    assert f"Nothing to undo: {undone_by}" in written.stderr
    receipt = json.loads((at_work.folder / "receipt.json").read_bytes())
    assert receipt["run_id"] == before[0]["run_id"]
    assert runs() == before

    at_work("undo", before[0]["run_id"], "--yes")
    (at_work.folder / "receipt.json").unlink()
    before = runs()
    changed = at_work("undo", applied["run_id"], "-o", "receipt.json")
    assert "has changed all of these people since" in changed.stderr
    assert "Nothing was written." in changed.stderr
    assert not (at_work.folder / "receipt.json").exists()
    assert runs() == before

    at_work("review", "-o", "nobody.json", environment={"LASTSEEN_POLICY__INACTIVE_DAYS": "3000"})
    before = runs()
    nothing = at_work("apply", "nobody.json", "--yes")
    assert nothing.exit_code == 0
    assert "Nothing to apply" in nothing.stderr
    assert runs() == before


def test_a_head_that_is_not_in_the_journal_is_answered_with_where_to_find_one(at_work):
    assert at_work("history", "--verify").exit_code == 0  # of a ledger made just now
    for head in ("abc", "a" * 64):
        ran = at_work("history", "--verify", "--head", head)
        assert ran.exit_code == 2
        assert "-o receipt.json" in ran.stderr
        assert "lastseen show RUN" in ran.stderr


def test_a_plan_decides_as_the_truth_does(at_work, small_portal):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    people = ask(small_portal, "truth")["people"]
    expected = {p["email"].casefold(): p["expected"]["decision"] for p in people}
    decided = {d["email"].casefold(): d["decision"] for d in plan["decisions"]}
    assert {who: expected[who] for who in decided} == decided


def test_only_those_named_are_disabled(at_work, lastseen):
    at_work("review", "-o", "plan.json")
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    first, second, third, *_ = [d["email"] for d in plan["decisions"] if d["decision"] == "disable"]

    ran = at_work(
        "apply",
        "plan.json",
        "--yes",
        "--format",
        "json",
        "--only",
        first.upper(),
        "--only",
        second,
        "--except",
        second,
    )
    assert [o["email"] for o in json.loads(ran.stdout)["outcomes"]] == [first]

    ran = at_work("apply", "--only", f"{second},{third}", "plan.json", "--yes", "--format", "json")
    assert {o["email"] for o in json.loads(ran.stdout)["outcomes"]} == {second, third}


def test_nobody_is_disabled_when_a_name_is_nobodys(at_work):
    at_work("review", "-o", "plan.json")
    ran = at_work("apply", "plan.json", "--yes", "--only", "stranger@example.com")
    assert ran.exit_code == 2
    assert "stranger@example.com" in ran.stderr


def test_undo_may_name_people(at_work, lastseen):
    at_work("review", "-o", "plan.json")
    receipt = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    one, other = (o["email"] for o in receipt["outcomes"][:2])
    ran = at_work("undo", receipt["run_id"], one.upper(), other, "--yes", "--format", "json")
    assert ran.exit_code == 0
    assert {o["email"] for o in json.loads(ran.stdout)["outcomes"]} == {one, other}


def test_an_edited_plan_is_refused_and_changes_nobody(at_work, lastseen, small_portal):
    at_work("review", "-o", "plan.json")
    file = lastseen.folder / "plan.json"
    before = statuses(small_portal)
    file.write_text(file.read_text().replace('"keep"', '"disable"', 1))
    ran = at_work("apply", "plan.json", "--yes")
    assert ran.exit_code == 2
    assert "digest" in ran.stderr
    assert statuses(small_portal) == before


def test_a_pretended_plan_is_refused(at_work):
    assert at_work("review", "--now", "2026-01-01T12:00Z", "-o", "plan.json").exit_code in (0, 4)
    ran = at_work("apply", "plan.json", "--yes")
    assert ran.exit_code == 2
    assert "--now" in ran.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_DISABLE", "1"), ("MAX_DISABLE_SHARE", "0.01")],
)
def test_a_guardrail_stops_all_of_it_and_names_a_command_that_allows_it(
    at_work, small_portal, name, value
):
    at_work("review", "-o", "my plan.json")
    before = statuses(small_portal)
    limit = {f"LASTSEEN_GUARDRAILS__{name}": value}
    ran = at_work("apply", "my plan.json", "--yes", environment=limit)
    assert ran.exit_code == 5
    assert "nothing was changed" in ran.stderr
    assert statuses(small_portal) == before
    remedies = re.findall(r"`lastseen (apply .*?)`", ran.stderr)
    assert [shlex.split(one)[2] for one in remedies] == ["--limit", "--max-disable"]
    for remedy in remedies:
        assert at_work(*shlex.split(remedy), "--dry-run", environment=limit).exit_code == 0


def test_anyone_who_comes_back_before_apply_is_spared(at_work, lastseen, small_portal):
    at_work("review", "-o", "plan.json")
    plan = json.loads((lastseen.folder / "plan.json").read_text())
    back = next(d for d in plan["decisions"] if d["decision"] == "disable")
    tell(small_portal, "events", {"user_id": back["user_id"], "action": 1000})
    receipt = json.loads(at_work("apply", "plan.json", "--yes", "--format", "json").stdout)
    outcomes = {o["user_id"]: o["outcome"] for o in receipt["outcomes"]}
    assert outcomes[back["user_id"]] == "spared-active"


def test_explain_tells_of_each_verdict_what_it_rests_on(at_work):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    for verdict in ("disable", "keep", "hold"):
        decision = next(d for d in plan["decisions"] if d["decision"] == verdict)
        fresh = at_work("explain", decision["email"].upper(), "--format", "json")
        assert fresh.exit_code == 0, fresh.stderr
        assert json.loads(fresh.stdout)["decision"]["decision"] == verdict
        past = at_work("explain", decision["user_id"], "--run", plan["plan_id"][:8])
        assert past.exit_code == 0, past.stderr
        assert verdict in past.stdout


def test_explain_of_a_past_run_asks_the_portal_nothing(at_work, small_portal):
    plan = json.loads(at_work("review", "--format", "json").stdout)
    tell(small_portal, "forget", {})
    at_work("explain", plan["decisions"][0]["email"], "--run", plan["plan_id"])
    assert ask(small_portal, "requests")["total"] == 0


def test_strict_tells_of_somebody_on_hold(at_work, lastseen):
    assert at_work("review").exit_code == 0
    assert at_work("review", "--strict", "-o", "plan.json").exit_code == 4
    assert json.loads((lastseen.folder / "plan.json").read_text())["summary"]["hold"] > 0


def test_nobody_decided_is_reported_without_strict(at_work, lastseen, small_portal):
    # Given a portal that shows too little of its logs
    tell(small_portal, "settings", {"filters": "ignored"})
    ran = at_work("review", "--format", "json")
    plan = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert plan["summary"]["disable"] == 0
    held = [one["email"] for one in plan["decisions"] if one["decision"] == "hold"]
    # When only those are reviewed about whom nothing can be decided
    (lastseen.folder / "held.csv").write_text("\n".join(("email", *held)))
    of_a_file = {
        "LASTSEEN_ROSTER__SOURCE": "csv",
        "LASTSEEN_ROSTER__PATH": "held.csv",
        "LASTSEEN_ROSTER__RECONCILE": "false",
    }
    again = replace(at_work, environment={**at_work.environment, **of_a_file})
    ran = again("review", "--format", "json")
    assert json.loads(ran.stdout)["summary"]["hold"] == len(held) > 0
    assert ran.exit_code == 4


def test_what_the_files_hold_is_for_their_owner_only(at_work, lastseen):
    for name in ("plan.json", "plan.csv", "plan.html", "plan.txt"):
        ran = at_work("review", "-o", name)
        assert ran.stdout == ""
        assert name in ran.stderr
        assert stat.S_IMODE((lastseen.folder / name).stat().st_mode) == 0o600
    assert sorted(file.name for file in lastseen.folder.iterdir()) == [
        "plan.csv",
        "plan.html",
        "plan.json",
        "plan.txt",
    ]


@pytest.mark.parametrize(
    ("silence_days", "reason"), [("1", "evidence-incomplete"), ("60", "inactive")]
)
def test_explain_decides_by_the_configured_silence_of_a_log_as_a_review_does(
    lastseen, simulated_portal, silence_days, reason
):
    # Given so few people that the log pauses over weekends
    quiet = simulated_portal("--contractors", "3", "--staff", "1", "--days", "45")
    limit = {"LASTSEEN_GUARDRAILS__LOG_SILENCE_DAYS": silence_days}
    at_work = replace(lastseen, environment={**lastseen.environment, **quiet.environment, **limit})
    decisions = json.loads(at_work("review", "--format", "json").stdout)["decisions"]
    decision = next(one for one in decisions if one["reason"] == reason)

    told = at_work("explain", decision["email"], "--format", "json")

    explained = json.loads(told.stdout)["decision"]
    assert (explained["decision"], explained["reason"]) == (decision["decision"], reason)

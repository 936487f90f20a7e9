"""Plans that no review made, and what changed between a plan and its application."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from campaigns.attacks.scene import UNTIL, Scene, expect
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.plan import Plan, summarise
from lastseen.model.plan_document import decode_plan, encode_plan, sealed

USAGE, GUARDRAIL, PARTIAL = 2, 5, 6


def forged(
    scene: Scene, changed: Callable[[Decision], Decision], **fields: object
) -> tuple[Plan, Path]:
    """Write a plan whose decisions were changed and whose digest fits; return it and its file."""
    plan = _reviewed(scene)
    decisions = tuple(map(changed, plan.decisions))
    plan = sealed(
        msgspec.structs.replace(
            plan, decisions=decisions, summary=summarise(decisions), digest="", **fields
        )
    )
    file = scene.folder / "forged.json"
    file.write_bytes(encode_plan(plan))
    return plan, file


def disabling(reason: Reason) -> Callable[[Decision], Decision]:
    """Return what turns every decision on an account into one that disables, for that reason."""

    def changed(one: Decision) -> Decision:
        if one.user_id is None:
            return one
        return msgspec.structs.replace(one, decision=Verdict.DISABLE, reason=reason)

    return changed


def a_forged_plan_is_refused(scene: Scene) -> None:
    """Everyone is to be disabled, under the id of a plan that the ledger knows."""
    _, file = forged(scene, disabling(Reason.INACTIVE))
    ran = scene.run("apply", file, "--yes")
    expect(ran.exit_code == USAGE, f"apply ended with {ran.exit_code}")
    expect(not scene.portal.puts, "the portal was asked to change people")


def a_plan_from_elsewhere_is_refused(scene: Scene) -> None:
    """The digest fits and no ledger knows the id."""
    _, file = forged(scene, disabling(Reason.CONTRACT_ENDED), plan_id="f" * 32)
    ran = scene.run("apply", file, "--yes")
    expect(ran.exit_code == USAGE, f"apply ended with {ran.exit_code}")
    expect(not scene.portal.puts, "the portal was asked to change people")


def a_trusted_plan_is_decided_anew(scene: Scene) -> None:
    """`--trust-plan-file` trusts the file's origin, not its decisions: ended contracts."""
    _, file = forged(scene, disabling(Reason.CONTRACT_ENDED), plan_id="f" * 32)
    ran = scene.run("apply", file, "--yes", "--trust-plan-file")
    expect("No such option" not in ran.stderr, "there is no --trust-plan-file")


def a_trusted_plan_brings_no_policy(scene: Scene) -> None:
    """`--trust-plan-file` with a policy of zero and of minus 3,000 days in the file."""
    for days in (0, -3000):
        plan = _reviewed(scene)
        policy = msgspec.structs.replace(plan.policy, inactive_days=days)
        _, file = forged(scene, disabling(Reason.INACTIVE), plan_id="e" * 32, policy=policy)
        ran = scene.run("apply", file, "--yes", "--trust-plan-file")
        expect("No such option" not in ran.stderr, "there is no --trust-plan-file")


def a_trusted_plan_cannot_name_staff(scene: Scene) -> None:
    """A person who is no contractor: a plain user of the company who never came."""
    users = [one for one in scene.portal.world.people.values() if one.kind == "staff"]
    plan = _reviewed(scene)
    due = plan.to_disable()[0]

    def changed(one: Decision) -> Decision:
        if one is not due and one.user_id != due.user_id:
            return one
        return msgspec.structs.replace(one, user_id=users[0].id, email=users[0].email)

    scene.spared.add(users[0].id)
    _, file = forged(scene, changed, plan_id="d" * 32)
    scene.run("apply", file, "--yes", "--trust-plan-file")


def whoever_is_exempted_after_the_review_is_spared(scene: Scene) -> None:
    """An exemption is added between `review` and `apply`."""
    who = _first_due(scene)
    scene.run("exempt", "add", who["email"], "--until", UNTIL, "--reason", "away")
    _spares(scene, who["user_id"])


def whoever_is_excluded_after_the_review_is_spared(scene: Scene) -> None:
    """The configuration excludes a domain between `review` and `apply`."""
    who = _first_due(scene)
    domain = who["email"].rpartition("@")[2]
    scene.environment["LASTSEEN_ROSTER__EXCLUDE_EMAIL_DOMAINS"] = domain
    scene.spared |= {
        one.id for one in scene.away() if one.email.lower().endswith(f"@{domain}".lower())
    }
    _spares(scene, who["user_id"])


def a_milder_policy_spares(scene: Scene) -> None:
    """The window is made longer between `review` and `apply`."""
    who = _first_due(scene)
    scene.environment["LASTSEEN_POLICY__INACTIVE_DAYS"] = "3000"
    scene.environment["LASTSEEN_POLICY__LOOKBACK_DAYS"] = "3000"
    scene.spared |= {one.id for one in scene.away()}
    _spares(scene, who["user_id"])


def a_prolonged_contract_spares(scene: Scene) -> None:
    """The roster's end date moves between `review` and `apply`."""
    someone = next(one for one in scene.portal.world.people.values() if one.kind == "daily")
    _csv_roster(scene, f"email,end_date\n{someone.email},2026-01-31\n")
    scene.run("review", "-o", "plan.json")
    _csv_roster(scene, f"email,end_date\n{someone.email},2099-01-31\n")
    _spares(scene, someone.id)


def whoever_leaves_the_roster_is_spared(scene: Scene) -> None:
    """A row goes between `review` and `apply`."""
    first, other = scene.away()[:2]
    _csv_roster(scene, f"email\n{first.email}\n{other.email}\n")
    scene.run("review", "-o", "plan.json")
    _csv_roster(scene, f"email\n{other.email}\n")
    _spares(scene, first.id)


def guardrails_count_across_runs(scene: Scene) -> None:
    """Part after part of a plan until everybody is disabled."""
    scene.environment["LASTSEEN_GUARDRAILS__MAX_DISABLE"] = "3"
    scene.run("review", "-o", "plan.json")
    due = _due(scene)
    codes = [
        scene.run("apply", "plan.json", "--yes", "--only", one["email"]).exit_code
        for one in due[:5]
    ]
    expect(len(scene.asked_to_disable()) <= 3, f"{len(scene.asked_to_disable())} of at most 3")
    expect(GUARDRAIL in codes, f"no guardrail: {codes}")


def naming_nobody_means_nobody(scene: Scene) -> None:
    """`--only "$WHO"` with a variable that isn't set; `--except` and `undo` likewise."""
    scene.run("review", "-o", "plan.json")
    for option in ("--only", "--except"):
        for nobody in ("", " ", ","):
            ran = scene.run("apply", "plan.json", "--yes", option, nobody)
            expect(ran.exit_code == USAGE, f"{option} {nobody!r} ended with {ran.exit_code}")
    expect(not scene.portal.puts, "the portal was asked to change people")


def a_portal_that_changes_more_people_is_told(scene: Scene) -> None:
    """The portal disables five people more than it was asked to, and names them in its answer."""
    scene.run("review", "-o", "plan.json")
    due = _due(scene)[0]
    others = [one for one in scene.portal.world.people.values() if one.kind == "daily"][:5]
    respond = scene.portal.respond

    def overdone(method: str, path: str, **arguments: object) -> object:
        if method == "PUT" and "people/status" in path:
            body = json.loads(arguments["body"])  # type: ignore[arg-type]
            body["userIds"] += [one.id for one in others]
            arguments["body"] = json.dumps(body).encode()
        return respond(method, path, **arguments)  # type: ignore[arg-type]

    scene.allowed |= {one.id for one in others}  # by the portal, not by us
    scene.portal.respond = overdone  # type: ignore[method-assign, assignment]
    ran = scene.run("apply", "plan.json", "--yes", "--only", due["email"])
    expect(ran.exit_code == PARTIAL, f"apply ended with {ran.exit_code}")
    expect(others[0].email in ran.output or others[0].id in ran.output, "nobody was named")


def damaged_plans_are_refused_in_words(scene: Scene) -> None:
    """Nesting, naive dates, huge numbers, other types, cut files."""
    scene.run("review", "-o", "plan.json")
    text = (scene.folder / "plan.json").read_text()
    for number, bad in enumerate(
        (
            "[" * 100_000,
            '{"schema": ' + "[" * 5_000 + "]" * 5_000 + "}",
            text.replace("Z", "", 3),
            text[: len(text) // 2],
            text.replace('"plan_id"', '"plan-id"'),
            text.replace("http://127.0.0.1:", "http://127.0.0.1:9999999"),
            text.replace('"idle_days": ', '"idle_days": 9' + "9" * 400),
            "null",
            "",
            "\ufeff" + text,
        )
    ):
        file = scene.write(f"bad-{number}.json", bad)
        ran = scene.run("apply", file, "--yes")
        expect(ran.exit_code == USAGE, f"bad plan {number}: {ran.exit_code}")
    expect(not scene.portal.puts, "the portal was asked to change people")


def _reviewed(scene: Scene) -> Plan:
    ran = scene.run("review", "-o", "plan.json")
    expect(ran.exit_code == 0, f"review ended with {ran.exit_code}: {ran.stderr}")
    return decode_plan((scene.folder / "plan.json").read_bytes(), source="plan.json")


def _due(scene: Scene) -> list[dict[str, str]]:
    plan = json.loads((scene.folder / "plan.json").read_text())
    return scene.decided(plan, "disable")


def _first_due(scene: Scene) -> dict[str, str]:
    scene.run("review", "-o", "plan.json")
    return _due(scene)[0]


def _spares(scene: Scene, user_id: str) -> None:
    scene.spared.add(user_id)
    ran = scene.run("apply", "plan.json", "--yes", "-o", "receipt.json")
    expect(user_id not in scene.asked_to_disable(), f"was disabled; exit {ran.exit_code}")


def _csv_roster(scene: Scene, text: str) -> None:
    file = scene.write("roster.csv", text)
    scene.environment["LASTSEEN_ROSTER__SOURCE"] = "csv"
    scene.environment["LASTSEEN_ROSTER__PATH"] = str(file)


ATTACKS = (
    a_forged_plan_is_refused,
    a_plan_from_elsewhere_is_refused,
    a_trusted_plan_is_decided_anew,
    a_trusted_plan_brings_no_policy,
    a_trusted_plan_cannot_name_staff,
    whoever_is_exempted_after_the_review_is_spared,
    whoever_is_excluded_after_the_review_is_spared,
    a_milder_policy_spares,
    a_prolonged_contract_spares,
    whoever_leaves_the_roster_is_spared,
    guardrails_count_across_runs,
    naming_nobody_means_nobody,
    a_portal_that_changes_more_people_is_told,
    damaged_plans_are_refused_in_words,
)

"""Names that are nearly the same, that change, or that are wrapped in something."""

from campaigns.attacks.scene import UNTIL, Scene, expect
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.world.people import Person

USAGE = 2


def a_sharp_s_is_another_person(scene: Scene) -> None:
    """A row with `ß` must not find the account with `ss`."""
    who = scene.away()[0]
    scene.change(who.id, email="hans.strasse@vendor.example")
    _disables_nobody(scene, who, "email\nhans.straße@vendor.example\n")


def nearly_equal_addresses_find_nobody(scene: Scene) -> None:
    """Dotless and dotted i, the Kelvin sign, full-width letters, a ligature."""
    pairs = (
        ("kevin@vendor.example", "\u212aevin@vendor.example"),
        ("ines@vendor.example", "\u0131nes@vendor.example"),
        ("ann@vendor.example", "\uff41nn@vendor.example"),
        ("fiona@vendor.example", "\ufb01ona@vendor.example"),
        ("lars@vendor.example", "lar\u017f@vendor.example"),
    )
    for person, (account, row) in zip(scene.away(), pairs, strict=False):
        scene.change(person.id, email=account)
        _disables_nobody(scene, person, f"email\n{row}\n")


def wrapped_addresses_are_unwrapped_or_refused(scene: Scene) -> None:
    """One row of a person is wrapped and prolongs the contract; the plain row must not decide."""
    who = next(one for one in scene.portal.world.people.values() if one.kind == "daily")
    for wrapped in (
        f'"Ann <{who.email}>"',
        f"mailto:{who.email}",
        f"{who.email}.",
        f"'{who.email}",
        f"\u200b{who.email}",
        f"{who.email}\u00a0",
        f"<{who.email}>",
        f"{who.email};",
        f"\u202a{who.email}\u202c",
    ):
        text = f"email,end_date\n{who.email},2026-01-31\n{wrapped},2099-12-31\n"
        _disables_nobody(scene, who, text)


def an_exemption_follows_a_changed_address(scene: Scene) -> None:
    """`exempt add` by address; the account's address changes; the exemption still holds."""
    scene.run("review", "-o", "plan.json")
    who = scene.away()[0]
    scene.run("exempt", "add", who.email, "--until", UNTIL, "--reason", "away")
    scene.change(who.id, email="new.name@vendor.example")
    scene.spared.add(who.id)
    scene.run("run", "--yes", "--first-run-applies")
    expect(who.id not in scene.asked_to_disable(), "was disabled under the new address")


def an_exemption_that_matches_nobody_is_told(scene: Scene) -> None:
    """A review says which exemptions match no account."""
    scene.run("review", "-o", "plan.json")
    scene.run("exempt", "add", "nobody@vendor.example", "--until", UNTIL, "--reason", "x", "--yes")
    ran = scene.run("review", "-o", "plan.json")
    expect("nobody@vendor.example" in ran.output, "the review is silent about it")


def the_same_portal_under_another_name_keeps_exemptions(scene: Scene) -> None:
    """`localhost` instead of `127.0.0.1`: nothing may be disabled that was exempt."""
    scene.run("review", "-o", "plan.json")
    who = scene.away()[0]
    scene.run("exempt", "add", who.email, "--until", UNTIL, "--reason", "away")
    scene.spared.add(who.id)
    scene.environment["LASTSEEN_PORTAL__URL"] = scene.url.replace("127.0.0.1", "localhost")
    ran = scene.run("run", "--yes", "--first-run-applies")
    expect(ran.exit_code == USAGE, f"run ended with {ran.exit_code}")


def a_domain_with_a_sharp_s_is_asked_as_itself(scene: Scene) -> None:
    """`https://faß.example` must not send the key to `fass.example`."""
    scene.environment["LASTSEEN_PORTAL__URL"] = "https://fa\u00df.example"
    ran = scene.run("doctor", timeout=60)
    expect("fass.example" not in ran.output, "asks fass.example")


def sign_ins_in_nobodys_name_are_anybodys(scene: Scene) -> None:
    """The log names the anonymous account for a share of the successful sign-ins, or for all."""
    for share in (0.02, 0.5, 1.0):
        scene.portal.set_faults(FaultRates.of({"nameless": share}))
        ledger = {"LASTSEEN_LEDGER__URL": f"sqlite:///{scene.folder / f'{share}.sqlite3'}"}
        ran = scene.run("run", "--yes", "--first-run-applies", environment=ledger)
        expect(ran.exit_code in (0, 4), f"{share}: {ran.exit_code}")
        scene.judge()


def _disables_nobody(scene: Scene, who: Person, roster: str) -> None:
    file = scene.write("roster.csv", roster)
    scene.spared.add(who.id)
    scene.run(
        "run",
        "--yes",
        "--first-run-applies",
        environment={
            "LASTSEEN_ROSTER__SOURCE": "csv",
            "LASTSEEN_ROSTER__PATH": str(file),
            "LASTSEEN_ROSTER__RECONCILE": "false",
        },
    )
    expect(who.id not in scene.asked_to_disable(), f"{roster!r} disabled {who.email}")


ATTACKS = (
    a_sharp_s_is_another_person,
    nearly_equal_addresses_find_nobody,
    wrapped_addresses_are_unwrapped_or_refused,
    an_exemption_follows_a_changed_address,
    an_exemption_that_matches_nobody_is_told,
    the_same_portal_under_another_name_keeps_exemptions,
    a_domain_with_a_sharp_s_is_asked_as_itself,
    sign_ins_in_nobodys_name_are_anybodys,
)

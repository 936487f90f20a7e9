"""`python -m campaigns.attacks [WORD…]`: attacks named after a word; prints held or broke."""

import sys
import time
from collections.abc import Callable

from campaigns.attacks import files, identities, ledgers, outputs, plans, secrets
from campaigns.attacks.scene import Broke, Scene, scene

KINDS: dict[str, tuple[Callable[[Scene], None], ...]] = {
    "plans": plans.ATTACKS,
    "identities": identities.ATTACKS,
    "files": files.ATTACKS,
    "ledgers": ledgers.ATTACKS,
    "outputs": outputs.ATTACKS,
    "secrets": secrets.ATTACKS,
}


SHORT = (
    plans.a_forged_plan_is_refused,
    plans.a_plan_from_elsewhere_is_refused,
    plans.a_prolonged_contract_spares,
    plans.a_portal_that_changes_more_people_is_told,
    identities.a_sharp_s_is_another_person,
    files.midnight_elsewhere_is_not_a_day_early,
    outputs.hostile_paths_stay_paths,
)
"""One or two of a kind, for every run of the tests."""


def play(attack: Callable[[Scene], None]) -> str | None:
    """Carry out one attack; return what it broke, or None where Lastseen held."""
    with scene() as stage:
        try:
            attack(stage)
            stage.judge()
        except Broke as broke:
            return str(broke)
    return None


def main(words: list[str]) -> int:
    """Carry out attacks and print a line for each; returns 1 if anything broke."""
    broken = 0
    for kind, attacks in KINDS.items():
        for attack in attacks:
            if words and not any(word in f"{kind} {attack.__name__}" for word in words):
                continue
            began = time.monotonic()
            found = play(attack)
            broken += found is not None
            verdict = "held " if found is None else "BROKE"
            name = attack.__name__.replace("_", " ")
            print(f"{verdict} {time.monotonic() - began:5.1f} s  {kind}: {name}", flush=True)
            if found is not None:
                print(f"        {found}", flush=True)
    print(f"\n{broken} broke." if broken else "\nAll held.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The process that is killed: applies a plan for real, and may kill itself at a step.

`python -m campaigns.kills.child URL LEDGER PLAN [STEP MOMENT]`, the key in LASTSEEN_API_KEY. STEP
is a number or, as `set_status:1`, a method and which of its calls, from 0. Says `ready` on standard
output when the work begins, and gives the receipt there when it ends.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

from lastseen.docspace import open_portal
from lastseen.execution.context import Pace
from lastseen.ledger import open_ledger
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import system_clock
from lastseen.model.plan_document import decode_plan
from lastseen.model.receipt import Receipt, encode_receipt
from lastseen.model.secret import ApiKey
from lastseen.workflows.apply import apply
from lastseen.workflows.apply_options import ApplyOptions
from testing.process_death import (
    Life,
    MortalLedger,
    kill_this_process,
    mortal_portal,
)

_NO_LIMITS = Guardrails(max_disable=1_000_000, max_disable_share=1.0)


async def work(url: str, ledger_url: str, plan_file: Path, life: Life) -> Receipt:
    """Apply the plan as the command does."""
    plan = decode_plan(plan_file.read_bytes(), source=str(plan_file))  # noqa: ASYNC240
    key = ApiKey(os.environ["LASTSEEN_API_KEY"])
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        async with open_portal(url, key, clock=system_clock) as portal:
            return await apply(
                plan,
                mortal_portal(portal, life),
                ledger=MortalLedger(ledger.portal(url), life),  # type: ignore[arg-type]
                options=ApplyOptions(guardrails=_NO_LIMITS, pace=Pace(batch=3)),
                clock=system_clock,
            )


def _life(step: str, moment: str) -> Life:
    call, _, number = step.rpartition(":")
    assert moment in ("before", "after")
    return Life(
        death_at=int(number),
        call=call or None,
        moment="before" if moment == "before" else "after",
        die=kill_this_process,
    )


def main(arguments: list[str]) -> None:
    """Apply once, as the command line says."""
    url, ledger_url, plan_file, *death = arguments
    life = _life(*death) if death else Life()
    logging.disable(logging.WARNING)
    print("ready", flush=True)
    receipt = asyncio.run(work(url, ledger_url, Path(plan_file), life))
    print(life.steps, flush=True)
    sys.stdout.write(encode_receipt(receipt).decode())


if __name__ == "__main__":
    main(sys.argv[1:])

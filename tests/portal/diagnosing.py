"""A healthy portal, and what the doctor finds on one."""

import random
from typing import Any

from lastseen.model.diagnosis import Diagnosis, Finding
from lastseen.model.plan import Policy
from lastseen.workflows.doctor import doctor
from testing.in_process import InProcess
from testing.quiet import QUIET_LOGS
from tests.portal.unhelpful import Built, Watched, ago


def healthy() -> Built:
    """A portal with one guest, who was just there, and much work by the staff."""
    made = Built()
    guest = made.guest()
    made.signs_in(guest, ago(days=2))
    made.staff_noise(150, days=25)
    return made


def diagnosed(
    watched: Watched, *, roster: Any = None, silence_days: float = QUIET_LOGS, **policy: Any
) -> dict[str, Finding]:
    """Return the findings by name; `policy` are the fields of the policy that matter."""

    async def look() -> Diagnosis:
        client = InProcess(watched.portal, watched.time, chance=random.Random(1)).client()
        try:
            return await doctor(
                client,
                ledger=watched.ledger,
                policy=Policy(**policy),
                clock=watched.time.machine_clock,
                roster=roster,
                log_silence_days=silence_days,
            )
        finally:
            await client.close()

    return {finding.name: finding for finding in watched.time.run(look()).findings}

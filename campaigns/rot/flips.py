"""One ledger in use, damaged in one place, reviewed and about to be applied.

The portal is honest throughout: whoever the undamaged ledger would keep must not be disabled by
the damaged one, unless they are away by the simulator's own truth.
"""

import random
import shutil
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec

from campaigns.safety.setting import Setting
from lastseen.ledger import Ledger, open_ledger
from lastseen.model.decision import Reason
from lastseen.model.errors import LastseenError
from lastseen.model.instant import utc_date
from lastseen.model.plan import Plan
from testing.in_process import URL

_COMPANIONS = ("-wal", "-shm")
_BY_RECORD = frozenset({Reason.EXEMPT, Reason.RECENTLY_REINSTATED})
"""Reasons to spare somebody, however long they have been away, that only the ledger knows."""


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """What one damage led to."""

    where: str
    """The place, so that it can be repeated."""
    end: str
    """`refused`, `mended`, `unnoticed`, `wrongful` or `bug`."""
    text: str = ""
    """The error, or who was disabled wrongly."""


def ledger_in_use(setting: Setting, url: str) -> Plan:
    """Make the ledger of a portal that was reviewed once; return the honest plan."""
    with open_ledger(url, clock=setting.time.machine_clock) as ledger:
        with setting.ledger() as wanted:
            for exemption in wanted.portal(URL).exemptions.all():
                until = utc_date(setting.time.machine_clock()) + timedelta(days=300)
                ledger.portal(URL).exemptions.add(
                    exemption.who, until=until, reason=exemption.reason
                )
        return _reviewed(setting, ledger)


def flipped_bits(setting: Setting, used: Path, honest: Plan, chance: random.Random) -> Flip:
    """Flip one random bit of the file, then review and take the lock as `apply` would."""
    file = used.with_name("flipped.sqlite3")
    for ending in ("", *_COMPANIONS):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.copy(used, file)
    content = bytearray(file.read_bytes())
    used_bytes = [place for place, byte in enumerate(content) if byte]  # most pages are half empty
    at, bit = chance.choice(used_bytes), chance.randrange(8)
    content[at] ^= 1 << bit
    file.write_bytes(content)
    return judged(setting, f"sqlite:///{file}", honest, where=f"byte {at}, bit {bit}")


def judged(setting: Setting, url: str, honest: Plan, *, where: str) -> Flip:
    """Review with the damaged ledger, take the lock as `apply` would, and judge what came of it."""
    try:
        with open_ledger(url, clock=setting.time.machine_clock) as ledger:
            plan = _reviewed(setting, ledger)
            mended = plan.evidence.requests > 2 * max(4, honest.evidence.requests) // 3
            with ledger.portal(URL).lock("apply"):
                pass
    except LastseenError as error:
        return Flip(where=where, end="refused", text=error.found)
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return Flip(where=where, end="bug", text=traceback.format_exc().strip().splitlines()[-1])
    wrong = list(_wrongful(setting, plan, honest))
    if wrong:
        return Flip(where=where, end="wrongful", text=", ".join(wrong))
    return Flip(where=where, end="mended" if mended else "unnoticed")


def _wrongful(setting: Setting, plan: Plan, honest: Plan) -> Iterator[str]:
    before = {one.user_id for one in honest.to_disable()}
    spared = {one.user_id for one in honest.decisions if one.reason in _BY_RECORD}
    for decision in plan.to_disable():
        person = decision.user_id or ""
        away = person not in spared and setting.is_away(person, plan.now)
        if person not in before and not away:
            yield f"{person} ({decision.reason.value})"


def _reviewed(setting: Setting, ledger: Ledger) -> Plan:
    return setting.transport().run(lambda client: setting.review(client, ledger.portal(URL)))

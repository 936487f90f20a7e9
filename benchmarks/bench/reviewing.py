"""Runs `lastseen review` and `apply` as commands against a served portal, and measures them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench.commands import Took, lastseen
from benchmarks.bench.portals import Served
from lastseen.model.plan import Plan, decode_plan

_APPLIED = (0, 6)
"""Done, or done in part."""


class Desk:
    """A folder with a ledger, from which commands are given to one portal."""

    def __init__(self, folder: Path, portal: Served, *, lookback_days: int) -> None:
        """Give commands from `folder`, with guardrails out of the way."""
        self._folder = folder
        self._environ = {
            "LASTSEEN_PORTAL__URL": portal.url,
            "LASTSEEN_API_KEY": portal.key,
            "LASTSEEN_LEDGER__URL": f"sqlite:///{folder / 'ledger.sqlite3'}",
            "LASTSEEN_POLICY__LOOKBACK_DAYS": str(lookback_days),
            "LASTSEEN_GUARDRAILS__MAX_DISABLE": "1000000",
            "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1.0",
        }

    def review(self) -> tuple[Took, Plan]:
        """Review; raises RuntimeError where that fails."""
        took = lastseen(
            ["review", "-o", "plan.json"], environ=self._environ, folder=self._folder, expected=(0,)
        )
        return took, decode_plan((self._folder / "plan.json").read_bytes(), source="plan.json")

    def apply(self) -> Took:
        """Carry the plan out; raises RuntimeError where that fails."""
        return lastseen(
            ["apply", "plan.json", "--yes", "-o", "receipt.json"],
            environ=self._environ,
            folder=self._folder,
            expected=_APPLIED,
        )


@contextmanager
def desk(portal: Served, *, lookback_days: int = 30) -> Iterator[Desk]:
    """Give commands to `portal` with an empty ledger, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="lastseen-bench-") as folder:
        yield Desk(Path(folder), portal, lookback_days=lookback_days)

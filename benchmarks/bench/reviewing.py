"""Runs `lastseen review` and `apply` as commands against a served portal, and measures them."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench.commands import Took, lastseen
from benchmarks.bench.portals import Served
from lastseen.model.plan import Plan
from lastseen.model.plan_document import decode_plan

_APPLIED = (0, 6)
"""Done, or done in part."""


class Desk:
    """A folder with a ledger, from which commands are given to one portal."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Give commands from `folder` with this environment."""
        self._folder = folder
        self._environ = environ

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
def desk(portal: Served, *, lookback_days: int | None = None) -> Iterator[Desk]:
    """Give commands to `portal` with an empty ledger, which goes with the block.

    The configuration is the default one but for `lookback_days`, where that is given.
    """
    with tempfile.TemporaryDirectory(prefix="lastseen-bench-") as name:
        environ = environ_of(portal, Path(name))
        if lookback_days is not None:
            environ["LASTSEEN_POLICY__LOOKBACK_DAYS"] = str(lookback_days)
        yield Desk(Path(name), environ)


def environ_of(portal: Served, folder: Path) -> dict[str, str]:
    """Return what names the portal and a ledger in `folder`, with guardrails out of the way.

    A compiled module is read from its cache, as it is after the first start anywhere.
    """
    return {
        "LASTSEEN_PORTAL__URL": portal.url,
        "LASTSEEN_API_KEY": portal.key,
        "LASTSEEN_LEDGER__URL": f"sqlite:///{folder / 'ledger.sqlite3'}",
        "LASTSEEN_GUARDRAILS__MAX_DISABLE": "1000000",
        "LASTSEEN_GUARDRAILS__MAX_DISABLE_SHARE": "1.0",
        "PYTHONDONTWRITEBYTECODE": "",
    }

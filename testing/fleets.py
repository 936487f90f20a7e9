"""A fleet to test with: simulated portals on sockets, a database, and workers as processes."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from lastseen.fleet.configuration import read_fleet
from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.queue import opened_queue
from lastseen.fleet.store import FleetStore
from lastseen.ledger import PortalLedger, open_ledger
from lastseen.model.fleet import Command, PortalStatus
from lastseen.model.instant import system_clock
from lastseen.simulator.server.app import serve_in_thread
from lastseen.simulator.server.portal import Setup, SimulatedPortal
from lastseen.simulator.world.population import Population, populate

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 120


class Fleet:
    """Portals by name, in one database."""

    def __init__(self, folder: Path, ledger_url: str, stack: ExitStack) -> None:
        """Begin without portals; what is served ends with `stack`."""
        self.ledger_url = ledger_url
        self.portals: dict[str, SimulatedPortal] = {}
        self.urls: dict[str, str] = {}
        self.environ: dict[str, str] = {}
        self._folder = folder
        self._stack = stack
        self._entries: list[str] = []

    def serve(self, name: str, *, contractors: int = 12, seed: int = 1, **setup: Any) -> None:
        """Serve a portal and enter it; its key is in the workers' environment."""
        own_seed = seed + 1000 * len(self.portals)  # no two portals share an account
        population = Population(contractors=contractors, staff=3, days=45, seed=own_seed)
        portal = SimulatedPortal(
            populate(datetime.now(UTC), population),
            clock=lambda: datetime.now(UTC),
            setup=Setup(seed=seed, **setup),
        )
        self.portals[name] = portal
        url = self._stack.enter_context(serve_in_thread(portal))
        self.enter(name, url, key=portal.api_key)

    def enter(self, name: str, url: str, *, key: str | None, more: str = "") -> None:
        """Enter a portal that may be there or not; `more` is TOML for it."""
        variable = f"{name.upper().replace('-', '_')}_KEY"
        if key is not None:
            self.environ[variable] = key
        self.urls[name] = url
        self._entries.append(
            f'[[portal]]\nname = "{name}"\nurl = "{url}"\napi_key = "env:{variable}"\n{more}\n'
        )

    def configure(self, name: str, toml: str) -> None:
        """Add tables to a portal that is entered."""
        place = next(i for i, text in enumerate(self._entries) if f'name = "{name}"' in text)
        self._entries[place] += toml

    def move(self, name: str, url: str, *, key: str) -> None:
        """Give a portal that is entered another address and the key for it."""
        place = next(i for i, text in enumerate(self._entries) if f'name = "{name}"' in text)
        self._entries[place] = self._entries[place].replace(self.urls[name], url)
        self.environ[f"{name.upper().replace('-', '_')}_KEY"] = key
        self.urls[name] = url

    def retire(self, name: str) -> None:
        """Take a portal out of the fleet; it is still served."""
        self._entries = [text for text in self._entries if f'name = "{name}"' not in text]

    def sync(self) -> None:
        """Make these portals the fleet; the guardrails allow everything."""
        file = self._folder / "fleet.toml"
        limits = "[defaults.guardrails]\nmax_disable_share = 1.0\n"
        file.write_text(limits + "\n".join(self._entries), encoding="utf-8")
        with self._store() as store:
            store.replace(read_fleet(file), now=system_clock())

    def worker(
        self, *arguments: str, quiet: bool = False, **environ: str
    ) -> "subprocess.Popen[str]":
        """Start a worker with a quick heartbeat; what a quiet one says is lost."""
        said = subprocess.DEVNULL if quiet else subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", "testing.fleet_worker", *arguments],
            cwd=ROOT,
            env=self._environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            encoding="utf-8",
        )

    def unfinished(self) -> int:
        """Return how many jobs wait or run."""
        with self._store() as store:
            return store.unfinished()

    def drain(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a worker until nothing is left to do."""
        process = self.worker("--drain", *arguments, quiet=False, **environ)
        output, errors = process.communicate(timeout=LONGEST_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def enqueue(
        self,
        command: Command,
        *portals: str,
        agreed: bool = False,
        max_disable: int | None = None,
    ) -> None:
        """Put jobs into the queue; where it is agreed to, first runs apply as well."""
        with self._store() as store, opened_queue(store.database) as queue:
            queue.put(
                store.chosen(portals, now=system_clock()),
                command,
                agreed=agreed,
                first_run_applies=agreed,
                max_disable=max_disable,
            )

    def status(self) -> dict[str, PortalStatus]:
        """Return how the portals stand."""
        with self._store() as store:
            return {portal.name: portal for portal in store.statuses(now=system_clock())}

    @contextmanager
    def ledger(self, name: str) -> Iterator[PortalLedger]:
        """Open what the ledger knows of a portal."""
        with open_ledger(self.ledger_url, clock=system_clock) as ledger:
            yield ledger.portal(self.urls[name])

    def execute(self, statement: str) -> list[Any]:
        """Run SQL in the database; returns the rows, if there are any."""
        url = self.ledger_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def _store(self) -> Iterator[FleetStore]:
        with FleetDatabase(self.ledger_url) as database:
            database.bring_up_to_date()
            yield FleetStore(database)

    def _environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith("LASTSEEN_")}
        ledger = {"LASTSEEN_LEDGER__URL": self.ledger_url}
        return {**own, **ledger, **self.environ, **environ}


def disabled(portal: SimulatedPortal) -> dict[str, int]:
    """Return how often each person was disabled on a portal."""
    counts: dict[str, int] = {}
    for change in portal.world.changes:
        if change.after == "TERMINATED":
            counts[change.user_id] = counts.get(change.user_id, 0) + 1
    return counts

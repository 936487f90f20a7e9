"""Time and peak memory of reading a roster of 100,000 people from each outside source.

Each source is read in a process of its own; `python -m benchmarks.bench.rosters SOURCE …` is that
process.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from aiohttp import web

from benchmarks.bench.commands import run
from benchmarks.bench.table import Row
from lastseen.rosters import RosterOptions, open_roster

MOST_SECONDS = 10.0
MOST_MEGABYTES = 200.0
PAGE = 1000
ROOT = Path(__file__).parents[2]
HEADER = ("id", "email", "display_name", "sponsor", "end_date")


def every_source(people: int) -> list[Row]:
    """Measure csv, xlsx, sql, http and scim with so many people each."""
    with TemporaryDirectory() as folder, _services(people) as url:
        options = _options(Path(folder), people, url)
        return [_row(source, people, _measured(source, given)) for source, given in options]


def _options(folder: Path, people: int, url: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield "csv", {"path": str(_csv(folder, people))}
    yield "xlsx", {"path": str(_xlsx(folder, people))}
    query = "SELECT id, email, display_name, sponsor, end_date FROM people"
    yield "sql", {"url": f"sqlite:///{_sqlite(folder, people)}", "query": query}
    yield "http", {"url": f"{url}/people", "rows": "data"}
    yield "scim", {"url": f"{url}/scim"}


def _person(number: int) -> tuple[str, str, str, str, str]:
    identity = str(UUID(int=(4 << 76) + (8 << 60) + number))
    address = f"person{number}@vendor{number % 50}.example"
    return identity, address, f"Person {number}", "sponsor@example.com", "2027-01-31"


def _csv(folder: Path, people: int) -> Path:
    file = folder / "people.csv"
    rows = (",".join(_person(number)) for number in range(people))
    file.write_text("\n".join([",".join(HEADER), *rows]) + "\n", encoding="utf-8")
    return file


def _xlsx(folder: Path, people: int) -> Path:
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("People")
    sheet.append(HEADER)
    for number in range(people):
        sheet.append(_person(number))
    workbook.save(folder / "people.xlsx")
    return folder / "people.xlsx"


def _sqlite(folder: Path, people: int) -> Path:
    with sqlite3.connect(folder / "people.db") as connection:
        connection.execute(f"CREATE TABLE people ({', '.join(HEADER)})")
        rows = map(_person, range(people))
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", rows)
    connection.close()
    return folder / "people.db"


@contextmanager
def _services(people: int) -> Iterator[str]:
    """Serve the people as a JSON list and by SCIM, in a thread; yields the address."""
    loop = asyncio.new_event_loop()
    started: list[str] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with _served(people) as url:
            started.append(url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@asynccontextmanager
async def _served(people: int) -> AsyncIterator[str]:
    async def listed(request: web.Request) -> web.Response:
        page = int(request.query.get("page", "0"))
        numbers = range(page * PAGE, min(people, (page + 1) * PAGE))
        rows = [dict(zip(HEADER, _person(number), strict=True)) for number in numbers]
        more = {"Link": f'</people?page={page + 1}>; rel="next"'} if numbers.stop < people else {}
        return web.json_response({"data": rows}, headers=more)

    async def users(request: web.Request) -> web.Response:
        first = int(request.query["startIndex"]) - 1
        numbers = range(first, min(people, first + int(request.query["count"])))
        return web.json_response(
            {"totalResults": people, "Resources": [_user(number) for number in numbers]}
        )

    application = web.Application()
    application.router.add_get("/people", listed)
    application.router.add_get("/scim/Users", users)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _user(number: int) -> dict[str, Any]:
    identity, address, name, _, _ = _person(number)
    emails = [{"value": address, "primary": True}]
    return {"id": identity, "userName": address, "displayName": name, "emails": emails}


def _measured(source: str, options: dict[str, str]) -> tuple[int, float, float]:
    """Return people, seconds and megabytes of a process that reads the roster."""
    command = [sys.executable, "-m", __name__, source, json.dumps(options)]
    with TemporaryDirectory() as folder:
        took = run(command, environ={"PYTHONPATH": str(ROOT)}, folder=Path(folder))
    if took.exit_code:
        raise RuntimeError(f"reading the roster {source} ended with {took.exit_code}")
    people, seconds = json.loads(took.output)
    return people, seconds, took.peak_megabytes


def _row(source: str, people: int, measured: tuple[int, float, float]) -> Row:
    found, seconds, megabytes = measured
    return Row(
        figure=f"roster {source}, {people:,} people: time; peak memory of the process",
        measured=f"{seconds:.1f} s; {megabytes:.0f} MB",
        goal=f"≤ {MOST_SECONDS:g} s; ≤ {MOST_MEGABYTES:g} MB",
        met=found == people and seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES,
    )


def main() -> None:
    """Read one roster and print people and seconds as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("options", type=json.loads)
    asked = parser.parse_args()
    given = {**asked.options}
    if "path" in given:
        given["path"] = Path(given["path"])
    began = time.perf_counter()
    roster = open_roster(RosterOptions(source=asked.source, **given))
    listing = asyncio.run(roster.load(None))  # type: ignore[arg-type]  # it asks no portal
    seconds = time.perf_counter() - began
    print(json.dumps([len(listing.contractors), seconds]))


if __name__ == "__main__":
    main()

"""Several processes on one ledger: nothing is lost or torn, and locks end with their holder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lastseen.ledger import open_ledger
from lastseen.model.errors import LockHeld
from lastseen.model.instant import Instant, Interval, system_clock
from lastseen.model.sighting import EvidenceKind

PORTAL = "https://portal.example"
SOURCE = Path(__file__).parents[2] / "src"
START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 60

BEGINNING = """
import sys
from datetime import UTC, datetime, timedelta
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, Interval, system_clock
from lastseen.ledger import Reading, open_ledger
from lastseen.model.sighting import EvidenceKind, Sighting

URL, NUMBER = sys.argv[1], int(sys.argv[2])
START = datetime(2026, 1, 1, tzinfo=UTC)

def minute(number):
    return Instant(START + timedelta(minutes=number))

def say(*words):
    print(*words, flush=True)

def wait():
    say("ready")
    sys.stdin.readline()

def reading(since, until, *sightings):
    return Reading(
        kind=EvidenceKind.SIGN_IN,
        user_id=None,
        intervals=(Interval(minute(since), minute(until)),),
        sightings=sightings,
        failures=(),
        unrecognised=(),
        events=1,
        proof="one page",
        read_at=minute(until),
    )

def seen(who, at):
    return Sighting(
        user_id=UserId(who), at=minute(at), kind=EvidenceKind.SIGN_IN, event_id=at, action_id=1000
    )
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("fresh_postgres_url"))
    return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"


def test_a_new_ledger_may_be_opened_by_several_at_once(ledger_url: str):
    program = """
wait()
with open_ledger(URL, clock=system_clock) as ledger:
    ledger.portal("https://portal.example").runs.begin("review")
"""
    _run_together(program, ledger_url, 4)
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        assert len(ledger.portal(PORTAL).runs.all()) == 4


def test_two_reviews_at_once_lose_nothing(ledger_url: str):
    # given: each covers every other minute, and the stretches of both meet
    program = """
with open_ledger(URL, clock=system_clock) as ledger:
    evidence = ledger.portal("https://portal.example").evidence
    wait()
    for at in range(NUMBER, 120, 2):
        evidence.keep(reading(at, at + 1, seen("anna", at), seen("boris", 500 - at)))
"""
    # when
    _run_together(program, ledger_url, 2)
    # then
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        evidence = ledger.portal(PORTAL).evidence
        (covered,) = evidence.coverage(EvidenceKind.SIGN_IN)
        newest = evidence.newest_sightings(EvidenceKind.SIGN_IN)
    assert covered.interval == Interval(_minute(0), _minute(120))
    assert covered.events == 120
    assert {who: one.at for who, one in newest.items()} == {
        "anna": _minute(119),
        "boris": _minute(500),
    }


def test_two_writers_of_the_journal_make_one_chain(ledger_url: str):
    program = """
with open_ledger(URL, clock=system_clock) as ledger:
    journal = ledger.portal("https://portal.example").journal
    wait()
    for turn in range(50):
        journal.append("outcome", run_id=str(NUMBER), content={"turn": turn})
"""
    _run_together(program, ledger_url, 2)
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        journal = ledger.portal(PORTAL).journal
        assert journal.verify() is None
        assert [e.content["turn"] for e in journal.entries("0")] == list(range(50))
        assert [e.content["turn"] for e in journal.entries("1")] == list(range(50))


def test_a_journal_entry_is_kept_though_its_writer_is_killed_at_once(ledger_url: str):
    program = """
with open_ledger(URL, clock=system_clock) as ledger:
    journal = ledger.portal("https://portal.example").journal
    while True:
        say(journal.append("intent", run_id="r", content={}).hash)
"""
    with _running(program, ledger_url) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(20)]
        writer.kill()
        said += writer.stdout.read().split()
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        journal = ledger.portal(PORTAL).journal
        assert journal.verify(expected_head=said[-1]) is None
        assert [entry.hash for entry in journal.entries()][: len(said)] == said


def test_a_reading_cut_off_by_a_kill_is_kept_whole_or_not_at_all(ledger_url: str):
    program = """
with open_ledger(URL, clock=system_clock) as ledger:
    evidence = ledger.portal("https://portal.example").evidence
    for at in range(100_000):
        evidence.keep(reading(at, at + 1, seen("anna", at), seen("boris", at)))
        say(at)
"""
    with _running(program, ledger_url) as reader:
        assert reader.stdout is not None
        for _ in range(20):
            reader.stdout.readline()
        reader.kill()
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        evidence = ledger.portal(PORTAL).evidence
        (covered,) = evidence.coverage(EvidenceKind.SIGN_IN)
        newest = evidence.newest_sightings(EvidenceKind.SIGN_IN)
    assert {one.at + timedelta(minutes=1) for one in newest.values()} == {covered.interval.until}


HOLD = """
with open_ledger(URL, clock=system_clock) as ledger:
    portal = ledger.portal("https://portal.example")
    portal.acting_as("admin@example.com")
    with portal.lock("apply"):
        wait()
"""


def test_another_processs_lock_is_reported_with_its_holder(ledger_url: str):
    with (
        _running(HOLD, ledger_url) as holder,
        open_ledger(ledger_url, clock=system_clock) as ledger,
    ):
        _until_ready(holder)
        with pytest.raises(LockHeld) as told, ledger.portal(PORTAL).lock("undo"):
            pytest.fail("locked twice")
    for part in ("`apply`", "admin@example.com", f"process {holder.pid}", "since 20"):
        assert part in told.value.found


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is Unix's")
def test_a_lock_is_free_when_its_holder_is_killed(ledger_url: str):
    with (
        _running(HOLD, ledger_url) as holder,
        open_ledger(ledger_url, clock=system_clock) as ledger,
    ):
        _until_ready(holder)
        holder.send_signal(signal.SIGKILL)
        holder.wait(PATIENCE)
        with ledger.portal(PORTAL).lock("undo", wait_seconds=10):
            pass


def test_a_lock_is_not_left_to_the_programs_that_its_holder_starts(ledger_url: str):
    with open_ledger(ledger_url, clock=system_clock) as ledger:
        portal = ledger.portal(PORTAL)
        with portal.lock("apply"):
            child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            with portal.lock("undo"):
                pass
        finally:
            child.communicate(b"\n", timeout=PATIENCE)


def _minute(number: int) -> Instant:
    return Instant(START + timedelta(minutes=number))


def _run_together(program: str, url: str, count: int) -> None:
    """Run `program` in several processes that begin at the same time, to their end."""
    started = [_start(program, url, number) for number in range(count)]
    try:
        for one in started:
            _until_ready(one)
        for one in started:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        for one in started:
            _, complaints = one.communicate(timeout=PATIENCE)
            assert one.returncode == 0, complaints
    finally:
        for one in started:
            one.kill()
            one.communicate()


@contextmanager
def _running(program: str, url: str) -> Iterator["subprocess.Popen[str]"]:
    started = _start(program, url, 0)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def _start(program: str, url: str, number: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BEGINNING + program, url, str(number)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until_ready(started: "subprocess.Popen[str]") -> None:
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n", started.stderr and started.stderr.read()

"""A ledger that rots, is edited, or disappears under a command."""

import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from threading import Thread

from campaigns.attacks.scene import UNTIL, Scene, expect

USAGE = 2
FLIPS = 12


def flipped_bits_disable_nobody_wrongly(scene: Scene) -> None:
    """Single bits of the file, at random places, before a run."""
    chance = random.Random(2026)
    scene.run("review", "-o", "plan.json")
    sound = _copy(scene, "sound.sqlite3")
    for _ in range(FLIPS):
        shutil.copy(sound, _ledger(scene))
        _flip(_ledger(scene), chance)
        before = {one.id: one.status for one in scene.portal.world.people.values()}
        scene.run("run", "--yes", "--first-run-applies")
        scene.judge()
        for user_id, status in before.items():
            scene.change(user_id, status=status)
        scene.portal.puts.clear()


def edited_evidence_disables_nobody(scene: Scene) -> None:
    """Rows of the evidence are changed by somebody who can write the file."""
    scene.run("review", "-o", "plan.json")
    sound = _copy(scene, "sound.sqlite3")
    for statement in (
        "DELETE FROM sightings",
        "UPDATE sightings SET at = at - 10000000000000",
        "UPDATE coverage SET since = 0",
        "DELETE FROM sightings WHERE rowid % 2 = 0",
    ):
        shutil.copy(sound, _ledger(scene))
        with sqlite3.connect(_ledger(scene)) as database:
            try:
                database.execute(statement)
            except sqlite3.Error:
                continue
        database.close()
        scene.run("run", "--yes", "--first-run-applies")
        scene.judge()


def a_ledger_that_is_something_else_is_refused(scene: Scene) -> None:
    """Text, an empty database, another program's tables, a folder, nothing but a header."""
    file = _ledger(scene)
    for content in (b"not a database, and secret", b"SQLite format 3\x00" + b"\xff" * 5000):
        file.write_bytes(content)
        ran = scene.run("review", "-o", "plan.json")
        expect(ran.exit_code == USAGE, f"{content[:20]!r} ended with {ran.exit_code}")
        file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE sightings (id INTEGER)")
    database.close()
    ran = scene.run("review", "-o", "plan.json")
    expect(ran.exit_code == USAGE, f"another program's tables: {ran.exit_code}")
    file.unlink()
    file.mkdir()
    ran = scene.run("review", "-o", "plan.json")
    expect(ran.exit_code == USAGE, f"a folder: {ran.exit_code}")


def lost_tables_are_told_in_words(scene: Scene) -> None:
    """One table after the other is gone."""
    scene.run("review", "-o", "plan.json")
    sound = _copy(scene, "sound.sqlite3")
    with sqlite3.connect(sound) as database:
        tables = [name for (name,) in database.execute(_TABLES)]
    database.close()
    for table in tables:
        shutil.copy(sound, _ledger(scene))
        with sqlite3.connect(_ledger(scene)) as database:
            database.execute(f'DROP TABLE "{table}"')
        database.close()
        ran = scene.run("run", "--yes")
        expect("PostgreSQL" not in ran.output, f"{table}: SQLite is told as PostgreSQL")
        scene.judge()


def an_emptied_ledger_is_refused(scene: Scene) -> None:
    """A full disk or a crash empties or removes the file: exemptions and past runs are lost."""
    person = scene.away()[0]
    scene.spared.add(person.id)
    scene.run("review")
    scene.run("exempt", "add", person.email, "--until", UNTIL, "--reason", "on leave")
    scene.run("run", "--yes")  # the first only reports, and locks the portal
    file = _ledger(scene)
    for left in (b"", b"\n", None):  # SQLite takes a file of one byte for an empty one
        file.unlink()
        if left is not None:
            file.write_bytes(left)
        for arguments in (("review", "-o", "plan.json"), ("run", "--yes"), ("apply", "plan.json")):
            ran = scene.run(*arguments)
            expect(ran.exit_code == USAGE, f"{left!r}: {arguments[0]} ended with {ran.exit_code}")
        found = file.read_bytes() if file.exists() else None
        expect(found == left, f"{left!r}: a new ledger was begun")
        file.touch()


SECOND_RUN_SECONDS = 8.0
"""How long the first run's change takes: time for a second run to come as far."""


def a_deleted_lock_lets_nobody_in(scene: Scene) -> None:
    """Lock files are deleted while a run holds them; a second run must not change people too."""
    scene.run("review", "-o", "plan.json")
    respond = scene.portal.respond
    second = Thread(target=lambda: scene.run("apply", "plan.json", "--yes"))

    def meanwhile(method: str, path: str, **arguments: object) -> object:
        answer = respond(method, path, **arguments)  # type: ignore[arg-type]
        if method != "PUT" or "people/status" not in path or second.ident is not None:
            return answer
        for lock in _ledger(scene).parent.rglob("*.lock*"):
            lock.unlink()
        second.start()
        return replace(answer, delay=SECOND_RUN_SECONDS)

    scene.portal.respond = meanwhile  # type: ignore[method-assign, assignment]
    scene.run("apply", "plan.json", "--yes")
    second.join()
    asked = [one for put in scene.portal.puts for one in put.user_ids]
    expect(len(asked) == len(set(asked)), "two runs changed the same people")


_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def _ledger(scene: Scene) -> Path:
    return Path(scene.environment["LASTSEEN_LEDGER__URL"].removeprefix("sqlite:///"))


def _copy(scene: Scene, name: str) -> Path:
    with sqlite3.connect(_ledger(scene)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return Path(shutil.copy(_ledger(scene), scene.folder / name))


def _flip(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


ATTACKS = (
    flipped_bits_disable_nobody_wrongly,
    edited_evidence_disables_nobody,
    a_ledger_that_is_something_else_is_refused,
    lost_tables_are_told_in_words,
    an_emptied_ledger_is_refused,
    a_deleted_lock_lets_nobody_in,
)

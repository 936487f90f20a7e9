"""Every run and its documents: plan, record of the evidence, receipt.

Documents are compressed, in tables of their own, so that listing runs reads none of them.
"""

import zlib
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Row, Table, bindparam, func, select, update

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.schema import plans, receipts, runs
from lastseen.ledger.db.seals import (
    RUNS,
    all_intact_rows,
    damaged,
    intact_rows,
    is_intact,
    row_digest,
    update_seal,
    with_digest,
)
from lastseen.ledger.db.timestamps import from_micros, from_micros_or_none, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.actor import Actor
from lastseen.model.errors import LedgerError, UsageError
from lastseen.model.plan import Plan
from lastseen.model.plan_document import decode_plan
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run, RunKind, RunState

_OTHER_LEDGER = (
    "a scheduled run may be in another ledger: set LASTSEEN_LEDGER__URL or ledger.url as its unit "
    "or crontab does"
)


class RunStore:
    """Runs of one portal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope

    def begin(
        self,
        kind: RunKind,
        *,
        plan_id: str | None = None,
        undone_run_id: str | None = None,
    ) -> Run:
        """Record a run that starts now and return it with its new id."""
        run = Run(
            run_id=token_hex(6),
            kind=kind,
            started_at=self._scope.now(),
            finished_at=None,
            state="running",
            plan_id=plan_id,
            undone_run_id=undone_run_id,
            summary={},
            exit_code=None,
            by=self._scope.actor,
        )
        with self._scope.writing() as connection:
            self._insert(connection, run)
        return run

    def finish(
        self, run_id: str, *, state: RunState, summary: dict[str, int], exit_code: int | None
    ) -> None:
        """Record that a run ended now; may be repeated for a run that was resumed.

        `exit_code` is None if an error ended it.
        """
        with self._scope.writing() as connection:
            self._change(
                connection,
                run_id,
                finished_at=to_micros(self._scope.now()),
                state=state,
                summary=msgspec.json.encode(summary).decode(),
                exit_code=exit_code,
            )

    def keep_plan(self, run_id: str, plan: Plan, evidence_record: bytes) -> None:
        """Store the plan that a run made, and the record of its evidence.

        By now the run knows the API key's account. The plan has to be sealed. A second plan of the
        same run replaces the first.
        """
        row = with_digest(
            plans,
            (
                self._scope.portal_id,
                run_id,
                plan.plan_id,
                zlib.compress(msgspec.json.encode(plan)),
                zlib.compress(evidence_record),
            ),
        )
        with self._scope.writing() as connection:
            self._replace_document(connection, plans, row)
            actor = msgspec.json.encode(self._scope.actor).decode()
            self._change(connection, run_id, plan_id=plan.plan_id, actor=actor)

    def plan(self, run_or_plan_id: str) -> Plan | None:
        """Return the plan with this id, or the one that this run made or applied.

        Raises PlanRefused when what is kept was edited.
        """
        document = self._document(plans.c.plan, run_or_plan_id)
        if document is None:
            return None
        return decode_plan(document, source=f"{run_or_plan_id} kept in the ledger")

    def plan_digest(self, plan_id: str) -> str | None:
        """Return the digest of the plan with this id; None if the ledger has none.

        Much faster than reading the whole plan.
        """
        document = self._document(plans.c.plan, plan_id)
        if document is None:
            return None
        try:
            kept = msgspec.json.decode(document, type=_PlanNames)
        except msgspec.MsgspecError as error:
            raise self._damaged(plan_id, str(error)) from None
        return kept.digest if kept.plan_id == plan_id else None

    def evidence_record(self, run_or_plan_id: str) -> bytes | None:
        """Return the record of a plan's evidence; ids as for `plan`."""
        return self._document(plans.c.evidence_record, run_or_plan_id)

    def keep_receipt(self, receipt: Receipt) -> None:
        """Store a run's receipt; a later one of the same run replaces it."""
        document = zlib.compress(msgspec.json.encode(receipt))
        row = with_digest(receipts, (self._scope.portal_id, receipt.run_id, document))
        with self._scope.writing() as connection:
            self._replace_document(connection, receipts, row)

    def receipt(self, run_id: str) -> Receipt | None:
        """Return a run's receipt, or None."""
        document = self._document(receipts.c.receipt, run_id)
        if document is None:
            return None
        try:
            return msgspec.json.decode(document, type=Receipt)
        except msgspec.MsgspecError as error:
            raise self._damaged(run_id, str(error)) from None

    def find(self, run_id_prefix: str) -> Run:
        """Return the only run whose id starts with `run_id_prefix`.

        Raises UsageError when there is none or more than one.
        """
        prefix = run_id_prefix.strip().lower()
        rows = [row for row in self._rows() if row.run_id.startswith(prefix)]
        exact = [row for row in rows if row.run_id == prefix]
        if len(exact or rows) == 1 and prefix:
            return _run((exact or rows)[0])
        raise UsageError(
            attempted=f"looking for the run {run_id_prefix!r}",
            found=f"{'more than one' if rows and prefix else 'no'} run id "
            + (f"starts with {prefix!r}" if prefix else "is empty")
            + f" in the ledger {self._scope.database.place}",
            meaning=f"this ledger keeps its runs on {self._scope.url} under their ids",
            remedy="take the id from `lastseen history`" + ("" if rows else f"; {_OTHER_LEDGER}"),
        )

    def all(self, limit: int | None = None) -> tuple[Run, ...]:
        """Return the runs, newest first; at most `limit`, or all for None."""
        return tuple(map(_run, self._rows()[:limit]))

    def _rows(self) -> Sequence[Row[Any]]:
        """Return all runs, newest first."""
        with self._scope.reading() as connection:
            rows = all_intact_rows(
                connection, RUNS, self._scope.portal_id, place=self._scope.database.place
            )
        return sorted(rows, key=lambda row: row.number, reverse=True)

    def _insert(self, connection: Connection, run: Run) -> None:
        values = {
            "portal_id": self._scope.portal_id,
            "run_id": run.run_id,
            "kind": run.kind,
            "started_at": to_micros(run.started_at),
            "finished_at": None,
            "state": run.state,
            "plan_id": run.plan_id,
            "undone_run_id": run.undone_run_id,
            "summary": "{}",
            "exit_code": None,
            "actor": msgspec.json.encode(run.by).decode(),
        }
        connection.execute(runs.insert(), {**values, "digest": 0})  # the database numbers it
        self._change(connection, run.run_id, is_new=True)

    def _change(
        self, connection: Connection, run_id: str, *, is_new: bool = False, **changes: object
    ) -> None:
        """Change columns of a run, with its digest and the seal."""
        which = {"portal": self._scope.portal_id, "run": run_id}
        row = connection.execute(_ONE, which).one_or_none()
        if row is None:
            return
        if row.number is None:
            raise damaged(self._scope.database.place, "its table `runs` numbers no rows any more")
        if not is_new:
            intact_rows(runs, [row], place=self._scope.database.place)
        values = {**row._mapping, **changes}
        digest = row_digest(runs, list(values.values())[:-1])
        connection.execute(_CHANGE.values(**changes, digest=digest), which)
        update_seal(
            connection,
            RUNS,
            self._scope.portal_id,
            added=[digest],
            removed=[] if is_new else [row.digest],
            place=self._scope.database.place,
        )

    def _replace_document(self, connection: Connection, table: Table, row: tuple[Any, ...]) -> None:
        values = dict(zip(table.columns.keys(), row, strict=True))
        connection.execute(
            insert_into(self._scope.database.dialect, table)
            .values(values)
            .on_conflict_do_update(index_elements=["portal_id", "run_id"], set_=values)
        )

    def _document(self, column: Column[bytes], some_id: str) -> bytes | None:
        statement = _DOCUMENTS[column.table.name]
        which = {"portal": self._scope.portal_id, "some_id": some_id}
        with self._scope.reading() as connection:
            row = connection.execute(statement, which).one_or_none()
        if row is None:
            return None
        if not is_intact(column.table, row):
            raise self._damaged(some_id, "it was changed after it was written")
        try:
            return zlib.decompress(getattr(row, column.name))
        except zlib.error as error:
            raise self._damaged(some_id, str(error)) from None

    def _damaged(self, some_id: str, words: str) -> LedgerError:
        return LedgerError(
            attempted=f"reading the document of the run {some_id} from the ledger",
            found=f"the document can't be read ({words})",
            meaning="the ledger is damaged, or something other than Lastseen changed it",
            remedy="restore the ledger from a backup, or review again",
        )


class _PlanNames(msgspec.Struct):
    """What tells one plan from another."""

    plan_id: str
    digest: str


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        kind=row.kind,
        started_at=from_micros(row.started_at),
        finished_at=from_micros_or_none(row.finished_at),
        state=row.state,
        plan_id=row.plan_id,
        undone_run_id=row.undone_run_id,
        summary=msgspec.json.decode(row.summary, type=dict[str, int]),
        exit_code=row.exit_code,
        by=msgspec.json.decode(row.actor, type=Actor),
    )


_OF_PORTAL = runs.c.portal_id == bindparam("portal")
_ONE = select(runs).where(_OF_PORTAL, runs.c.run_id == bindparam("run"))
_CHANGE = update(runs).where(_OF_PORTAL, runs.c.run_id == bindparam("run"))

_MENTIONED = (
    select(runs.c.plan_id)
    .where(_OF_PORTAL, runs.c.run_id == bindparam("some_id"))
    .scalar_subquery()
)
_MADE = (plans.c.run_id == bindparam("some_id")) | (
    plans.c.plan_id == func.coalesce(_MENTIONED, bindparam("some_id"))
)
_DOCUMENTS = {
    "plans": select(plans).where(plans.c.portal_id == bindparam("portal"), _MADE).limit(1),
    "receipts": select(receipts).where(
        receipts.c.portal_id == bindparam("portal"), receipts.c.run_id == bindparam("some_id")
    ),
}

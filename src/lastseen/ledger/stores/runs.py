"""Every run, and the documents that it left: plan, record of the evidence, receipt.

Documents are kept compressed in tables of their own, so that listing runs reads none of them.
"""

import zlib
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.schema import plans, receipts, runs
from lastseen.ledger.db.timestamps import from_micros, stamped_or_none, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.actor import Actor
from lastseen.model.errors import LedgerError, UsageError
from lastseen.model.plan import Plan, decode_plan
from lastseen.model.receipt import Receipt
from lastseen.model.run import Run, RunKind, RunState


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
        """Enter a run that begins now and return it with its new id."""
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
        row = {
            "portal_id": self._scope.portal_id,
            "run_id": run.run_id,
            "kind": kind,
            "started_at": to_micros(run.started_at),
            "state": run.state,
            "plan_id": plan_id,
            "undone_run_id": undone_run_id,
            "summary": "{}",
            "actor": msgspec.json.encode(run.by).decode(),
        }
        with self._scope.writing() as connection:
            connection.execute(runs.insert(), row)
        return run

    def finish(
        self, run_id: str, *, state: RunState, summary: dict[str, int], exit_code: int | None
    ) -> None:
        """Enter that a run ended now; may be said again of a run that was taken up again.

        `exit_code` is None where an error ended it.
        """
        ended = {
            "finished_at": to_micros(self._scope.now()),
            "state": state,
            "summary": msgspec.json.encode(summary).decode(),
            "exit_code": exit_code,
        }
        with self._scope.writing() as connection:
            connection.execute(
                _CHANGE.values(ended), {"portal": self._scope.portal_id, "run": run_id}
            )

    def keep_plan(self, run_id: str, plan: Plan, evidence_record: bytes) -> None:
        """Keep the plan that a run made, and the record of the evidence that it rests on.

        The plan has to be sealed. A second plan of the same run replaces the first.
        """
        row = {
            "plan_id": plan.plan_id,
            "plan": zlib.compress(msgspec.json.encode(plan)),
            "evidence_record": zlib.compress(evidence_record),
        }
        which = {"portal": self._scope.portal_id, "run": run_id}
        with self._scope.writing() as connection:
            connection.execute(
                insert_into(self._scope.database.dialect, plans)
                .values(portal_id=self._scope.portal_id, run_id=run_id, **row)
                .on_conflict_do_update(index_elements=["portal_id", "run_id"], set_=row)
            )
            connection.execute(_CHANGE.values(plan_id=plan.plan_id), which)

    def plan(self, run_or_plan_id: str) -> Plan | None:
        """Return the plan with this id, or the one that this run made or carried out.

        Raises PlanRefused when what is kept was edited.
        """
        document = self._document(_PLAN, run_or_plan_id)
        if document is None:
            return None
        return decode_plan(document, source=f"{run_or_plan_id} kept in the ledger")

    def evidence_record(self, run_or_plan_id: str) -> bytes | None:
        """Return the record of the evidence that a plan rests on; ids as for `plan`."""
        return self._document(_EVIDENCE_RECORD, run_or_plan_id)

    def keep_receipt(self, receipt: Receipt) -> None:
        """Keep a run's receipt; a later one of the same run replaces it."""
        document = zlib.compress(msgspec.json.encode(receipt))
        with self._scope.writing() as connection:
            connection.execute(
                insert_into(self._scope.database.dialect, receipts)
                .values(portal_id=self._scope.portal_id, run_id=receipt.run_id, receipt=document)
                .on_conflict_do_update(
                    index_elements=["portal_id", "run_id"], set_={"receipt": document}
                )
            )

    def receipt(self, run_id: str) -> Receipt | None:
        """Return a run's receipt, or None when it left none."""
        document = self._document(_RECEIPT, run_id)
        if document is None:
            return None
        try:
            return msgspec.json.decode(document, type=Receipt)
        except msgspec.MsgspecError as error:
            raise self._damaged(run_id, str(error)) from None

    def find(self, run_id_prefix: str) -> Run:
        """Return the only run whose id begins so.

        Raises UsageError when there is none or more than one.
        """
        prefix = run_id_prefix.strip().lower()
        with self._scope.reading() as connection:
            rows = connection.execute(
                _FIND.where(runs.c.run_id.startswith(prefix, autoescape=True)),
                {"portal": self._scope.portal_id},
            ).all()
        exact = [row for row in rows if row.run_id == prefix]
        if len(exact or rows) == 1 and prefix:
            return _run((exact or rows)[0])
        raise UsageError(
            attempted=f"looking for the run {run_id_prefix!r}",
            found="more than one run begins so" if rows else "no run begins so",
            meaning=f"the ledger keeps the runs on {self._scope.url} under their ids",
            remedy="take the id from `lastseen history`",
        )

    def all(self, limit: int | None = None) -> tuple[Run, ...]:
        """Return the runs, newest first; at most `limit`, or all for None."""
        with self._scope.reading() as connection:
            rows = connection.execute(_ALL.limit(limit), {"portal": self._scope.portal_id}).all()
        return tuple(_run(row) for row in rows)

    def unfinished(self, kind: RunKind, plan_id: str) -> Run | None:
        """Return the newest run of this kind on this plan if it never came to its end.

        That is one that was interrupted, was killed, or still runs: the lock tells the last apart.
        """
        with self._scope.reading() as connection:
            row = connection.execute(
                _NEWEST_ON_PLAN,
                {"portal": self._scope.portal_id, "kind": kind, "plan": plan_id},
            ).one_or_none()
        if row is None or row.state not in ("running", "interrupted"):
            return None
        return _run(row)

    def _document(self, statement: Any, some_id: str) -> bytes | None:
        with self._scope.reading() as connection:
            compressed = connection.scalar(
                statement, {"portal": self._scope.portal_id, "some_id": some_id}
            )
        if compressed is None:
            return None
        try:
            return zlib.decompress(compressed)
        except zlib.error as error:
            raise self._damaged(some_id, str(error)) from None

    def _damaged(self, some_id: str, words: str) -> LedgerError:
        return LedgerError(
            attempted=f"reading what the run {some_id} left in the ledger",
            found=f"the document can't be read ({words})",
            meaning="the ledger is damaged, or was changed by something else than Lastseen",
            remedy="bring the ledger back from a backup, or review again",
        )


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        kind=row.kind,
        started_at=from_micros(row.started_at),
        finished_at=stamped_or_none(row.finished_at),
        state=row.state,
        plan_id=row.plan_id,
        undone_run_id=row.undone_run_id,
        summary=msgspec.json.decode(row.summary, type=dict[str, int]),
        exit_code=row.exit_code,
        by=msgspec.json.decode(row.actor, type=Actor),
    )


_OF_PORTAL = runs.c.portal_id == bindparam("portal")
_ALL = select(runs).where(_OF_PORTAL).order_by(runs.c.number.desc())
_FIND = _ALL.limit(2)
_NEWEST_ON_PLAN = _ALL.where(
    runs.c.kind == bindparam("kind"), runs.c.plan_id == bindparam("plan")
).limit(1)
_CHANGE = update(runs).where(_OF_PORTAL, runs.c.run_id == bindparam("run"))

_MENTIONED = (
    select(runs.c.plan_id)
    .where(_OF_PORTAL, runs.c.run_id == bindparam("some_id"))
    .scalar_subquery()
)
_MADE = (plans.c.run_id == bindparam("some_id")) | (
    plans.c.plan_id == func.coalesce(_MENTIONED, bindparam("some_id"))
)
_PLAN = select(plans.c.plan).where(plans.c.portal_id == bindparam("portal"), _MADE).limit(1)
_EVIDENCE_RECORD = (
    select(plans.c.evidence_record).where(plans.c.portal_id == bindparam("portal"), _MADE).limit(1)
)
_RECEIPT = select(receipts.c.receipt).where(
    receipts.c.portal_id == bindparam("portal"), receipts.c.run_id == bindparam("some_id")
)

"""The limits beyond which a run stops before it changes anything, and the error that stops it.

Numbers only: the configuration sets them, and `execution.guardrails` counts.
"""

from shlex import join
from typing import Self

import msgspec

from lastseen.model.errors import ExitCode, LastseenError
from lastseen.model.plan import Plan


class Guardrails(msgspec.Struct, frozen=True, kw_only=True):
    """How much one run may change; exceeding either of the first two stops all of it."""

    max_disable: int = 50
    """A run that would disable more people than this is stopped."""
    max_disable_share: float = 0.25
    """A run that would disable a larger share of the roster than this, 0 to 1, is stopped."""
    max_roster_shrink: float = 0.5
    """A run is stopped if an outside roster lost a larger share since the last applied run."""
    per_days: int = 7
    """Both limits count the people disabled over this many days."""
    max_plan_age_hours: float = 24
    """How many hours after the review a plan can be applied."""
    max_exemption_days: int = 366
    """For how many days ahead an exemption may be given."""
    log_silence_days: int = 7
    """A log without any entry for more days than this, or for all of a shorter `inactive_days`, has
    probably stopped: everyone is held. 36500 switches this off."""


ANY_SILENCE = 36_500
"""`log_silence_days` at which no log is taken to have stopped, whatever the window."""


def silence_limit(log_silence_days: float, inactive_days: float) -> float:
    """Return after how many days without an entry a log proves no absence of `inactive_days`.

    A log without any entry over the whole window says nothing about anybody.
    """
    if log_silence_days >= ANY_SILENCE:
        return log_silence_days
    return min(log_silence_days, inactive_days)


PLAN_FILE = "plan.json"
"""How commands in a remedy call a plan's file whose name isn't known."""

OR_BY_NAME = ", or with `--only WHO` instead of `--limit`"
"""The other way to carry out part of a plan, where the command doesn't name people already."""


def written_by(plan_id: str) -> str:
    """Return the remark that says which command writes the plan to `PLAN_FILE`."""
    return f" (`lastseen show {plan_id} -o {PLAN_FILE}` writes it)"


class GuardrailStopped(LastseenError):
    """More people would be disabled than the guardrails allow; nothing was changed."""

    exit_code = ExitCode.GUARDRAIL

    def __init__(
        self,
        *,
        attempted: str,
        found: str,
        meaning: str,
        remedy: str,
        plan: Plan | None = None,
        still_allowed: int = 0,
    ) -> None:
        """Keep the four sentences, and the plan that was stopped if there is one.

        `still_allowed`: how many people may still be disabled.
        """
        super().__init__(attempted=attempted, found=found, meaning=meaning, remedy=remedy)
        self.plan = plan
        self.still_allowed = still_allowed

    def naming(self, *arguments: str, limit: int | None = None) -> Self:
        """Return the same error with commands for the file that holds the plan already.

        `arguments`: that file, and the options of `apply` that choose people; `limit`: its
        `--limit`, which a command for a part replaces.
        """
        given = join(arguments)
        limited = "" if limit is None else f" --limit {limit}"
        remedy = self.remedy.replace(
            f"apply {PLAN_FILE} --max-disable", f"apply {given}{limited} --max-disable"
        ).replace(f"apply {PLAN_FILE} --limit", f"apply {given} --limit")
        if not frozenset(arguments).isdisjoint(("--only", "--except")):
            remedy = remedy.replace(OR_BY_NAME, "")
        if self.plan is not None:
            remedy = remedy.replace(written_by(self.plan.plan_id), "")
        return type(self)(
            attempted=self.attempted,
            found=self.found,
            meaning=self.meaning,
            remedy=remedy,
            plan=self.plan,
            still_allowed=self.still_allowed,
        )

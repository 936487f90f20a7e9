"""When the logs had stopped, for windows of every length, and its wording. Pure.

A pause that is ordinary within 30 days may be all of a window of three: what counts as too long
depends on the window.
"""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.evidence.proof.log_silence import Silence
from lastseen.evidence.silence_finder import WRITING_TESTS
from lastseen.model.guardrails import silence_limit
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind

Silences = Mapping[EvidenceKind, Silence]
"""The pauses of each log that are too long."""


class LogSilences(msgspec.Struct, frozen=True, kw_only=True):
    """The pauses of the logs, judged for each window that the policy has."""

    log_silence_days: float
    """After this many days without an entry a log has probably stopped."""
    counted: tuple[EvidenceKind, ...] = ()
    """The logs that decide."""
    by_limit: Mapping[float, Silences] = {}
    """The pauses by the limit, in days, beyond which one is too long; empty: not looked for."""

    def within(self, inactive_days: int) -> Silences:
        """Return the pauses that matter to a window, of the logs that decide."""
        limit = silence_limit(self.log_silence_days, inactive_days)
        found = self.by_limit.get(limit, {})
        return {kind: found[kind] for kind in self.counted if kind in found}

    def of(self, kind: EvidenceKind) -> Silence:
        """Return the pauses of a log, whether it decides or not, by the longest limit."""
        longest = max(self.by_limit, default=None)
        return Silence() if longest is None else self.by_limit[longest].get(kind, Silence())


def limits_of(policy: Policy, log_silence_days: float) -> tuple[float, ...]:
    """Return the limits by which pauses are judged, for windows of every length; longest first."""
    windows = [policy.inactive_days]
    windows += [one.inactive_days for one in policy.cohorts if one.inactive_days is not None]
    limits = {silence_limit(log_silence_days, window) for window in windows}
    return tuple(sorted(limits, reverse=True))


def resumed_at(silences: Iterable[Silence], now: Instant) -> Instant | None:
    """Return when a log that had stopped was last written again."""
    newest = (pause.until for one in silences for pause in one.pauses[:1] if pause.until <= now)
    return max(newest, default=None)


def stopped_in_words(silences: Silences) -> str | None:
    """Say which log has stopped; None if none has."""
    for kind, silence in silences.items():
        if silence.since is not None:
            name, remedy = WRITING_TESTS[kind]
            return (
                f"The {name} has no entry by anybody since {utc_date(silence.since)}: it has "
                f"probably stopped, so absence can't be read from it. If it is being "
                f"written, {remedy} and review again."
            )
    return None


def paused_in_words(silences: Silences) -> str | None:
    """Say which log had stopped for a time; None if none had."""
    for kind, silence in silences.items():
        if silence.pauses:
            name, pause = WRITING_TESTS[kind][0], silence.pauses[0]
            return (
                f"The {name} has no entry by anybody from {utc_date(pause.since)} to "
                f"{utc_date(pause.until)}: it had probably stopped, so absence is proven "
                "only since then."
            )
    return None

"""Compares decisions with what is so: who was there, whom nobody may touch, what can be proven.

The truth is the simulator's own record, taken before the first request of a review. Pure.
"""

from dataclasses import replace
from enum import StrEnum

import msgspec

from campaigns.safety.cases import CLOCK_TOLERANCE, DAY, Case, PersonCase, shown_at
from campaigns.safety.dead_logs import loses_unnoticed
from campaigns.safety.moment import Moment
from campaigns.safety.nameless import excuses_hold, forbids_disabling
from campaigns.safety.open_sessions import (
    must_be_closed,
    read_silently,
    read_unmarked,
    read_unseen,
)
from campaigns.safety.provable_coverage import Reach
from campaigns.safety.world import id_of
from lastseen.simulator.world.oracle import Rules, Truth, expected

_NOT_TO_BE_DISABLED = frozenset(
    {
        "active",
        "protected",
        "already-disabled",
        "recently-reinstated",
        "recently-registered",
        "recently-invited",
    }
)
"""Reasons of the oracle for which nobody may be disabled."""


_GRAIN_SECONDS = 2
_HOUR = 3600
"""So near to the edge nobody can tell what is proven: the portal tells its clock in whole seconds,
and the edge moves on while it is asked."""


class Fault(StrEnum):
    """What a decision can be accused of; the value is the column's heading."""

    WRONGFUL = "wrongful disables"
    MISSED = "missed"
    HELD_THOUGH_WHOLE = "held though whole"
    HELD_IN_TROUBLE = "held in trouble"
    UNPROVEN = "decided though not whole"
    UNMARKED = "disabled unmarked though reading"
    FALSELY_NEVER = "wrongly called never seen"


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, compared."""

    number: int
    """Of whom."""
    kind: str
    """What their history is like."""
    decision: str
    reason: str
    should: str
    """What a perfect product would have decided."""
    reads: bool = False
    """Whether they read in the window, which no log shows, and nothing else tells of them."""
    present: bool
    """Whether the person was there in the window, or must not be disabled for another reason."""
    fault: Fault | None
    detail: str = ""
    """Instants for whoever looks into it."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided on one person."""

    decision: str
    reason: str
    may_be_open: bool = False


def judge(case: Case, person: PersonCase, decided: Decided, moment: Moment) -> Judged:
    """Compare the decision on one person with the truth."""
    before = _as_noticed(moment.before[id_of(person.number)], moment)
    rules = _rules(case, before, moment)
    should = _should(case, person, before, moment.now, rules)
    present = _must_not(person, before, moment, rules)
    return Judged(
        number=person.number,
        kind=person.kind,
        decision=decided.decision,
        reason=decided.reason,
        should=should,
        present=present,
        reads=not present and read_silently(case, before, moment.now),
        fault=_fault(case, person, decided, moment, should=should, present=present),
        detail=_detail(before, moment),
    )


def was_there(truth: Truth, now: float, case: Case) -> bool:
    """Say whether the person was there less than `inactive_days` days before `now`."""
    last = _last(truth, case)
    return last is not None and last > now - case.rules.inactive_days * DAY


def must_be_left_alone(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the person was there in the window, or may be disabled by nobody."""
    return truth.protected is not None or was_there(truth, now, case)


def is_due(case: Case, person: PersonCase, truth: Truth, now: float) -> bool:
    """Say whether the person should be disabled, by what happened and by what the portal shows."""
    rules = Rules(
        inactive_days=case.rules.inactive_days,
        lookback_days=max(case.rules.lookback_days, case.rules.inactive_days),
        never_seen=case.rules.never_seen,
        evidence=case.rules.evidence,
        pending_days=case.rules.pending_days,
    )
    due = _should(case, person, truth, now, rules) == "disable"
    return due and not _shown_as_there(case, truth, now)


def required_since(case: Case, truth: Truth, now: float) -> float:
    """Return since when evidence must be complete before this person may be disabled."""
    window = now - case.rules.inactive_days * DAY
    return max(float(int(window) + 1), float(truth.registered_at))


def lost_its_beginning(case: Case, person: PersonCase, truth: Truth, known: Reach) -> bool:
    """Say whether nobody can know how the person came in, since no log shows it.

    It was lost in a pause too short to be noticed; or they authorised an application, for ever, at
    a time that the sign-in log does not show, or no longer.
    """
    if truth.last_lost_at is not None and loses_unnoticed(case, known.at):
        return True
    if person.reading is None or person.reading.door != "oauth":
        return False
    return (truth.authorised_at or 0) < known.sign_ins_for_certain + _GRAIN_SECONDS


def _rules(case: Case, truth: Truth, moment: Moment) -> Rules:
    return Rules(
        inactive_days=case.rules.inactive_days,
        lookback_days=max(case.rules.lookback_days, case.rules.inactive_days),
        never_seen=case.rules.never_seen,
        evidence=case.rules.evidence,
        pending_days=case.rules.pending_days,
        knows_reinstated=truth.id in moment.reinstated,
    )


def _as_noticed(truth: Truth, moment: Moment) -> Truth:
    """Return the truth with those acts of administrators that a review can know of."""
    noticed = moment.reinstated.get(truth.id)
    if noticed is not None:
        truth = replace(truth, reinstated_at=int(noticed))
    return replace(
        truth,
        status_set_at=_shown(truth.status_set_at, moment),
        invited_at=_shown(truth.invited_at, moment),
    )


def _shown(done: int | None, moment: Moment) -> int | None:
    """Return when an administrator did something, if the portal shows that by the review."""
    return None if done is None or done < moment.acts_shown_since else done


def _should(case: Case, person: PersonCase, truth: Truth, now: float, rules: Rules) -> str:
    wanted, reason = expected(truth, now=now, rules=rules)
    if wanted == "skip":
        return wanted
    if person.exempt:
        return "keep"
    if reason == "recently-reinstated":
        return wanted
    if person.contract_ended and case.roster == "csv":
        return "disable"
    return wanted


def _must_not(person: PersonCase, truth: Truth, moment: Moment, rules: Rules) -> bool:
    """Say whether the person, whatever the contract says, was there or must not be touched."""
    wanted = expected(truth, now=moment.now, rules=rules)
    return (
        person.exempt
        or wanted.reason in _NOT_TO_BE_DISABLED
        or _was_there_unlogged(truth, moment, rules)
    )


def _was_there_unlogged(truth: Truth, moment: Moment, rules: Rules) -> bool:
    """Say whether the person was there while a log had stopped, as everybody has to notice."""
    lost = truth.last_lost_at
    if lost is None or lost <= moment.now - rules.inactive_days * DAY:
        return False
    is_noticed = ("sign-in" in rules.evidence and lost < moment.reach.sign_ins_dead_until) or (
        "activity" in rules.evidence and lost < moment.reach.trail_dead_until
    )
    return is_noticed and truth.status != "Terminated"


def _fault(
    case: Case,
    person: PersonCase,
    decided: Decided,
    moment: Moment,
    *,
    should: str,
    present: bool,
) -> Fault | None:
    before, after = moment.before[id_of(person.number)], moment.after[id_of(person.number)]
    by_contract = (
        decided.reason == "contract-ended" and person.contract_ended and case.roster == "csv"
    )
    if decided.decision == "disable":
        if present and (not by_contract or should != "disable"):
            return Fault.WRONGFUL
        if by_contract:
            return None
        if not lost_its_beginning(case, person, before, moment.reach):
            at = max(moment.now, moment.reach.at)  # sessions end by the portal's clock
            if read_unseen(case, before, moment.ended.get(before.id), at):
                return Fault.WRONGFUL
            if read_unmarked(case, before, moment.now) and not decided.may_be_open:
                return Fault.UNMARKED
        if should == "hold" or moment.knowable_since > required_since(case, before, moment.now):
            return Fault.UNPROVEN
        shown = moment.reach.oldest_sign_in, moment.asked_from
        if forbids_disabling(case, before, moment.nameless, now=moment.now, shown=shown):
            return Fault.UNPROVEN
        if decided.reason == "never-seen" and _seen_in_lookback(case, before, moment):
            return Fault.FALSELY_NEVER
        return None
    if decided.reason == "session-may-be-open":
        if should != "disable" or not must_be_closed(case, before, moment):
            return None
        if not _is_whole(case, before, moment):
            return None  # whose absence is proven at the last moment only is not looked into more
        return Fault.HELD_IN_TROUBLE if moment.disturbed else Fault.HELD_THOUGH_WHOLE
    if decided.decision == "hold":
        if decided.reason == "unrecognised-event" and (
            before.unrecognised_at is not None
            or excuses_hold(case, before, moment.nameless, moment.now)
        ):
            return None
        if not _is_whole(case, before, moment) or should == "hold":
            return None
        if was_there(before, moment.begun, case) and not was_there(before, moment.now, case):
            return None
        if decided.reason == "evidence-incomplete" and (
            _never_keeps(case, before, moment) or _is_shown_ahead(case, before, moment.now)
        ):
            return None
        return Fault.HELD_IN_TROUBLE if moment.disturbed else Fault.HELD_THOUGH_WHOLE
    if should != "disable" or was_there(after, moment.now, case):
        return None
    if decided.reason == "recently-reinstated" and before.id in moment.perhaps_reinstated:
        return None
    if decided.reason == "never-seen" and not _seen_in_lookback(case, before, moment):
        return None
    if (
        expected(before, now=moment.now, rules=_rules(case, before, moment)).reason
        == decided.reason
    ):
        return None  # what an administrator did was shown after all
    is_invitation = decided.reason in ("recently-registered", "recently-invited")
    if is_invitation and _is_invited(case, before, moment):
        return None
    return None if _shown_as_there(case, before, moment.now) else Fault.MISSED


def _is_invited(case: Case, truth: Truth, moment: Moment) -> bool:
    """Say whether an invitation may still be accepted, as far as the portal's people list tells."""
    waited = moment.now - max(truth.registered_at, truth.invited_at or 0)
    # The hour in which clocks go forward is missing from the dates of the people's list.
    return truth.status == "Pending" and waited < case.rules.pending_days * DAY + _HOUR


def _is_whole(case: Case, truth: Truth, moment: Moment) -> bool:
    """Say whether the absence of this person could be proven on a portal without faults."""
    # By a machine that is ahead, the portal has deleted that much more.
    since = required_since(case, truth, moment.now) - max(0.0, case.machine_ahead)
    obstacle = max(_crowded_at(case, moment), _silent_until(case, moment))
    return moment.provable_since + _GRAIN_SECONDS <= since and obstacle < since


def _silent_until(case: Case, moment: Moment) -> float:
    """Return until when a log that counts was silent for so long that it may be taken for dead.

    Or has to be: a silence from before the log begins lies between no two entries.
    """
    known, kinds = moment.reach, case.rules.evidence
    sign_ins = max(known.sign_ins_silent_until, known.sign_ins_dead_until)
    trail = max(known.trail_silent_until, known.trail_dead_until)
    return max(
        moment.known_silent_until,
        sign_ins if "sign-in" in kinds else 0.0,
        trail if "activity" in kinds else 0.0,
    )


def _crowded_at(case: Case, moment: Moment) -> int:
    """Return the newest second with more events than a page shows, 0 where there is none."""
    return max(
        moment.reach.crowded_sign_ins if "sign-in" in case.rules.evidence else 0,
        moment.reach.crowded_trail if "activity" in case.rules.evidence else 0,
    )


def _never_keeps(case: Case, truth: Truth, moment: Moment) -> bool:
    """Say whether a hold is right since `keep` wants to know whether somebody was ever seen."""
    if case.rules.never_seen != "keep":
        return False
    lookback = moment.now - max(case.rules.lookback_days, case.rules.inactive_days) * DAY
    since = max(lookback, float(truth.registered_at))
    is_told = moment.provable_since + _GRAIN_SECONDS <= since
    return not is_told or max(_crowded_at(case, moment), _silent_until(case, moment)) >= since


def _seen_in_lookback(case: Case, truth: Truth, moment: Moment) -> bool:
    """Say whether the portal still lists that the person was there within the lookback.

    What lies at the edge of the portal's log, or before it, is not claimed to be known.
    """
    lookback = moment.now - max(case.rules.lookback_days, case.rules.inactive_days) * DAY
    since = max(lookback, moment.provable_since + DAY + _GRAIN_SECONDS)
    sign_in, activity = moment.nameless.last_named(truth), truth.last_written_activity_at
    if "sign-in" in case.rules.evidence and sign_in is not None:
        return sign_in > since and sign_in >= moment.reach.oldest_sign_in
    return "activity" in case.rules.evidence and activity is not None and activity > since


def _shown_as_there(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the portal writes a later date than the true one, which then keeps somebody.

    It does for an hour of the night on which clocks go back.
    """
    shown = _shown_at(case, truth)
    return shown is not None and shown > now - case.rules.inactive_days * DAY


def _is_shown_ahead(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the newest entry's date is still to come, which tells nobody when it was.

    It is for an hour of that night, where the portal writes the second pass for the first.
    """
    shown = _shown_at(case, truth)
    return shown is not None and shown > now + CLOCK_TOLERANCE


def _shown_at(case: Case, truth: Truth) -> float | None:
    """Return when the person was last there by the date that the portal writes."""
    last = _last(truth, case)
    if last is None:
        return None
    return shown_at(case, last)


def _last(truth: Truth, case: Case) -> int | None:
    seen = [
        *([truth.last_sign_in_at] if "sign-in" in case.rules.evidence else []),
        *([truth.last_written_activity_at] if "activity" in case.rules.evidence else []),
    ]
    seen.append(truth.last_key_use_at)
    return max((moment for moment in seen if moment is not None), default=None)


def _detail(truth: Truth, moment: Moment) -> str:
    return (
        f"now {moment.now:.0f}, sign-in {truth.last_sign_in_at}, "
        f"activity {truth.last_written_activity_at} (really {truth.last_activity_at}), "
        f"registered {truth.registered_at}, provable since {moment.provable_since:.0f}, "
        f"knowable since {moment.knowable_since:.0f}"
    )

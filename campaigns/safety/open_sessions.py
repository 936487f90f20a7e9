"""Who was there unseen in a session, and of whom it can be shown that none was open.

By what the simulator recorded: readings, when sessions were ended and how long they may live.
"""

from campaigns.safety.cases import DAY, Case, shown_at
from campaigns.safety.moment import Moment
from lastseen.simulator.world.oracle import Truth

_LONGEST = 181 * DAY
"""No session lives longer: its sign-in event is deleted by then."""
_GRAIN = 120
"""So near to a boundary nothing is claimed."""
_DELETED_BEYOND = 61 * DAY
"""From this age on the simulator deletes sign-ins early, where that fault is drawn."""
_NOTED = 600
"""So long after sessions were ended it may be noted: one by one takes minutes, and it counts from
when all of them were."""


def read_silently(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the person read within the window, whether or not anything shows it."""
    read = truth.last_read_at
    return read is not None and read > now - case.rules.inactive_days * DAY


def read_unseen(case: Case, truth: Truth, ended: int | None, now: float) -> bool:
    """Say whether the person read within the window and may not be disabled for that.

    `report` disables such people. Whoever was signed out and did not come back in time may be
    disabled although they read before: whoever comes at least every `return_days` comes back.
    """
    if case.rules.open_sessions == "report" or not read_silently(case, truth, now):
        return False
    if truth.authorised_at is not None and "sign-in" not in case.rules.evidence:
        return False  # the log that shows the application is not asked
    if _may_be_deleted(case, truth, now):
        return False
    ends = [end for end in (ended, _limited_at(case, truth)) if end is not None]
    return not any(
        (truth.last_read_at or 0) <= end and end + return_seconds(case) <= now for end in ends
    )


def _limited_at(case: Case, truth: Truth) -> int | None:
    """Return when a new limit ended the person's session, if it did: older ones expired at once."""
    if case.session_minutes is None or case.limited_age is None:
        return None
    limited = case.start - case.limited_age
    begun = truth.last_sign_in_at or 0
    return limited if begun + case.session_minutes * 60 <= limited else None


def read_unmarked(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the person may be disabled only with the mark that a session may be open."""
    return (
        case.rules.open_sessions == "report"
        and read_silently(case, truth, now)
        and not _may_be_deleted(case, truth, now)
    )


def _may_be_deleted(case: Case, truth: Truth, now: float) -> bool:
    """Say whether the portal may have deleted the sign-in long before its lifetime was over."""
    return "deletions" in case.faults and (truth.last_sign_in_at or 0) < now - _DELETED_BEYOND


def return_seconds(case: Case) -> int:
    """Return for how long somebody who was signed out may take to come back."""
    wanted = case.rules.return_days
    return DAY * (case.rules.inactive_days if wanted is None else wanted)


def must_be_closed(case: Case, truth: Truth, moment: Moment) -> bool:
    """Say whether anybody could show that no session was open which the policy counts.

    The sessions are those of the newest sign-in that is known and of one just before the log
    begins, unless the account is younger than that. Where sign-ins don't count, their log is not
    read and shows nothing.
    """
    if truth.authorised_at is not None or "sign-in" not in case.rules.evidence:
        return False
    reach = moment.reach
    known_since = max(
        reach.sign_ins_for_certain,
        reach.sign_ins_silent_until,
        reach.sign_ins_dead_until,
        reach.crowded_sign_ins,
    )
    begins = [] if truth.last_sign_in_at is None else [float(truth.last_sign_in_at)]
    if known_since <= moment.now - case.sign_in_days * DAY + _GRAIN:
        known_since += DAY  # the log's last day is being deleted while it is read
    if truth.registered_at < known_since + _GRAIN:
        begins.append(known_since)
    return all(_is_over(case, begin, truth, moment) for begin in begins)


def _is_over(case: Case, begin: float, truth: Truth, moment: Moment) -> bool:
    until = begin + _LONGEST
    if case.session_minutes is not None:
        # A limit is known to hold for as long as the trail tells of no change.
        limited = 0 if case.limited_age is None else case.start - case.limited_age
        told_since = max(
            moment.reach.trail,
            moment.reach.trail_silent_until,
            moment.now - case.trail_days * DAY,
        )
        life = case.session_minutes * 60
        if begin <= limited and told_since + _GRAIN < limited:
            # That entry may also be about a password, with the limit in force all along.
            if limited + return_seconds(case) + _GRAIN > moment.now:
                return False
            until = min(until, begin + life)
        else:
            until = min(until, max(begin, told_since) + life)
    ended = truth.signed_out_at
    if ended is not None and begin <= ended < until:
        # In the hour that occurs twice the trail shows it an hour later.
        noted = max(ended, shown_at(case, ended))
        return noted + return_seconds(case) + _NOTED <= moment.now
    return until + _GRAIN < moment.now - case.rules.inactive_days * DAY

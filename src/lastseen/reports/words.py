"""The phrases that all reports share: decisions, outcomes, policy and evidence in words.

Values in, text out. Names and addresses in the results are not yet defused; see `text`.
"""

from collections import Counter
from collections.abc import Mapping

from lastseen.model.cohort import policy_by_name
from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict, idle_for_longer
from lastseen.model.errors import ExitCode
from lastseen.model.instant import Instant, before, days, minute
from lastseen.model.plan import Cohort, Plan, Policy, Population
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt
from lastseen.model.run import Run
from lastseen.model.status import HeldFor
from lastseen.reports.text import day


def who(decision: Decision) -> str:
    """Return the best name that a decision has for its person."""
    for name in (decision.display_name, decision.email, decision.user_id):
        if name and name.strip():
            return name
    return "(no name)"


def address(decision: Decision) -> str:
    """Return the person's e-mail address or id; empty if `who` shows it already."""
    found = decision.email or decision.user_id or ""
    return "" if found == who(decision) else found


def last_seen(decision: Decision, now: Instant) -> str:
    """Return when and how a person was last seen: `2026-10-15 (sign-in)`.

    "Never" is used only for people whom the plan calls never seen: for others less may be known.
    """
    if decision.last_seen_at is None:
        return unseen(decision)
    if decision.last_seen_by is SeenBy.REGISTRATION:
        if decision.reason is Reason.NEVER_SEEN:
            return f"never; registered {day(decision.last_seen_at)}"
        known = unseen(decision) if idle_for_longer(decision, now) else "no sighting"
        return f"{known}; registered {day(decision.last_seen_at)}"
    by = f" ({seen_by_in_words(decision)})" if decision.last_seen_by else ""
    return f"{date_in_words(decision, now)}{by}"


def date_in_words(decision: Decision, now: Instant) -> str:
    """Return `2026-10-15`, or `2026-10-15 or later` if newer entries were not all read."""
    if decision.last_seen_at is None:
        return ""
    later = " or later" if has_unread_gap(decision, now) else ""
    return f"{day(decision.last_seen_at)}{later}"


def has_unread_gap(decision: Decision, now: Instant) -> bool:
    """Return whether a newer sighting than `last_seen_at` may lie in the part that was not read."""
    if decision.last_seen_by in (None, SeenBy.REGISTRATION, SeenBy.INVITATION):
        return False
    return decision.idle_days is None or idle_for_longer(decision, now)


def idle_in_words(decision: Decision, now: Instant, *, unicode: bool = True) -> str:
    """Return `41`, or `≥ 41` if it may be longer; empty if nothing is known."""
    if decision.idle_days is None:
        return ""
    at_least = ("≥ " if unicode else ">= ") if idle_for_longer(decision, now) else ""
    return f"{at_least}{number(decision.idle_days)}"


def unseen(decision: Decision) -> str:
    """Return the text in place of a date that is not known."""
    if decision.idle_days is None:
        return "no sighting"
    return f"not in {counted(decision.idle_days, 'day')}"


def seen_by_in_words(decision: Decision) -> str:
    """Return the kind of a last-seen date: `sign-in`, `reg. 2025-12-02`."""
    if decision.last_seen_by is None or decision.last_seen_at is None:
        return ""
    if decision.last_seen_by is SeenBy.REGISTRATION:
        return f"reg. {day(decision.last_seen_at)}"
    return _SEEN_BY.get(decision.last_seen_by, decision.last_seen_by.value)


def reason_in_words(reason: Reason) -> str:
    """Return `evidence incomplete` for `evidence-incomplete`."""
    return reason.value.replace("-", " ")


def hold_in_words(held: HeldFor) -> str:
    """Return `evidence incomplete: clears by 2026-10-15, with reviews at least every 3 days`."""
    by = f"by {day(held.clears_at)}, " if held.clears_at else ""
    return f"{reason_in_words(held.reason)}: clears {by}{held.cleared_by}"


def outcome_in_words(outcome: str) -> str:
    """Return `spared: changed since` for `spared-changed`; takes any outcome or decision."""
    if outcome in frozenset(OutcomeKind):
        return OutcomeKind(outcome).in_words
    return _DECISIONS.get(outcome) or outcome.replace("-", " ").replace("_", " ")


def outcome_of(outcome: Outcome) -> str:
    """Return a person's outcome in words: as `outcome_in_words`, or `spared: signed out before`."""
    spared = _SPARED.get(outcome.cause) if outcome.cause else None
    return spared or outcome.outcome.in_words


def receipt_in_words(receipt: Receipt) -> str:
    """Return `48 disabled, 1 refused` for a receipt."""
    said = Counter(map(outcome_of, sorted(receipt.outcomes, key=lambda one: _KINDS[one.outcome])))
    return ", ".join(f"{number(count)} {words}" for words, count in said.items()) or _NOBODY


def counts_in_words(summary: Mapping[str, int]) -> str:
    """Return `48 disabled, 1 refused` for the summary of a receipt or a plan."""
    said = [f"{number(count)} {outcome_in_words(kind)}" for kind, count in summary.items() if count]
    return ", ".join(said) or _NOBODY


def result_in_words(run: Run) -> str:
    """Return `48 disabled, 1 refused` for a run; empty if it left no result."""
    is_change = run.kind != "review" and run.state == "done"
    if not run.summary and not is_change:
        return ""
    only_reported = run.kind == "run" and not frozenset(run.summary).isdisjoint(_DECISIONS)
    reported = "reported only: " if only_reported else ""
    return f"{reported}{counts_in_words(run.summary)}"


def state_in_words(run: Run) -> str:
    """Return how far a run got; a killed run looks like one that is at work."""
    if run.state == "running":
        return "running or cut off"
    if run.state == "failed" and run.exit_code == ExitCode.GUARDRAIL:
        return "stopped"
    return run.state


def policy_in_words(policy: Policy) -> tuple[str, ...]:
    """Return the rules of a policy, one sentence each, the most important first."""
    logs = {"sign-in": "sign-in", "activity": "activity"}
    proof = " or ".join(logs[kind] for kind in policy.evidence) or "sighting"
    return (
        f"Disable after {counted(policy.inactive_days, 'day')} or more without {proof}.",
        _NEVER_SEEN[policy.never_seen],
        f"Anyone reinstated is kept for {counted(policy.reinstated_grace_days, 'day')}.",
        _OPEN_SESSIONS[policy.open_sessions],
        f"An invitation that nobody accepts ends after {counted(policy.pending_days, 'day')}.",
        _CONTRACT_END[policy.contract_end],
        *map(cohort_in_words, policy.cohorts),
        f"Last-seen dates are looked up {counted(policy.lookback_days, 'day')} back.",
    )


def _longest_window(plan: Plan) -> int:
    """Return the days of the longest window that any decision of a plan needed."""
    cohorts = {one.cohort for one in plan.decisions if one.decision is not Verdict.SKIP}
    windows = [policy_by_name(plan.policy, name).inactive_days for name in cohorts]
    return max(windows, default=plan.policy.inactive_days)


def evidence_in_words(plan: Plan) -> tuple[str, ...]:
    """Return what is known of the logs, one sentence each, the verdict first."""
    evidence = plan.evidence
    if evidence.complete and evidence.retention_days is None:
        return (_NOTHING_MISSING, "No log was read: no decision needed one.")
    since, window = evidence.covered_since, _longest_window(plan)
    reaches_back = since is not None and since <= before(plan.now, days(window))
    was_read = evidence.events > 0 or evidence.retention_days is not None
    if not was_read:
        known = "No log was read."
    elif since is None:
        known = "No part of the portal's sign-in log is known without a gap."
    else:
        span = counted(max(0, (plan.now - since).days), "day")
        known = f"The sign-in log is known without a gap since {minute(since)} ({span})."
    if not evidence.complete:
        held = "Anyone whose absence can't be proven is on hold"
        lacking = f"the logs do not cover the whole {window}-day window"
        if reaches_back or not was_read:
            held, lacking = "They are on hold, with the reason", "some people's absence is unproven"
        verdict = f"Incomplete: {lacking}. {held}; nobody is disabled without proof."
    elif reaches_back:
        verdict = f"Complete: the logs cover the whole {window}-day window."
    else:
        verdict = _NOTHING_MISSING
    if not was_read:
        return (verdict, known)
    return (verdict, known, *_retention(plan), _FILTERS[evidence.filters])


def population_in_words(population: Population) -> str:
    """Return where the roster came from and how many were on it."""
    total = population.portal_total
    of_all = f" of {counted(total, 'guest')} on the portal" if total is not None else ""
    others = (
        f"; {counted(population.unlisted, 'guest')} on no roster" if population.unlisted else ""
    )
    return (
        f"{population.source}: {counted(population.listed, 'contractor')} listed, "
        f"{number(population.matched)} with an account{of_all}{others}"
    )


def cost_in_words(plan: Plan) -> str:
    """Return what the evidence took: `123 requests, 4,567 events read`."""
    return (
        f"{counted(plan.evidence.requests, 'request')}, "
        f"{counted(plan.evidence.events, 'event')} read"
    )


_NOBODY = "nobody changed"
_KINDS = {kind: place for place, kind in enumerate(OutcomeKind)}
_SPARED = {
    Cause.SIGNED_OUT_BEFORE: "spared: signed out before",
    Cause.SIGN_OUT_UNCONFIRMED: "spared: sign-out not confirmed",
}
_DECISIONS = {
    "keep": "to keep",
    "disable": "to disable",
    "sign-out": "to sign out",
    "sign_out": "to sign out",
    "hold": "on hold",
    "skip": "skipped",
}
_SEEN_BY = {SeenBy.API_KEY: "API key", SeenBy.INVITATION: "invited"}
_NEVER_SEEN = {
    "grace": "Anyone never seen counts as idle since registration.",
    "disable": "Anyone never seen is disabled.",
    "keep": "Anyone never seen is kept.",
}
_OPEN_SESSIONS = {
    "report": "Idle people who may still be signed in are disabled too, and marked.",
    "sign-out": "Idle people who may still be signed in are signed out first and disabled later.",
    "hold": "Idle people who may still be signed in are on hold.",
}
_CONTRACT_END = {
    "disable": "When a contract has ended, access ends, whatever the logs show.",
    "report": "The end of a contract is reported only.",
}
_NOTHING_MISSING = "Complete: every decision has the evidence that it needs."
_FILTERS = {
    "before-window": "The portal can be asked for one person's entries.",
    "after-window": "The portal applies filters only within a page, so the whole log was read.",
    "ignored": (
        "The portal ignores filters and shows only its twenty newest sign-ins: it lacks the audit "
        "option."
    ),
}


def cohort_in_words(cohort: Cohort) -> str:
    """Return how a cohort's rules differ from the general ones, in a sentence."""
    rules = []
    if cohort.inactive_days is not None:
        rules.append(f"disable after {counted(cohort.inactive_days, 'day')}")
    if cohort.never_seen is not None:
        rules.append(f"never seen: {cohort.never_seen}")
    if cohort.open_sessions is not None:
        rules.append(f"open sessions: {cohort.open_sessions}")
    if cohort.return_days is not None:
        rules.append(f"{counted(cohort.return_days, 'day')} to sign in again")
    if cohort.pending_days is not None:
        rules.append(f"invitations end after {counted(cohort.pending_days, 'day')}")
    if cohort.contract_end is not None:
        rules.append(f"contract end: {cohort.contract_end}")
    return f"Cohort {cohort.name}: {', '.join(rules) or 'as for everyone'}."


def _retention(plan: Plan) -> tuple[str, ...]:
    kept = plan.evidence.retention_days
    if kept is None:
        return ()
    says = f"The portal keeps its sign-in log for {counted(kept, 'day')}"
    if kept >= _longest_window(plan):
        return (f"{says}.",)
    return (f"{says}, less than the window: only earlier reviews know what is older.",)

"""Text that is safe to show, and the plain phrases that every report shares.

Names, addresses and explanations come from a portal, a roster or a log, so whoever wrote them must
not steer the terminal, the page or the spreadsheet that shows them. No layout in here.
"""

import unicodedata

from lastseen.model.decision import Decision, Reason, SeenBy
from lastseen.model.instant import Instant, utc_date
from lastseen.model.plan import Plan, Policy

LONGEST = 300
"""Characters of one value that a report shows; what is longer is cut, with an ellipsis."""

_JOINERS = "\u200c\u200d"
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKS_IN_A_ROW = 4
_ONE_DAY = 86_400


def defuse(text: str, *, encoding: str = "utf-8") -> str:
    r"""Return `text` on one line, with everything that could disturb what shows it made visible.

    Control characters, escape sequences, line ends, text-direction overrides and other invisible
    characters appear as `\x1b`, `\n`, `\u202e`; so does what `encoding` can't express. Joiners stay
    where scripts need them. Endless combining marks and endless texts are cut.
    """
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    shown: list[str] = []
    marks = 0
    for character in text[:LONGEST]:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks > _MARKS_IN_A_ROW:
            continue
        shown.append(_visible(character, before=shown[-1] if shown else ""))
    if len(text) > LONGEST:
        shown.append("…")
    return "".join(shown).encode(encoding, "backslashreplace").decode(encoding)


def number(count: int) -> str:
    """Return `4,567`."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return `1 request` or `4,567 requests`; `many` is for words whose plural isn't `one` + s."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def day(moment: Instant) -> str:
    """Return `2026-11-01`, the day in UTC."""
    return utc_date(moment).isoformat()


def minute(moment: Instant) -> str:
    """Return `2026-11-01 10:30 UTC`."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def ago(moment: Instant, now: Instant) -> str:
    """Return how long before `now` something was: `41 days ago`, `3 hours ago`, `just now`."""
    seconds = int((now - moment).total_seconds())
    if seconds >= 2 * _ONE_DAY:
        return f"{counted(seconds // _ONE_DAY, 'day')} ago"
    if seconds >= 3_600:
        return f"{counted(seconds // 3_600, 'hour')} ago"
    return f"{counted(seconds // 60, 'minute')} ago" if seconds >= 60 else "just now"


def took(since: Instant, until: Instant) -> str:
    """Return how long something lasted: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    seconds = max(0.0, (until - since).total_seconds())
    if seconds < 1:
        return f"{int(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def who(decision: Decision) -> str:
    """Return the best name there is for the person of a decision, not yet defused."""
    for name in (decision.display_name, decision.email, decision.user_id):
        if name and name.strip():
            return name
    return "(no name)"


def last_seen(decision: Decision) -> str:
    """Return when and by what a person was last seen, in words that fit after `last seen`.

    "Never" is said only of those whom the plan calls never seen: for others less may be known.
    """
    if decision.last_seen_at is None:
        return "no sighting"
    if decision.last_seen_by is SeenBy.REGISTRATION:
        if decision.reason is Reason.NEVER_SEEN:
            return f"never since registration on {day(decision.last_seen_at)}"
        return f"no sighting, registered on {day(decision.last_seen_at)}"
    by = f" by {decision.last_seen_by.value}" if decision.last_seen_by else ""
    return f"{day(decision.last_seen_at)}{by}"


def reason_in_words(reason: Reason) -> str:
    """Return `evidence incomplete` for `evidence-incomplete`."""
    return reason.value.replace("-", " ")


def policy_in_words(policy: Policy) -> tuple[str, ...]:
    """Return the rules of a policy, a sentence each, the most important first."""
    logs = {"sign-in": "a sign-in", "activity": "an action"}
    proof = " or ".join(logs[kind] for kind in policy.evidence) or "any sighting"
    never = {
        "grace": "Who was never seen counts as idle since registration.",
        "disable": "Who was never seen is disabled.",
        "keep": "Who was never seen is kept.",
    }
    ended = {
        "disable": "Who is past the end of the contract is disabled, whatever was seen.",
        "report": "The end of a contract is reported, no more.",
    }
    return (
        f"Disable after {counted(policy.inactive_days, 'day')} or more without {proof}.",
        never[policy.never_seen],
        f"Who was reinstated is kept for {counted(policy.reinstated_grace_days, 'day')}.",
        ended[policy.contract_end],
        f"Dates are looked up as far back as {counted(policy.lookback_days, 'day')}.",
    )


def evidence_in_words(plan: Plan) -> tuple[str, ...]:
    """Return what the decisions of a plan rest on, a sentence each, the verdict on it first."""
    evidence, policy = plan.evidence, plan.policy
    window = counted(policy.inactive_days, "day")
    if evidence.complete and evidence.retention_days is None:
        return (_NOTHING_MISSING, "No log was read: no decision rests on one.")
    if evidence.covered_since is None:
        known = "No stretch of the sign-in log of the whole portal is known without a gap."
    else:
        span = counted(max(0, (plan.now - evidence.covered_since).days), "day")
        known = (
            f"The sign-in log is known without a gap since {minute(evidence.covered_since)}"
            f" ({span})."
        )
    since = evidence.covered_since
    if evidence.complete and (since is None or since > policy.window_start(plan.now)):
        verdict = _NOTHING_MISSING
    elif evidence.complete:
        verdict = f"Complete: it reaches back over the whole {window} that the policy asks about."
    else:
        verdict = (
            f"Incomplete: it does not reach back over the {window} that the policy asks about. "
            "Whoever it can't be proven for is on hold, and nobody is disabled for want of it."
        )
    return (verdict, known, *_retention(plan), _FILTERS[evidence.filters])


def cost_in_words(plan: Plan) -> str:
    """Return what the evidence took: `123 requests, 4,567 events read`."""
    return (
        f"{counted(plan.evidence.requests, 'request')}, "
        f"{counted(plan.evidence.events, 'event')} read"
    )


_NOTHING_MISSING = "Complete: nothing was missing that a decision rests on."

_FILTERS = {
    "before-window": "The portal's log can be asked about one person at a time.",
    "after-window": (
        "The portal filters its log only within a page, so the log of everyone was read."
    ),
    "ignored": (
        "The portal ignores what it is asked and shows its twenty newest sign-ins only: its plan "
        "lacks the audit option."
    ),
}


def _retention(plan: Plan) -> tuple[str, ...]:
    kept = plan.evidence.retention_days
    if kept is None:
        return ()
    says = f"The portal keeps its sign-in log for {counted(kept, 'day')}"
    if kept >= plan.policy.inactive_days:
        return (f"{says}.",)
    return (
        f"{says}, less than the policy asks about: what is older can only be known from earlier "
        "runs.",
    )


def _visible(character: str, *, before: str) -> str:
    if character.isprintable():
        return character
    if character in _JOINERS and not before.isascii():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

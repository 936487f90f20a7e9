"""What can be proven with this portal, this key and this ledger, and what each finding means."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

import msgspec

from lastseen.docspace.interface import (
    FORBIDDEN,
    EventQuery,
    Portal,
    Retention,
    clocks_agree,
)
from lastseen.evidence.actions import KNOWN
from lastseen.evidence.reading.filter_detection import (
    Detected,
    FilterMode,
    detect_filters,
)
from lastseen.execution.key_rights import own_key_if_available
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import AccountType, Profile
from lastseen.model.counting import counted
from lastseen.model.diagnosis import Diagnosis, Finding
from lastseen.model.errors import PortalError, PortalRefused, RosterError, UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import (
    Clock,
    Instant,
    after,
    before,
    days,
    utc_date,
)
from lastseen.model.plan import Policy
from lastseen.model.sighting import EvidenceKind
from lastseen.rosters import Roster
from lastseen.workflows.doctor_facts import release_finding, rights_finding, sessions_finding
from lastseen.workflows.doctor_silence import silence_findings
from lastseen.workflows.doctor_windows import known_since, retention_finding, window_finding
from lastseen.workflows.roster_check import as_sentence, check_roster

_Answer = TypeVar("_Answer")

_SEE_EVERYONE = (AccountType.OWNER, AccountType.ADMINISTRATOR)
_REFUSES_EVERYONE = (
    "The key has the right to this, so the portal refuses it to everyone for now: it is probably "
    "being restored, moved or encrypted.",
    "Try again later; if it persists, check the portal's log.",
)

LOG_SILENCE_DAYS = Guardrails().log_silence_days

FILTERS_MEAN = {
    FilterMode.BEFORE_WINDOW: "Filtering by person works, so quiet people are looked up "
    "one by one.",
    FilterMode.AFTER_WINDOW: "Filtering by person only reaches the newest page, so the whole "
    "log is read.",
    FilterMode.IGNORED: "Only the twenty newest events of each log can be seen.",
}


async def doctor(
    portal: Portal,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    roster: Roster | None = None,
    log_silence_days: float = LOG_SILENCE_DAYS,
) -> Diagnosis:
    """Check key, rights, audit option, filters, retention, clock, ledger and roster.

    `roster` None leaves the roster out; `log_silence_days` is that of the guardrails. Raises
    PortalError if the portal can't be reached or refuses the key; everything else becomes a
    finding.
    """
    release = await portal.release()
    findings = [release_finding(release)]
    if release is not None and not release.is_supported:
        return Diagnosis(portal=portal.url, at=clock(), findings=tuple(findings))
    key = await own_key_if_available(portal)
    findings.append(rights_finding(key, clock()))
    if key is not None and not key.reads_logs:  # every other question would be refused as well
        return Diagnosis(portal=portal.url, at=clock(), findings=tuple(findings))
    own = await portal.whoami()
    findings.append(_key(own))
    has_rights = key is not None and own.type in _SEE_EVERYONE
    settings = await _tried(findings, "Sessions", portal.session_settings(), has_rights=has_rights)
    if settings is not None:
        findings.append(sessions_finding(settings, policy, key, ledger))
    retention = await _tried(findings, "Login history", portal.retention(), has_rights=has_rights)
    if retention is not None:
        findings.append(retention_finding(retention, policy))
        detected = await _tried(
            findings, "Sign-in log", detect_filters(portal.sign_ins), has_rights=has_rights
        )
        trail = await _tried(
            findings, "Activity trail", portal.trail(EventQuery()), has_rights=has_rights
        )
        if detected is not None:
            findings += [_audit_option(detected), _filters(detected)]
            findings.append(window_finding(ledger, retention, detected, policy, clock()))
            findings.append(_unknown_actions(ledger, detected))
        if trail is not None:
            findings.append(_activity(policy))
        if detected is not None and trail is not None:
            findings += silence_findings(
                portal,
                policy,
                born=own.registered_at,
                now=clock(),
                log_silence_days=log_silence_days,
            )
    findings.append(_clock(portal))
    findings.append(_ledger(ledger, retention, policy, clock()))
    if roster is not None:
        checked = check_roster(portal, roster, policy)
        findings += await _tried(findings, "Roster", checked, has_rights=has_rights) or ()
    return Diagnosis(portal=portal.url, at=clock(), findings=_each_remedy_once(findings))


def _each_remedy_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave a remedy that several findings share to the gravest of them."""
    gravest = {one.remedy: one for one in reversed(findings) if one.state == "warning"}
    gravest |= {one.remedy: one for one in reversed(findings) if one.state == "problem"}
    return tuple(
        one
        if one.remedy is None or gravest.get(one.remedy, one) is one
        else msgspec.structs.replace(one, remedy=f"See {gravest[one.remedy].name}.")
        for one in findings
    )


async def _tried(
    findings: list[Finding], name: str, asked: Awaitable[_Answer], *, has_rights: bool
) -> _Answer | None:
    """Return the answer, or None with a finding that says why there is none.

    `has_rights`: the key has every right that this takes. A portal that is being restored, moved or
    encrypted still tells who the key acts as, and refuses the rest (TenantStatusFilter.cs).
    """
    try:
        return await asked
    except (PortalError, RosterError, UsageError) as error:
        meaning, remedy = as_sentence(error.meaning), as_sentence(error.remedy)
        if has_rights and isinstance(error, PortalRefused) and error.status == FORBIDDEN:
            meaning, remedy = _REFUSES_EVERYONE
        findings.append(
            Finding(name=name, state="problem", value=error.found, meaning=meaning, remedy=remedy)
        )
        return None


def _key(own: Profile) -> Finding:
    name = own.email or own.display_name or own.id
    sees_everyone = own.type in _SEE_EVERYONE
    return Finding(
        name="API key",
        state="ok" if sees_everyone else "problem",
        value=f"acts as {name} ({own.type.value})",
        meaning="It sees every guest."
        if sees_everyone
        else "Only an administrator's key sees every guest and the audit logs.",
        remedy=None if sees_everyone else "Have a DocSpace administrator create the key.",
    )


def _audit_option(detected: Detected) -> Finding:
    if detected.mode is FilterMode.IGNORED:
        return Finding(
            name="Audit option",
            state="problem",
            value="missing",
            meaning="The portal ignores filters and shows only its twenty newest events: nearly "
            "everyone will be on hold.",
            remedy="Use a plan with the audit option: the cloud's smallest plans lack it, the "
            "Community edition has it.",
        )
    if detected.has_audit_option:
        return Finding(
            name="Audit option",
            state="ok",
            value="present",
            meaning="The logs can be read in full.",
        )
    return Finding(
        name="Audit option",
        state="ok",
        value="unknown",
        meaning=f"The sign-in log holds {counted(len(detected.newest.events), 'event')}, too few "
        "to tell, but few enough to read in full.",
    )


def _filters(detected: Detected) -> Finding:
    return Finding(
        name="Filters",
        state="ok" if detected.mode is not FilterMode.IGNORED else "problem",
        value=detected.mode.value + ("" if detected.proven else " (assumed)"),
        meaning=FILTERS_MEAN[detected.mode],
    )


def _activity(policy: Policy) -> Finding:
    counted = "activity" in policy.evidence
    return Finding(
        name="Activity trail",
        state="ok" if counted else "warning",
        value="readable",
        meaning="Work counts as presence, also in a long session; reading alone leaves no trace."
        if counted
        else "It does not count, so somebody who works every day in one long session looks absent.",
        remedy=None if counted else 'Put "activity" into `evidence` of the `[policy]` table.',
    )


def _unknown_actions(ledger: PortalLedger, detected: Detected) -> Finding:
    seen = ledger.evidence.unrecognised_ids()
    nameless = [event for event in seen if event in KNOWN]
    counts = {event: times for event, times in seen.items() if event not in KNOWN}
    for event in detected.newest.events:
        if event.action_id not in KNOWN:
            counts.setdefault(event.action_id, 1)
    if nameless:
        return Finding(
            name="Unknown events",
            state="problem",
            value=f"sign-ins in nobody's name ({', '.join(map(str, nameless))})",
            meaning="The sign-in log does not say who signed in: anyone not seen since is on hold.",
            remedy="Compare the portal's release with the supported ones, and report it.",
        )
    return Finding(
        name="Unknown events",
        state="warning" if counts else "ok",
        value=", ".join(f"{action} ({times}x)" for action, times in sorted(counts.items()))
        or "none",
        meaning="The portal writes actions that this version of Lastseen does not know; anyone "
        "whose newest event is one of them is put on hold."
        if counts
        else "Every action seen so far is known.",
        remedy="Look for a newer version of Lastseen." if counts else None,
    )


def _clock(portal: Portal) -> Finding:
    if not portal.tells_its_time:
        return Finding(
            name="Clock",
            state="problem",
            value="unknown",
            meaning="No answer has a readable `Date` header: idle times can't be computed, so "
            "nobody is disabled.",
            remedy="Make the proxy in front of the portal pass on the `Date` header.",
        )
    skew = portal.largest_skew_seconds
    near = clocks_agree(portal)
    return Finding(
        name="Clock",
        state="ok" if near else "problem",
        value=f"the portal is {abs(skew):.0f} s {'ahead' if skew >= 0 else 'behind'}"
        if abs(skew) >= 1
        else "agrees with this machine",
        meaning="Idle times are correct."
        if near
        else "More than 5 minutes: idle times would be wrong, so nobody is disabled for absence.",
        remedy=None if near else "Correct this machine's clock, or have the portal's corrected.",
    )


def _ledger(
    ledger: PortalLedger, retention: Retention | None, policy: Policy, now: Instant
) -> Finding:
    stretches = ledger.evidence.coverage(EvidenceKind.SIGN_IN)
    if not stretches:
        return Finding(
            name="Ledger",
            state="ok",
            value="knows nothing about this portal yet",
            meaning="The first review reads the whole window; later reviews read only what is new.",
        )
    known = stretches[-1].interval
    kept = days(retention.sign_in_days) if retention else days(0)
    # An older review reached as far back as the portal did then, which is not worth reporting.
    ahead = known_since(ledger, EvidenceKind.SIGN_IN, now, kept) < before(now, kept + days(1))
    ready = utc_date(after(known.since, days(policy.lookback_days)))
    return Finding(
        name="Ledger",
        state="ok",
        value=f"knows the sign-in log from {utc_date(known.since)} to {utc_date(known.until)}",
        meaning="That is more than the portal still keeps, so longer windows can be used."
        if ahead
        else f"If reviews keep filling it, windows of {counted(policy.lookback_days, 'day')} can "
        f"be used from {ready} on, whatever the portal keeps.",
    )

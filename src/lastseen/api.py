"""What Lastseen offers as a library; `from lastseen import …` gives these names.

The commands use nothing else, except the reports, and what `review` asks while this is loaded.
Nothing is defined here.
"""

from lastseen.config.api_key import find_key, key_file_text, store_key
from lastseen.config.load import load_settings, settings_from
from lastseen.config.settings import PortalSettings, Settings
from lastseen.config.template import configuration_text
from lastseen.docspace import Limits, Portal, open_portal
from lastseen.docspace.interface import OwnKey
from lastseen.execution.context import Pace
from lastseen.execution.finish import receipt_exit_code
from lastseen.execution.key_rights import require_change_right
from lastseen.execution.selection import Selection
from lastseen.ledger import Ledger, PortalLedger, open_ledger
from lastseen.model.contractor import (
    AccountStatus,
    AccountType,
    Contractor,
    Profile,
    UserId,
    user_id,
)
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.diagnosis import Diagnosis, Finding
from lastseen.model.dry_run import DryRun
from lastseen.model.errors import (
    ExitCode,
    KeyLacksRight,
    LastseenError,
    LedgerError,
    LockHeld,
    PlanRefused,
    PortalError,
    PortalRefused,
    PortalUnreachable,
    PortalUnreadable,
    RosterError,
    UsageError,
)
from lastseen.model.exemption import Exemption
from lastseen.model.explanation import Explanation
from lastseen.model.guardrails import Guardrails, GuardrailStopped
from lastseen.model.instant import (
    Clock,
    Instant,
    Interval,
    format_instant,
    parse_instant,
    system_clock,
)
from lastseen.model.journal_entry import JournalEntry
from lastseen.model.plan import Plan, PlanSummary, Policy
from lastseen.model.plan_document import decode_plan, encode_plan
from lastseen.model.progress import Progress, Silent
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt, encode_receipt
from lastseen.model.run import Run
from lastseen.model.secret import ApiKey
from lastseen.model.status import Status
from lastseen.model.verification import Verification
from lastseen.rosters import Listing, Roster, RosterOptions, open_roster
from lastseen.workflows.apply import ApplyPreview, apply, preview_apply, preview_on_portal
from lastseen.workflows.apply_options import ApplyOptions
from lastseen.workflows.doctor import doctor
from lastseen.workflows.dry_run import dry_run
from lastseen.workflows.exempting import end_exemption, exempt, is_unknown
from lastseen.workflows.explain import explain, explain_outcome
from lastseen.workflows.plan_guardrails import guardrail_ahead
from lastseen.workflows.plan_runs import people_left, run_that_changed
from lastseen.workflows.review import ReviewOutcome, review, review_unrecorded
from lastseen.workflows.run import NotApplied, RunOptions, RunResult, reported_before, run
from lastseen.workflows.same_portal import confirm_same_portal
from lastseen.workflows.session import Session, open_portal_ledger, open_session
from lastseen.workflows.status import status
from lastseen.workflows.undo import Reversal, reversal, undo
from lastseen.workflows.verify import require_whole, verify

__all__ = [
    "AccountStatus",
    "AccountType",
    "ApiKey",
    "ApplyOptions",
    "ApplyPreview",
    "Cause",
    "Clock",
    "Contractor",
    "Decision",
    "Diagnosis",
    "DryRun",
    "Exemption",
    "ExitCode",
    "Explanation",
    "Finding",
    "GuardrailStopped",
    "Guardrails",
    "Instant",
    "Interval",
    "JournalEntry",
    "KeyLacksRight",
    "LastseenError",
    "Ledger",
    "LedgerError",
    "Limits",
    "Listing",
    "LockHeld",
    "NotApplied",
    "Outcome",
    "OutcomeKind",
    "OwnKey",
    "Pace",
    "Plan",
    "PlanRefused",
    "PlanSummary",
    "Policy",
    "Portal",
    "PortalError",
    "PortalLedger",
    "PortalRefused",
    "PortalSettings",
    "PortalUnreachable",
    "PortalUnreadable",
    "Profile",
    "Progress",
    "Reason",
    "Receipt",
    "Reversal",
    "ReviewOutcome",
    "Roster",
    "RosterError",
    "RosterOptions",
    "Run",
    "RunOptions",
    "RunResult",
    "SeenBy",
    "Selection",
    "Session",
    "Settings",
    "Silent",
    "Status",
    "UsageError",
    "UserId",
    "Verdict",
    "Verification",
    "apply",
    "configuration_text",
    "confirm_same_portal",
    "decode_plan",
    "doctor",
    "dry_run",
    "encode_plan",
    "encode_receipt",
    "end_exemption",
    "exempt",
    "explain",
    "explain_outcome",
    "find_key",
    "format_instant",
    "guardrail_ahead",
    "is_unknown",
    "key_file_text",
    "load_settings",
    "open_ledger",
    "open_portal",
    "open_portal_ledger",
    "open_roster",
    "open_session",
    "parse_instant",
    "people_left",
    "preview_apply",
    "preview_on_portal",
    "receipt_exit_code",
    "reported_before",
    "require_change_right",
    "require_whole",
    "reversal",
    "review",
    "review_unrecorded",
    "run",
    "run_that_changed",
    "settings_from",
    "status",
    "store_key",
    "system_clock",
    "undo",
    "user_id",
    "verify",
]

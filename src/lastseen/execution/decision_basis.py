"""What the decisions that are rechecked are based on: their instant, their policy, earlier runs."""

from collections.abc import Mapping

import msgspec

from lastseen.execution.history import History
from lastseen.model.cohort import policy_by_name
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy

_WITHOUT_EVIDENCE = frozenset({Reason.CONTRACT_ENDED, Reason.NOT_ON_ROSTER})
"""Decisions that no sighting changes."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The time in which a person must not have been seen."""

    since: Instant
    """Its first second."""
    is_longer: bool = False
    """Whether it is longer than the window of the review."""


class DecisionBasis(msgspec.Struct, frozen=True, kw_only=True):
    """When the candidates were decided, and what would have spared them."""

    at: Instant
    """The instant of the decision: a person reinstated later is spared."""
    undone: Mapping[UserId, Instant] = msgspec.field(default_factory=dict)
    """When the run that is undone reinstated each person: that alone spares nobody."""
    policy: Policy
    """The policy that decided."""
    seen_since: Instant
    """The instant since which presence is looked for again."""
    status_set_from: Instant
    """The instant since which a change of status is somebody else's."""
    log_silence_days: float
    """After this many days without an entry by anybody a log counts as stopped."""
    history: History
    """What earlier runs did."""

    def window(self, decision: Decision, configured: Policy | None) -> Window | None:
        """Return the window for a person, or None if no sighting changes the decision.

        The longer window of two policies applies: of the one that decided, and of the one
        `configured` for the person now; None: it is not checked.
        """
        if decision.reason in _WITHOUT_EVIDENCE:
            return None
        decided_by = policy_by_name(self.policy, decision.cohort)
        if configured is not None and configured.inactive_days > decided_by.inactive_days:
            return Window(since=configured.window_start(self.seen_since), is_longer=True)
        return Window(since=decided_by.window_start(self.seen_since))

    def others_reinstated(self, reinstated: Mapping[UserId, Instant]) -> Mapping[UserId, Instant]:
        """Return when each person was last `reinstated`, unless exactly the undone run did it.

        The ledger takes that instant from the journal, so both are equal to the microsecond.
        """
        return {who: at for who, at in reinstated.items() if self.undone.get(who) != at}

    def longer_grace(self, configured: Policy | None) -> Policy | None:
        """Return the policy `configured` now if its grace period is the longer one, else None."""
        if configured is None:
            return None
        is_longer = configured.reinstated_grace_days > self.policy.reinstated_grace_days
        return configured if is_longer else None

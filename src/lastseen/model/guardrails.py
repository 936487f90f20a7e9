"""The limits beyond which a run stops before it changes anything: numbers only, no check of them.

They stand by themselves because the configuration sets them and `apply` obeys them.
"""

import msgspec


class Guardrails(msgspec.Struct, frozen=True, kw_only=True):
    """How much one run may do; either of the first two stops all of it."""

    max_disable: int = 50
    """The most people that one run may disable."""
    max_disable_share: float = 0.25
    """The largest part of the roster that one run may disable, 0 to 1."""
    max_roster_shrink: float = 0.5
    """The largest part of an outside roster that may be missing since the last applied run."""
    per_days: int = 7
    """Over how many days the people disabled are counted."""
    max_plan_age_hours: float = 24
    """For how many hours after the review a plan may be carried out."""
    log_silence_days: int = 7
    """For how many days a log that counts may hold no entry by anybody."""

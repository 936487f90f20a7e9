"""A contractor before the decision: roster, account, and what the logs show. Pure."""

import msgspec

from lastseen.model.contractor import AccountStatus, Contractor, Profile
from lastseen.model.decision import Reason, SeenBy
from lastseen.model.instant import Instant
from lastseen.model.plan import Policy
from lastseen.model.sighting import LOGS, FailedSignIns, Sighting, UnrecognisedEvent
from lastseen.open_sessions import OpenSession

_BY_LOG = {log: SeenBy(log.value) for log in LOGS}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A contractor, with what is known without any log."""

    contractor: Contractor | None = None
    """The person on the roster; None for a guest who is on no roster."""
    profile: Profile | None = None
    """The account; None if the portal has none."""
    problem: Reason | None = None
    """Why roster and portal don't match, if they don't."""
    problem_explanation: str | None = None
    """The same in one sentence, if there is more to say than the reason does."""
    is_own_account: bool = False
    """Whether it is the API key's own account."""
    exemption: str | None = None
    """Why and until when the person is exempt, if so."""
    reinstated_at: Instant | None = None
    """When access was last given back."""
    cohort: str | None = None
    """The name of the cohort that the person belongs to."""
    policy: Policy | None = None
    """The cohort's policy; None if the general one applies."""
    is_off_roster: bool = False
    """For UNKNOWN_GUEST: whether the roster is proven not to name them. It was read whole, it is
    not empty, and it was reviewed before."""

    def own_policy(self, general: Policy) -> Policy:
        """Return the policy that applies to this person."""
        return self.policy or general


class Seen(msgspec.Struct, frozen=True):
    """A proof of presence."""

    at: Instant
    """When."""
    by: SeenBy
    """By what."""


class PersonEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the logs show about one person."""

    sighting: Sighting | None = None
    """The newest, of the kinds that the policy counts."""
    unrecognised: UnrecognisedEvent | None = None
    """The newest entry whose action is in no table."""
    failed: FailedSignIns = FailedSignIns()
    """Refused attempts on the account."""
    proven_since: Instant | None = None
    """Since when, without a gap, all entries of this person are known in every log that the
    policy counts; None if nothing is known."""
    reaches_beginning: bool = False
    """Whether that is as far back as the portal keeps each of these logs."""
    key_used_at: Instant | None = None
    """When an API key of theirs was last used."""
    status_set_at: Instant | None = None
    """When an administrator last changed the account's status, according to the trail."""
    invited_at: Instant | None = None
    """When the person was last invited, according to the trail."""
    sessions: tuple[OpenSession, ...] = ()
    """The sessions that may be open, or may have been."""
    sessions_can_be_ended: bool = True
    """Whether the key may end other people's sessions."""
    silence: str | None = None
    """Why a log that counts has probably stopped; None: it has not."""
    pause: str | None = None
    """Why nothing before `proven_since` counts: a log that counts had stopped for a time."""

    def newest(self, *, no_later_than: Instant) -> Seen | None:
        """Return the newest proof of presence that is not dated ahead."""
        seen = None
        entry, used = self.sighting, self.key_used_at
        if entry is not None and entry.at <= no_later_than:
            seen = Seen(entry.at, _BY_LOG[entry.kind])
        if used is not None and used <= no_later_than and (seen is None or used > seen.at):
            seen = Seen(used, SeenBy.API_KEY)
        return seen

    def is_proven_since(self, since: Instant) -> bool:
        """Return whether all entries from `since` on are known."""
        return self.proven_since is not None and self.proven_since <= since


NOTHING_KNOWN = PersonEvidence()
"""The evidence before any log was read."""


def open_invitation(
    subject: Subject, evidence: PersonEvidence, seen: Seen | None
) -> Instant | None:
    """Return when a person who never accepted was last invited; None for anyone else."""
    profile = subject.profile
    if profile is None or profile.status is not AccountStatus.PENDING or seen is not None:
        return None
    known = [at for at in (evidence.invited_at, profile.registered_at) if at is not None]
    return max(known, default=None)

"""Which cohort a person belongs to, and the policy that applies to it. Pure.

The cohorts themselves are part of the policy (`plan.Cohort`).
"""

from collections.abc import Iterable

import msgspec

from lastseen.model.contractor import Contractor, Profile, email_key, user_id
from lastseen.model.email_address import domain_pattern, in_domain
from lastseen.model.errors import UsageError
from lastseen.model.plan import Cohort, Policy

_CONDITIONS = frozenset({"name", "email_domains", "groups", "sponsors", "kind"})
_RULES = tuple(field for field in Cohort.__struct_fields__ if field not in _CONDITIONS)


def cohort_of(
    policy: Policy, contractor: Contractor | None, profile: Profile | None
) -> Cohort | None:
    """Return the first cohort of `policy` whose conditions the person meets, or None.

    `contractor` is the person on the roster, `profile` the account; either may be None.
    """
    for cohort in policy.cohorts:
        if _meets(cohort, contractor, profile):
            return cohort
    return None


def policy_of(policy: Policy, cohort: Cohort | None) -> Policy:
    """Return the policy for people of `cohort`; what the cohort doesn't set is the general one's.

    Without a cohort it is `policy` itself.
    """
    if cohort is None:
        return policy
    own = {key: getattr(cohort, key) for key in _RULES if getattr(cohort, key) is not None}
    return msgspec.structs.replace(policy, **own)


def policy_by_name(policy: Policy, cohort_name: str | None) -> Policy:
    """Return the policy for people of the cohort with this name; `policy` if there is none."""
    named = (cohort for cohort in policy.cohorts if cohort.name == cohort_name)
    return policy_of(policy, next(named, None))


def require_cohort(policy: Policy, cohort: str | None) -> None:
    """Raise UsageError if the policy has no cohort of this name; None is everyone."""
    names = [one.name for one in policy.cohorts]
    if cohort is not None and cohort not in names:
        raise UsageError(
            attempted=f"reviewing the cohort {cohort!r}",
            found="the policy has no cohort of that name",
            meaning="it is unclear which people are meant; nothing was started",
            remedy=f"name one of {', '.join(names)}" if names else "add it as [[policy.for]]",
        )


def longer_windows(policy: Policy, than: int) -> tuple[Cohort, ...]:
    """Return the cohorts whose `inactive_days` is longer than `than` and than the general one."""
    longest = max(than, policy.inactive_days)
    return tuple(one for one in policy.cohorts if (one.inactive_days or 0) > longest)


def cohorts_in_words(names: Iterable[str]) -> str:
    """Return `cohort audit`, or `cohorts audit and press`."""
    known = tuple(names)
    return f"cohort{'s' if len(known) > 1 else ''} {' and '.join(known)}"


def _meets(cohort: Cohort, contractor: Contractor | None, profile: Profile | None) -> bool:
    email = (profile.email if profile else None) or (contractor.email if contractor else None)
    groups = {user_id(group) for group in profile.groups} if profile else set()
    kind = contractor.kind if contractor else None
    return (
        (not cohort.email_domains or _in_domains(email or "", cohort.email_domains))
        and (not cohort.groups or not groups.isdisjoint(map(user_id, cohort.groups)))
        and (not cohort.sponsors or _is_sponsored(cohort.sponsors, contractor, profile))
        and (cohort.kind is None or _folded(kind) == _folded(cohort.kind))
    )


def _in_domains(email: str, domains: tuple[str, ...]) -> bool:
    return any(in_domain(email, domain_pattern(domain)) for domain in domains)


def _is_sponsored(
    sponsors: tuple[str, ...], contractor: Contractor | None, profile: Profile | None
) -> bool:
    """Return whether one of `sponsors` invited the person, or answers for them on the roster."""
    known = {
        contractor.sponsor if contractor else None,
        profile.sponsor if profile else None,
        profile.invited_by if profile else None,
    }
    keys = {email_key(one) for one in known if one}
    return any(email_key(sponsor) in keys for sponsor in sponsors)


def _folded(kind: str | None) -> str | None:
    return None if kind is None else " ".join(kind.split()).casefold()

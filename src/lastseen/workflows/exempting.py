"""Adds exemptions, bound to the person's account if the latest review knows it."""

from contextlib import suppress
from datetime import date

from lastseen.ledger import PortalLedger
from lastseen.model.errors import UsageError
from lastseen.model.exemption import DOMAIN, GROUP, Exemption, exemption_key
from lastseen.model.guardrails import Guardrails
from lastseen.rosters.cells import email_address, names_another, portal_id
from lastseen.workflows.explain import (
    account_in_newest_review,
    domain_was_reviewed,
    was_reviewed,
)


def exempt(
    who: str,
    *,
    until: date,
    reason: str,
    ledger: PortalLedger,
    guardrails: Guardrails,
    ticket: str | None = None,
    approved_by: str | None = None,
) -> Exemption:
    """Exempt `who` through `until` and return the exemption; renews an earlier one.

    `who` is an id or an e-mail address in any case, or `domain:vendor.example` or `group:ID`.
    Raises UsageError for a day that has passed or is further away than the guardrails allow, for
    an empty reason, and for what is no person, no domain and no group.
    """
    named = _unwrapped(who)
    return ledger.exemptions.add(
        named,
        until=until,
        reason=reason,
        user_id=account_in_newest_review(named, ledger=ledger),
        ticket=ticket,
        approved_by=approved_by,
        longest_days=guardrails.max_exemption_days,
    )


def is_unknown(who: str, *, ledger: PortalLedger) -> bool:
    """Return whether neither the latest review nor an exemption knows the person or domain `who`.

    Also False for a group, and if the ledger holds no review to look in. Raises UsageError for
    what is neither an id nor an e-mail address, and for no domain.
    """
    if who.startswith(GROUP) or not who.strip():
        return False
    named = _unwrapped(who)
    try:
        key = exemption_key(named)
    except ValueError:  # adding it says what is wrong with it
        return False
    known = (
        domain_was_reviewed(key.removeprefix(DOMAIN), ledger=ledger)
        if who.startswith(DOMAIN)
        else was_reviewed(named, ledger=ledger)
    )
    return known is False and all(one.who != key for one in ledger.exemptions.all())


def end_exemption(who: str, *, ledger: PortalLedger) -> bool:
    """End the exemption of `who`, named as in `exempt`; return whether there was one."""
    with suppress(UsageError):
        who = _unwrapped(who)
    return ledger.exemptions.remove(who)


def _unwrapped(who: str) -> str:
    """Return an id as the portal writes it, or an address without a display name and brackets.

    Raises UsageError for anything that can be neither, which would cover nobody, and for a second
    address around the first.
    """
    if who.startswith((DOMAIN, GROUP)) or not who.strip():
        return who
    identity = portal_id(who)
    if identity is not None:
        return identity
    try:
        if names_another(who):
            raise ValueError("two e-mail addresses")
        return email_address(who)
    except ValueError:
        raise UsageError(
            attempted=f"exempting {who}",
            found="it is neither an account id nor one e-mail address",
            meaning="such an exemption would cover nobody, or somebody other than you mean",
            remedy="name one person by id or e-mail address, or use --domain",
        ) from None

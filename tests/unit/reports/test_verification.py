import json

import pytest

from lastseen.model.errors import UsageError
from lastseen.model.journal_entry import ChainViolation
from lastseen.model.verification import Verification
from lastseen.reports.verification import render_verification

PORTAL = "https://portal.example.org"
BROKEN = ChainViolation(seq=3, problem="changed", explanation="entry 3 is not what was written")


def test_a_whole_journal_is_called_whole_with_its_head():
    verification = Verification(portal=PORTAL, whole=True, head="abc")
    assert render_verification(verification, "table") == (
        b"The journal is intact.\nHead: abc\nRecords and evidence are as they were written.\n"
    )


def test_an_empty_journal_is_called_empty():
    verification = Verification(portal=PORTAL, whole=True, head=None)
    assert b"empty" in render_verification(verification, "table")


def test_a_broken_journal_names_the_entry():
    verification = Verification(portal=PORTAL, whole=False, head="abc", broken=BROKEN)
    assert b"entry 3 is not what was written" in render_verification(verification, "table")
    told = json.loads(render_verification(verification, "json"))
    assert told["whole"] is False
    assert told["broken"]["seq"] == 3


def test_damage_beside_the_journal_is_listed():
    verification = Verification(
        portal=PORTAL, whole=False, head="abc", damage=("coverage/sign-in: a row is missing",)
    )
    assert b"coverage/sign-in: a row is missing" in render_verification(verification, "table")


def test_a_head_that_no_entry_has_is_named():
    verification = Verification(portal=PORTAL, whole=False, head="abc", missing_head="def")
    assert b"no entry with the hash def" in render_verification(verification, "table")


def test_another_format_is_refused():
    with pytest.raises(UsageError):
        render_verification(Verification(portal=PORTAL, whole=True, head=None), "csv")

"""Which actions of the sign-in log count as presence."""

from lastseen.evidence.actions import FAILED, KNOWN, NOBODY, PRESENT, SESSION, SUCCESSFUL


def test_no_refused_attempt_is_presence():
    assert not FAILED & PRESENT


def test_sign_ins_and_the_events_of_sessions_are_presence():
    assert PRESENT == SUCCESSFUL | SESSION
    assert {1000, 1006, 1016, 1017, 1028, 1029} <= PRESENT


def test_every_number_is_in_one_table_only():
    assert len(KNOWN) == len(SUCCESSFUL) + len(FAILED) + len(SESSION)
    assert all(1000 <= action < 2000 for action in KNOWN)


def test_empty_and_zero_ids_are_nobody():
    assert "" in NOBODY
    assert "00000000-0000-0000-0000-000000000000" in NOBODY

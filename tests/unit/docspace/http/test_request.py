"""What fails on the way carries why, and whether the portal may have seen the request."""

import pytest

from lastseen.docspace.http.request import ConnectionFailure, ConnectionLost


def test_a_loss_has_to_say_whether_the_request_was_sent():
    with pytest.raises(TypeError):
        ConnectionLost(ConnectionFailure.TIMEOUT)  # type: ignore[call-arg]


@pytest.mark.parametrize("failure", ConnectionFailure)
def test_every_failure_is_reported_in_words_with_the_systems_own(failure):
    assert str(ConnectionLost(failure, sent=False)) == failure.value
    assert str(ConnectionLost(failure, sent=True, detail="errno 5")).endswith(": errno 5")


def test_without_more_knowledge_the_connection_broke():
    assert ConnectionLost(sent=True).failure is ConnectionFailure.BROKEN

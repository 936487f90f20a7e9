import pytest

from lastseen.docspace.http.error_text import ErrorText, Operation, Topic
from lastseen.docspace.http.request import ConnectionFailure, ConnectionLost
from lastseen.model.secret import ApiKey

KEY = "sk-abc/def+0123456789"
ERROR_TEXT = ErrorText("https://portal.example", ApiKey(KEY))
LOGS = Operation("reading the sign-in log", Topic.LOGS)


def words(error):
    return " ".join((str(error), error.attempted, error.found, error.meaning, error.remedy))


@pytest.mark.parametrize(
    ("status", "topic", "said"),
    [
        (401, Topic.PEOPLE, "key is wrong"),
        (402, Topic.LOGS, "audit option"),
        (402, Topic.CHANGE, "one more active user"),
        (403, Topic.LOGS, "may not edit the portal's settings"),
        (403, Topic.CHANGE, "nobody was changed"),
        (404, Topic.PEOPLE, "does not offer the DocSpace API"),
        (500, Topic.LOGS, "error of its own"),
        (418, Topic.LOGS, "error of its own"),
    ],
)
def test_a_status_is_reported_by_what_was_asked(status, topic, said):
    error = ERROR_TEXT.refused(Operation("Asking", topic), status, "Portal's words")

    assert said in words(error)
    assert f"{status}: Portal's words" in error.found
    assert "https://portal.example" in error.attempted


@pytest.mark.parametrize("failure", list(ConnectionFailure))
def test_every_loss_has_its_words(failure):
    error = ERROR_TEXT.lost(LOGS, ConnectionLost(failure, sent=False, detail="as the system says"))

    assert failure.value in error.found
    assert "as the system says" in error.found
    assert error.meaning
    assert error.remedy


@pytest.mark.parametrize(
    ("status", "is_foreign", "said"),
    [
        (403, False, "administrator"),
        (403, True, "firewall"),
        (401, True, "firewall"),
        (500, True, "error of its own"),
    ],
)
def test_a_web_page_says_nothing_about_the_keys_rights(status, is_foreign, said):
    error = ERROR_TEXT.refused(LOGS, status, is_foreign=is_foreign)

    assert said in words(error)


def test_a_redirect_names_the_other_address_without_what_follows_it():
    error = ERROR_TEXT.refused(LOGS, 302, location="https://other.example:8443/x?token=abc")

    assert "https://other.example:8443" in error.remedy
    assert "token" not in words(error)


@pytest.mark.parametrize("location", ["", "/login", "https://[::1", "http://x:99999/", "\x1b[2J"])
def test_a_redirect_to_nowhere_is_told_too(location):
    assert ERROR_TEXT.refused(LOGS, 302, location=location).remedy


def test_a_server_that_repeats_the_key_is_not_repeated():
    # in capitals, in small letters and as it stands in an address
    for form in (KEY, KEY.upper(), "sk-abc%2Fdef%2B0123456789", "sk-abc%2fdef%2b0123456789"):
        error = ERROR_TEXT.refused(LOGS, 400, f"bad header Bearer {form} in request")

        assert "sk-abc" not in words(error).lower()
        assert "***" in error.found


def test_a_servers_words_are_short_and_on_one_line():
    said = ERROR_TEXT.printable("\x1b]0;pwned\x07 first\r\nsecond \u202e " + "x" * 5000)

    assert said.isprintable()
    assert len(said) == 200
    assert said.startswith("]0;pwned first second")

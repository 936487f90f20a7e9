import keyring
import pytest
from keyring.backends import fail

from lastseen.model.errors import UsageError
from lastseen.rosters.references import is_reference, resolve, resolved_headers


def test_a_secret_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("HR_TOKEN", "sesame")

    assert resolve("env:HR_TOKEN", option="x") == "sesame"
    assert resolved_headers({"Authorization": "Bearer env:HR_TOKEN", "Accept": "a/b"}) == {
        "Authorization": "Bearer sesame",
        "Accept": "a/b",
    }


def test_a_secret_is_read_from_a_private_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("sesame\nsecond line\n")
    file.chmod(0o600)

    assert resolve(f"file:{file}", option="x") == "sesame"


def test_a_secret_file_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "token"
    file.write_text("sesame")
    file.chmod(0o644)

    with pytest.raises(UsageError, match="others than its owner") as refusal:
        resolve(f"file:{file}", option="x")
    assert "sesame" not in str(refusal.value)


@pytest.mark.parametrize("reference", ["env:NOT_SET", "file:/nowhere", "file:/", "keyring:none"])
def test_a_secret_that_is_not_there_is_reported_by_its_reference(reference):
    with pytest.raises(UsageError) as refusal:
        resolve(reference, option="roster.headers.X")

    assert "roster.headers.X" in refusal.value.attempted


def test_a_keyring_that_is_not_there_is_not_called_empty(monkeypatch):
    monkeypatch.setattr(keyring, "get_password", fail.Keyring().get_password)
    with pytest.raises(UsageError, match="this machine has no keyring"):
        resolve("keyring:directory", option="roster.headers.X")


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "Cookie", "Proxy-Authorization"])
def test_a_secret_written_into_the_configuration_is_refused_and_not_repeated(name):
    with pytest.raises(UsageError, match="contains a secret itself") as refusal:
        resolved_headers({name: "Bearer sesame"})

    assert "sesame" not in "".join(map(str, vars(refusal.value).values()))


@pytest.mark.parametrize("text", ["", "sesame", "env:", "environment", "http://x"])
def test_other_texts_are_no_references(text):
    assert not is_reference(text)

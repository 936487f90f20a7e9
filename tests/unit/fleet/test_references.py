"""Where a worker finds a portal's API key."""

from pathlib import Path

import pytest

from lastseen.fleet.references import is_reference, resolve
from lastseen.model.errors import UsageError

URL = "https://portal.example"
SECRET = "sk-secret-of-the-portal"


@pytest.mark.parametrize("text", ["env:ACME_KEY", "file:/run/secrets/acme"])
def test_references_are_told_from_keys(text):
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", [SECRET, "", "env:", "env:A B", "file:relative", "file:", "keyring:x", "ENV:X"]
)
def test_anything_else_is_no_reference(text):
    assert not is_reference(text)


def test_a_variable_is_read_where_the_worker_runs():
    assert (
        resolve("env:ACME", {"ACME": f" {SECRET}\n"}, portal="acme", portal_url=URL).reveal()
        == SECRET
    )


def test_the_first_line_of_a_file_is_the_key(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\nand more\n")
    file.chmod(0o440)
    assert resolve(f"file:{file}", {}, portal="acme", portal_url=URL).reveal() == SECRET


def test_a_file_that_every_user_can_read_is_refused(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(UsageError, match="others than its owner") as caught:
        resolve(f"file:{file}", {}, portal="acme", portal_url=URL)
    assert SECRET not in str(vars(caught.value))


def test_a_missing_key_names_the_portal_and_the_reference():
    with pytest.raises(UsageError) as caught:
        resolve("env:ACME_KEY", {"LASTSEEN_API_KEY": SECRET}, portal="acme", portal_url=URL)
    assert "acme" in caught.value.attempted
    assert "env:ACME_KEY" in caught.value.attempted
    assert "not set" in caught.value.found


@pytest.mark.parametrize("written", [f"Bearer {SECRET}", f'"{SECRET}"', f"{SECRET}’"])
def test_what_can_be_no_key_is_refused_and_not_repeated(written):
    with pytest.raises(UsageError) as caught:
        resolve("env:ACME", {"ACME": written}, portal="acme", portal_url=URL)
    assert SECRET not in str(vars(caught.value))


@pytest.mark.parametrize("line", ["portal=https://other.example", "Portal : https://other.example"])
def test_a_key_file_bound_to_another_portal_is_refused(tmp_path: Path, line: str):
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n{line}\n")
    file.chmod(0o400)

    with pytest.raises(UsageError, match=r"binds it to https://other\.example") as caught:
        resolve(f"file:{file}", {}, portal="acme", portal_url=URL)
    assert SECRET not in str(vars(caught.value))
    bound_to_other = resolve(f"file:{file}", {}, portal="other", portal_url="https://other.example")
    assert bound_to_other.reveal() == SECRET

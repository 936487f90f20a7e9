import pytest
from yarl import URL

from lastseen.model.errors import UsageError
from lastseen.rosters.json_client import same_service, service_address


@pytest.mark.parametrize(
    "text",
    ["https://hr.example/a", "http://127.0.0.1:1/a", "http://localhost/a", "http://[::1]:8/"],
)
def test_https_everywhere_and_http_on_this_machine_can_be_asked(text):
    assert str(service_address(text, source="http")) == text


@pytest.mark.parametrize("text", ["http://hr.example/", "http://127.0.0.1.evil.example/", "x", ""])
def test_other_addresses_are_refused(text):
    with pytest.raises(UsageError, match="it is not"):
        service_address(text, source="http")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://hr.example:443/b?c=1", True),
        ("https://HR.example/b", True),
        ("http://hr.example/b", False),
        ("https://hr.example:8443/b", False),
        ("https://hr.example.evil.example/b", False),
    ],
)
def test_a_service_is_its_scheme_host_and_port(other, same):
    assert same_service(URL("https://hr.example/a"), URL(other)) is same

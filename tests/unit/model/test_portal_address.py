import pytest

from lastseen.model.errors import UsageError
from lastseen.model.portal_address import portal_address


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://Example.OnlyOffice.com", "https://example.onlyoffice.com"),
        (" https://example.onlyoffice.com/ ", "https://example.onlyoffice.com"),
        ("HTTPS://example.onlyoffice.com:443", "https://example.onlyoffice.com"),
        ("https://example.onlyoffice.com.:8443/", "https://example.onlyoffice.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://büro.example", "https://xn--bro-hoa.example"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://BÜRO。example", "https://xn--bro-hoa.example"),
        ("https://docspace_1.example", "https://docspace_1.example"),
    ],
)
def test_an_address_has_one_form(written, used):
    assert portal_address(written) == used


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example.onlyoffice.com",
        "ftp://example.onlyoffice.com",
        "https://",
        "https://example.onlyoffice.com/rooms/shared",
        "https://example.onlyoffice.com?x=1",
        "https://example.onlyoffice.com#x",
        "https://example.onlyoffice.com:0",
        "https://example.onlyoffice.com:99999",
        "https://example.onlyoffice.com:port",
        "https://[::1",
        "https://exa mple.com",
        "https://☃.example",
        "https://exa\u200bmple.com",
        "https://example.com\r\nX: y",
        "https://.",
        "https://.example",
        "https://portal..example",
        "https://" + "x" * 64 + ".example",
        "https://" + "x." * 130 + "example",
        "http://portal.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://10.0.0.1",
    ],
)
def test_anything_else_is_refused(written):
    with pytest.raises(UsageError):
        portal_address(written)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(UsageError) as caught:
        portal_address("https://me:hunter2@example.onlyoffice.com/path")

    error = caught.value
    assert "hunter2" not in f"{error}{error.found}{error.meaning}{error.remedy}{error!r}"

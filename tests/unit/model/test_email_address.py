import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.email_address import domain_pattern, email_key, in_domain, near_key

SAME = [
    ("Ann@X.example", " ann@x.EXAMPLE "),
    ("ann@faß.example", "ANN@xn--fa-hia.example"),
    ("ann@FAẞ.example", "ann@faß.example"),
    ("ann@bücher.example", "ann@XN--BCHER-KVA.example"),
    ("ann@bu\u0308cher.example", "ann@b\u00fccher.example"),
]

NEARLY = [
    ("hans.straße@x.example", "hans.strasse@x.example"),
    ("ann@faß.example", "ann@fass.example"),
    ("\u017fam@x.example", "sam@x.example"),
    ("\u212aim@x.example", "kim@x.example"),
    ("\ufb01n@x.example", "fin@x.example"),
    ("\uff41nn@x.example", "ann@x.example"),
    ("ann@\uff58.example", "ann@x.example"),
    ("jose\u0301@x.example", "jos\u00e9@x.example"),
    ("josé@x.example", "jose@x.example"),
    ("JOSÉ@x.example", "josé@x.example"),
    ("\u0131an@x.example", "ian@x.example"),
    ("\u0130an@x.example", "ian@x.example"),
    ("an\u200bn@x.example", "ann@x.example"),
    ("οδο\u03c2@x.example", "οδο\u03c3@x.example"),
    ("\u0430nn@x.example", "ann@x.example"),
    ("\u0410nn@x.example", "ann@x.example"),
    ("ann@v\u0435ndor.example", "ann@vendor.example"),
    ("ann@XN--VNDOR-ZWE.example", "ann@vendor.example"),
    ("\u0440\u0430\u0443\u0440\u0430\u04cf@x.example", "paypai@x.example"),
    ("j\u03bfe@x.example", "joe@x.example"),
    ("\u0585scar@x.example", "oscar@x.example"),
    ("m\u0131\u00e7o@x.example", "mico@x.example"),
    ("ann\u0661@x.example", "ann1@x.example"),
    ("ann\u3164@x.example", "ann@x.example"),
    ("an\ufe0fn@x.example", "ann@x.example"),
]

NO_DOMAINS = [
    '"vendor.example"',
    "*@v.example",
    "*.v.example",
    "https://v.example",
    "ann@v.example",
    "v.example.",
    ";",
    "a.example;b.example",
    "a.example b.example",
    "vendor",
    "192.0.2.1",
    "-v.example",
    "..v.example",
    "v..example",
    "v_.example",
    "@",
    ".",
    "",
    "v" * 64 + ".example",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_addresses_are_compared_in_ascii_case_and_by_idna_2008(one, other):
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(("one", "other"), NEARLY)
def test_addresses_that_look_alike_are_nearly_the_same_and_not_the_same(one, other):
    assert email_key(one) != email_key(other)
    assert near_key(one) == near_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ann1@x.example", "annl@x.example"), ("\u0436ann@x.example", "xann@x.example")],
)
def test_addresses_that_can_be_told_apart_are_not_nearly_the_same(one, other):
    assert near_key(one) != near_key(other)


@pytest.mark.parametrize(
    "text", ["v\u0435ndor.example", ".\u0430udit.example", "xn--vndor-zwe.example"]
)
def test_a_domain_that_only_looks_like_another_is_refused(text):
    # It would exclude nobody, and nobody could see why.
    with pytest.raises(ValueError, match="mixes Latin letters"):
        domain_pattern(text)


@pytest.mark.parametrize("text", ["пример.рф", "b\u00fccher.example", "δοκιμή.example"])
def test_domains_of_one_script_are_taken(text):
    assert domain_pattern(text).startswith("xn--")


@given(st.text(), st.text())
def test_addresses_that_are_the_same_are_nearly_the_same(local, domain):
    address = f"{local}@{domain}"

    assert near_key(email_key(address)) == near_key(address)


@pytest.mark.parametrize("text", NO_DOMAINS)
def test_a_text_that_cannot_be_a_domain_is_refused(text):
    with pytest.raises(ValueError, match="is not a domain"):
        domain_pattern(text)


@pytest.mark.parametrize(
    ("address", "domain", "expected"),
    [
        ("a@Vendor.example", "vendor.EXAMPLE", True),
        ("a@vendor.example", "@vendor.example", True),
        ("a@sub.vendor.example", "vendor.example", False),
        ("a@sub.vendor.example", ".vendor.example", True),
        ("a@vendor.example", ".vendor.example", True),
        ("a@notvendor.example", ".vendor.example", False),
        ("a@faß.example", "xn--fa-hia.example", True),
        ("a@fass.example", "faß.example", False),
        ("vendor.example", "vendor.example", False),
    ],
)
def test_an_address_lies_in_its_own_domain_and_below_one_with_a_dot(address, domain, expected):
    assert in_domain(address, domain_pattern(domain)) is expected

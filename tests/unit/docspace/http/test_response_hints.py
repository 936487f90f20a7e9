"""When to come back is never longer than asked, never negative, and never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.docspace.http.request import Response
from lastseen.docspace.http.response_hints import is_web_page, retry_after_seconds
from tests.unit.docspace.scripted import NOW, ok, raw


def seconds(text: str) -> float | None:
    return retry_after_seconds({"Retry-After": text}, NOW)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("30", 30),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("86400", 86_400),
        ("Sun, 01 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 01 Nov 2026 11:59:00 GMT", 0),  # in the past: at once
        ("Sun, 01 Nov 2026 13:01:00 +0100", 60),
        ("9" * 400, 1e7),
    ],
)
def test_a_number_or_a_date_says_when(text, asked):
    assert seconds(text) == asked


@pytest.mark.parametrize("text", ["", " ", "soon", "-5", "1e3", "1.2.3", "٣", "Sun, 99 Nov 2026"])
def test_what_is_neither_says_nothing(text):
    assert seconds(text) is None


def test_without_the_header_nothing_is_said():
    assert retry_after_seconds({}, NOW) is None


@given(st.text(max_size=40))
def test_whatever_stands_there_is_no_crash_and_no_negative_pause(text):
    pause = seconds(text)

    assert pause is None or pause >= 0


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"<!DOCTYPE html><p>Sign in"),
        raw(b"\n  <HTML>"),
        Response(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=b""),
    ],
)
def test_a_page_for_people_is_known_by_its_type_or_its_beginning(answer):
    assert is_web_page(answer)


def test_an_answer_of_the_portal_is_no_page():
    assert not is_web_page(ok([{"email": "<html>@example.org"}]))

import json

import msgspec
import pytest

from lastseen.rosters.further_pages import Further, further


def said(document: dict[str, object]) -> Further:
    return further(msgspec.json.decode(json.dumps(document), type=dict[str, msgspec.Raw]))


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"next": "/people?page=2"}, "next"),
        ({"@odata.nextLink": "https://hr.example/2"}, "@odata.nextLink"),
        ({"next_page": 2}, "next_page"),
        ({"hasMore": True}, "hasMore"),
        ({"links": {"next": {"href": "/2"}}}, "next"),
        ({"_links": {"next": "/2"}}, "next"),
        ({"meta": {"next_cursor": "abc"}}, "next_cursor"),
        ({"pageInfo": {"hasNextPage": True}}, "hasNextPage"),
    ],
)
def test_a_further_page_is_known_by_its_usual_names(document, name):
    assert said(document).next_name == name


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"next": None, "hasMore": False, "next_page": 0, "nextLink": ""},
        {"links": {"next": None, "self": "/1"}, "meta": [], "paging": None},
        {"hasMore": "false"},
        {"next_review": "2027-01-01", "status": {"next": 1}},
    ],
)
def test_the_last_page_names_none(document):
    assert said(document) == Further(None, 0)


def test_the_largest_total_counts():
    assert said({"total": 3, "meta": {"totalCount": 500}, "totalPages": 9_999}).total == 500
    assert said({"total": "500", "totalItems": True}).total == 0


def test_a_value_that_cannot_be_read_may_be_a_further_page():
    assert further({"next": msgspec.Raw(b"[" * 100_000)}).next_name == "next"

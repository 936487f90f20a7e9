import json

import msgspec
import pytest

from lastseen.rosters.further_pages import PagingHints, paging_hints


def said(document: dict[str, object]) -> PagingHints:
    return paging_hints(msgspec.json.decode(json.dumps(document), type=dict[str, msgspec.Raw]))


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"next": "/people?page=2"}, "next"),
        ({"@odata.nextLink": "https://hr.example/2"}, "@odata.nextLink"),
        ({"next_page": 2}, "next_page"),
        ({"hasMore": True}, "hasMore"),
        ({"continuationToken": "abc"}, "continuationToken"),
        ({"links": {"next": {"href": "/2"}}}, "next"),
        ({"_links": {"next": "/2"}}, "next"),
        ({"_links": {"next": [{"href": "/2"}]}}, "next"),
        ({"meta": {"next_cursor": "abc"}}, "next_cursor"),
        ({"meta": {"pagination": {"links": {"next": "/2"}}}}, "next"),
        ({"response_metadata": {"next_cursor": "abc"}}, "next_cursor"),
        ({"d": {"__next": "https://hr.example/2"}}, "__next"),
        ({"pageInfo": {"hasNextPage": True}}, "hasNextPage"),
        ({"hasMore": "Yes"}, "hasMore"),
    ],
)
def test_a_further_page_is_known_by_its_usual_names(document, name):
    assert said(document).next_name == name


@pytest.mark.parametrize(
    "link",
    [
        {"rel": "next", "href": "/2"},
        {"relation": "next", "url": "https://fhir.example/2"},
        {"rel": ["next"], "href": "/2"},
        {"rel": "next last", "uri": "/2"},
    ],
)
@pytest.mark.parametrize("holder", ["links", "link", "_links"])
def test_a_further_page_is_known_in_a_list_of_links(holder, link):
    links = [{"rel": "self", "href": "/1"}, link]

    assert said({holder: links}).next_name == "next"
    assert said({holder: links[:1]}).next_name is None


@pytest.mark.parametrize("name", ["last", "isLast", "lastPage"])
def test_a_page_that_is_not_the_last_has_another_behind_it(name):
    assert said({name: False}).next_name == name
    assert said({name: "False"}).next_name == name
    for value in (True, "true", None, "", "/people?page=1"):
        assert said({name: value}).next_name is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"next": None, "hasMore": False, "next_page": 0, "nextLink": ""},
        {"links": {"next": None, "self": "/1"}, "meta": [], "paging": None},
        {"links": [{"rel": "next", "href": None}, {"rel": "prev", "href": "/1"}, "next", 7]},
        {"_links": {"next": {"href": None, "templated": True}}},
        {"next_review": "2027-01-01", "status": {"next": 1}},
    ],
)
def test_the_last_page_names_none(document):
    assert said(document) == PagingHints()


@pytest.mark.parametrize("no", ["false", "False", "FALSE", "0", "no", "No", " ", "null", "none"])
def test_a_written_no_is_a_no(no):
    assert said({"hasMore": no}) == PagingHints()


def test_the_largest_total_counts():
    assert said({"total": 3, "meta": {"totalCount": 500}}).total == 500
    assert said({"total": "200"}).total == 200
    assert said({"meta": {"pagination": {"total": 200.0}}}).total == 200
    assert said({"total": "many", "totalItems": True}).total == 0


@pytest.mark.parametrize(
    "document",
    [
        {"page": 1, "totalPages": 9},
        {"page": {"number": 0, "totalPages": 9}},
        {"meta": {"current_page": 1, "last_page": "9"}},
    ],
)
def test_the_number_of_pages_is_known(document):
    assert said(document) == PagingHints(pages=9)


def test_hints_are_found_however_deep():
    deep: object = {"next": "/2"}
    for _ in range(300):
        deep = {"meta": deep}

    assert said({"meta": deep}).next_name == "next"


def test_a_value_that_cannot_be_read_may_be_a_further_page():
    assert paging_hints({"next": msgspec.Raw(b"[" * 100_000)}).next_name == "next"

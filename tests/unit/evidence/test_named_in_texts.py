"""Whom an entry names in its text: by whole words, in any order, in any language."""

import time

import pytest

from lastseen.evidence.named_in_texts import NamedInTexts
from lastseen.model.contractor import Profile
from tests.unit.evidence.fake_log import ANN, NOW


def is_named(text: str, *, name: str = "", email: str = "") -> bool:
    profile = Profile(id=ANN, email=email, display_name=name)
    return bool(NamedInTexts([(text, NOW)]).times(profile))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Added user: Ann Lee. Role: Viewer", "Ann Lee"),
        ("Added user: Lee Ann. Role: Viewer", "Ann Lee"),
        ("Ajout de ANN LEE (lecteur)", "Ann Lee"),
        ("Added user: Lee,  Ann. Role: Viewer", "Lee, Ann"),
        ("Added user: O'Neil Jr.. Role: Viewer", "O'Neil Jr."),
        ("已添加 张三。查看者", "张三"),
        ("用户张三已添加", "张三"),
        ("Added user: ann@example.net. Role: Viewer", "ann@example.net"),
    ],
)
def test_a_person_is_named_by_name(text: str, name: str) -> None:
    assert is_named(text, name=name)


@pytest.mark.parametrize("text", ["Invitation sent again: Ann@Example.NET", "ann@example.net"])
def test_a_person_is_named_by_address_in_any_case(text: str) -> None:
    assert is_named(text, email="ann@example.net", name="Somebody Else")


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("Added user: Anna Leeds. Role: Viewer", "Ann Lee", "ann@example.net"),
        ("Added user: Lee Miller. Role: Viewer", "Ann Lee", "ann@example.net"),
        ("Invitation sent again: joann@example.net", "Ann Lee", "ann@example.net"),
        ("Invitation sent again: ann@example.net.example", "Ann Lee", "ann@example.net"),
        ("", "Ann Lee", "ann@example.net"),
        ("Added user: Ann Lee", "", ""),
    ],
)
def test_nobody_is_named_by_parts_of_words_or_names(text: str, name: str, email: str) -> None:
    assert not is_named(text, name=name, email=email)


def test_many_people_are_looked_for_in_many_texts_quickly() -> None:
    texts = [(f"Added user: Person {n}. Role: Viewer", NOW) for n in range(5_000)]
    began = time.process_time()
    named = NamedInTexts(texts)
    found = [len(named.times(Profile(id=ANN, display_name=f"Person {n}"))) for n in range(5_000)]
    assert found == [1] * 5_000
    assert time.process_time() - began < 5

"""Each option of a roster is defined once; configuration and template are made from it."""

import pytest

from lastseen.config.load import settings_from
from lastseen.config.template import configuration_text
from lastseen.model.errors import UsageError
from lastseen.rosters.interface import OPTIONS, RosterOptions
from lastseen.rosters.sources import SOURCES

PORTAL = {"portal": {"url": "https://portal.example"}}


def test_every_option_but_the_two_for_all_sources_says_whose_it_is():
    assert {"source", "reconcile", *OPTIONS} == set(RosterOptions.__struct_fields__)
    assert {source for option in OPTIONS.values() for source in option.sources} <= set(SOURCES)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_options_example_is_a_valid_value_of_it(name):
    example = OPTIONS[name].example
    written = list(example) if isinstance(example, tuple) else example

    settings = settings_from({**PORTAL, "roster": {name: written}})

    value = getattr(settings.roster, name)
    assert (str(value) if name == "path" else value) == example


@pytest.mark.parametrize("name", OPTIONS)
def test_a_new_configuration_explains_every_option_that_is_not_set(name):
    text = configuration_text(settings_from(PORTAL))

    first_words = OPTIONS[name].text[:20]
    assert first_words in text
    assert f"# {name} = " in text or f"# [roster.{name}]" in text


def test_a_value_that_may_be_a_secret_is_in_no_message():
    with pytest.raises(UsageError) as refusal:
        settings_from({**PORTAL, "roster": {"url": 5, "query": 6, "sheet": 7}})

    assert "roster.sheet = 7" in refusal.value.found
    assert "5" not in refusal.value.found
    assert "6" not in refusal.value.found

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lastseen.config.load import load_settings
from lastseen.config.settings import PortalSettings, Settings
from lastseen.config.template import configuration_text
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Policy
from lastseen.rosters import RosterOptions

PORTAL = PortalSettings(url="https://portal.example.com")

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
visible = texts.filter(str.strip)
lists = st.lists(texts, max_size=3).map(tuple)
domains = st.lists(st.sampled_from(["vendor.com", ".v.example", "@faß.example"])).map(tuple)
rosters = st.builds(
    RosterOptions,
    source=st.sampled_from(["guests", "csv", "sql"]),
    reconcile=st.booleans(),
    path=st.none() | visible.filter(lambda t: "\0" not in t).map(lambda t: Path("/srv") / f"x{t}"),
    groups=lists,
    email_domains=domains,
    inviters=lists,
    exclude_email_domains=domains,
    columns=st.dictionaries(st.sampled_from(["id", "email", "end_date"]), st.text(max_size=5)),
    url=st.none() | visible,
    query=st.none() | visible,
    rows=st.none() | visible,
    headers=st.dictionaries(texts, texts, max_size=2),
    filter=st.none() | visible,
)
policies = st.builds(
    Policy,
    inactive_days=st.integers(1, 180),
    lookback_days=st.integers(180, 36500),
    never_seen=st.sampled_from(["grace", "disable", "keep"]),
    evidence=st.sampled_from([("sign-in",), ("sign-in", "activity"), ("activity", "sign-in")]),
    reinstated_grace_days=st.integers(0, 100),
    contract_end=st.sampled_from(["disable", "report"]),
)
guardrails = st.builds(
    Guardrails,
    max_disable=st.integers(0, 10**6),
    max_disable_share=st.floats(0, 1),
    max_plan_age_hours=st.floats(0, 800_000, exclude_min=True),
)
ledgers = st.none() | st.just('sqlite:////var/lib/lastseen/led"g\\er.sqlite3')
anything = st.builds(
    Settings,
    portal=st.builds(
        PortalSettings, url=st.just(PORTAL.url), disabled_status=st.sampled_from(["Terminated", 2])
    ),
    roster=rosters,
    policy=policies,
    guardrails=guardrails,
    ledger_url=ledgers,
)


@given(anything)
def test_what_is_written_reads_back_as_it_was(tmp_path_factory, settings):
    path = tmp_path_factory.mktemp("written") / "lastseen.toml"

    path.write_text(configuration_text(settings), encoding="utf-8")

    assert load_settings(path, {}) == settings


def test_every_key_is_in_the_file_even_where_it_is_not_set():
    text = configuration_text(Settings(portal=PORTAL))

    uncommented = text.replace("\n# ", "\n")
    for struct in (PortalSettings, RosterOptions, Policy, Guardrails):
        later = ("url", "query", "rows", "headers", "filter")
        for key in struct.__struct_fields__:
            written = {"cohorts": "[[policy.for]]"}.get(key, f"{key} = ")
            if not (struct is RosterOptions and key in later):
                assert f"\n{written}" in uncommented or f"\n[roster.{key}]" in uncommented


def test_the_file_is_toml_that_sets_only_what_is_set():
    tables = tomllib.loads(configuration_text(Settings(portal=PORTAL)))

    assert tables["roster"] == {"source": "guests", "reconcile": True}
    assert tables["ledger"] == {}


def test_no_line_is_longer_than_a_screen_is_wide():
    text = configuration_text(Settings(portal=PORTAL))

    assert max(map(len, text.splitlines())) <= 100

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.config.load import load_settings
from lastseen.config.settings import PortalSettings, Settings
from lastseen.model.errors import ExitCode, UsageError
from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Policy
from lastseen.rosters import RosterOptions

URL = "https://portal.example.com"
SECRET = "sk-0123456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def from_environment(**variables: str) -> Settings:
    environ = {"LASTSEEN_PORTAL__URL": URL, "PATH": "/bin"}
    return load_settings(None, {**environ, **{f"LASTSEEN_{k}": v for k, v in variables.items()}})


def from_file(text: str, **variables: str) -> Settings:
    Path("lastseen.toml").write_text(text, encoding="utf-8")
    return load_settings(None, {f"LASTSEEN_{k}": v for k, v in variables.items()})


def refused(text: str, **variables: str) -> UsageError:
    """Return what a file, which need not name its portal, is refused with."""
    if "[portal]" not in text:
        variables = {"PORTAL__URL": URL, **variables}
    with pytest.raises(UsageError) as refusal:
        from_file(text, **variables)
    assert refusal.value.exit_code is ExitCode.USAGE
    return refusal.value


# --- where settings come from ---------------------------------------------------------------------


def test_the_portals_address_is_enough():
    assert from_environment() == Settings(
        portal=PortalSettings(url=URL, disabled_status="Terminated"),
        roster=RosterOptions(source="guests", reconcile=True),
        policy=Policy(
            inactive_days=30,
            lookback_days=180,
            never_seen="grace",
            evidence=("sign-in", "activity"),
            reinstated_grace_days=14,
            contract_end="disable",
        ),
        guardrails=Guardrails(max_disable=50, max_disable_share=0.25, max_plan_age_hours=24),
        ledger_url=None,
    )


def test_every_key_of_the_file_is_read(folder):
    settings = from_file(
        """
        [portal]
        url = "https://Portal.Example.com/"
        disabled_status = 2
        [roster]
        source = "csv"
        reconcile = false
        path = "contractors.csv"
        [roster.columns]
        email = "Mail"
        end_date = "Ende"
        [policy]
        inactive_days = 45
        lookback_days = 90
        never_seen = "keep"
        evidence = ["sign-in"]
        reinstated_grace_days = 0
        contract_end = "report"
        [guardrails]
        max_disable = 0
        max_disable_share = 1
        max_plan_age_hours = 0.5
        [ledger]
        url = "sqlite:////var/lib/lastseen/ledger.sqlite3"
        """
    )

    assert settings == Settings(
        portal=PortalSettings(url=URL, disabled_status=2),
        roster=RosterOptions(
            source="csv",
            reconcile=False,
            path=Path("contractors.csv"),
            columns={"email": "Mail", "end_date": "Ende"},
        ),
        policy=Policy(
            inactive_days=45,
            lookback_days=90,
            never_seen="keep",
            evidence=("sign-in",),
            reinstated_grace_days=0,
            contract_end="report",
        ),
        guardrails=Guardrails(max_disable=0, max_disable_share=1, max_plan_age_hours=0.5),
        ledger_url="sqlite:////var/lib/lastseen/ledger.sqlite3",
    )


def test_options_of_the_guests_and_of_later_sources_are_read():
    roster = from_environment(
        ROSTER__GROUPS='["a", "b"]',
        ROSTER__EMAIL_DOMAINS="vendor.com, .other.org ,",
        ROSTER__INVITERS="boss@example.com",
        ROSTER__EXCLUDE_EMAIL_DOMAINS="example.com",
        ROSTER__URL="https://hr.example.com",
        ROSTER__QUERY="select 1",
        ROSTER__ROWS="data.people",
        ROSTER__HEADERS='{"Authorization": "env:HR_TOKEN"}',
        ROSTER__FILTER='userType eq "Contractor"',
        ROSTER__COLUMNS__END_DATE="Ende",
    ).roster

    assert roster == RosterOptions(
        groups=("a", "b"),
        email_domains=("vendor.com", ".other.org"),
        inviters=("boss@example.com",),
        exclude_email_domains=("example.com",),
        url="https://hr.example.com",
        query="select 1",
        rows="data.people",
        headers={"Authorization": "env:HR_TOKEN"},
        filter='userType eq "Contractor"',
        columns={"end_date": "Ende"},
    )


def test_the_environment_goes_before_the_file_key_by_key():
    settings = from_file(
        f'[portal]\nurl = "{URL}"\n[policy]\ninactive_days = 45\nreinstated_grace_days = 3\n',
        POLICY__INACTIVE_DAYS="60",
        GUARDRAILS__MAX_DISABLE="7",
        LEDGER__URL="sqlite:///x",
    )

    assert settings.policy == Policy(inactive_days=60, reinstated_grace_days=3)
    assert settings.guardrails.max_disable == 7
    assert settings.ledger_url == "sqlite:///x"


def test_an_empty_variable_sets_nothing():
    settings = from_file(
        f'[portal]\nurl = "{URL}"\n[policy]\ninactive_days = 45\n', POLICY__INACTIVE_DAYS=""
    )

    assert settings.policy.inactive_days == 45


def test_the_surroundings_of_the_process_are_not_looked_at(monkeypatch):
    monkeypatch.setenv("LASTSEEN_POLICY__INACTIVE_DAYS", "99")

    assert from_environment().policy.inactive_days == 30


def test_variables_of_anybody_else_do_not_matter():
    settings = from_environment(
        SERVICE_HOST="10.0.0.1", PORT="tcp://10.0.0.1:80", PORT_80_TCP_ADDR="x", API_KEY=SECRET
    )

    assert settings == from_environment()


def test_a_file_named_is_read_and_the_one_in_the_folder_is_not(folder):
    named = folder / "elsewhere" / "prod.toml"
    named.parent.mkdir()
    named.write_text(f'[portal]\nurl = "{URL}"\n[policy]\ninactive_days = 77\n')
    Path("lastseen.toml").write_text("[policy]\ninactive_days = 55\n")

    assert load_settings(named, {}).policy.inactive_days == 77


def test_a_path_in_a_file_is_taken_from_its_folder_and_one_in_a_variable_as_it_is(folder):
    named = folder / "elsewhere" / "prod.toml"
    named.parent.mkdir()
    named.write_text(f'[portal]\nurl = "{URL}"\n[roster]\nsource = "csv"\npath = "people.csv"\n')

    assert load_settings(named, {}).roster.path == named.parent / "people.csv"
    in_variable = {"LASTSEEN_ROSTER__PATH": "people.csv"}
    assert load_settings(named, in_variable).roster.path == Path("people.csv")


def test_a_file_with_a_byte_order_mark_is_read():
    assert from_file(f'\ufeff[portal]\nurl = "{URL}"\n').portal.url == URL


def test_a_longer_window_takes_the_lookback_along_unless_that_is_set():
    policy = from_environment(POLICY__INACTIVE_DAYS="365").policy

    assert policy == Policy(inactive_days=365, lookback_days=365)


# --- files that can't be read ---------------------------------------------------------------------


def test_a_missing_file_a_folder_and_another_encoding_are_refused(folder):
    latin = folder / "latin.toml"
    latin.write_bytes(b'[portal]\nurl = "https://b\xfccher.example"\n')

    for path in (folder / "nowhere.toml", folder, latin):
        with pytest.raises(UsageError) as refusal:
            load_settings(path, {"LASTSEEN_PORTAL__URL": URL})
        assert str(path) in refusal.value.attempted


def test_what_is_not_toml_is_refused_by_line_and_column_without_its_text():
    error = refused(f'[portal]\nurl = "{URL}"\napi_key = {SECRET}\n')

    assert "line 3, column 11" in error.found
    assert SECRET not in told(error)


# --- values that are wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy]\ninactive_days = -3", "policy.inactive_days = -3 must be at least 1"),
        ("[policy]\ninactive_days = 0", "policy.inactive_days = 0 must be at least 1"),
        ('[policy]\ninactive_days = "thirty"', "inactive_days = 'thirty' must be a whole number"),
        ("[policy]\ninactive_days = 1.5", "inactive_days = 1.5 must be a whole number"),
        ("[policy]\ninactive_days = true", "inactive_days = True must be a whole number"),
        ("[policy]\ninactive_days = 999999999", "must be at most 36500"),
        ("[policy]\nreinstated_grace_days = -1", "must be at least 0"),
        (
            "[policy]\ninactive_days = 30\nlookback_days = 10",
            "lookback_days = 10 must not be less than inactive_days = 30",
        ),
        ('[policy]\nnever_seen = "maybe"', "must be 'grace', 'disable' or 'keep'"),
        ('[policy]\ncontract_end = "x"', "must be 'disable' or 'report'"),
        ('[policy]\nevidence = ["sign-ins"]', "must be 'sign-in' or 'activity'"),
        ('[policy]\nevidence = ["activity"]', "must include sign-in"),
        ("[policy]\nevidence = []", "must include sign-in"),
        ("policy = 3", "policy = 3 must be a table"),
        ("[guardrails]\nmax_disable = -1", "must be at least 0"),
        ("[guardrails]\nmax_disable_share = 25", "max_disable_share = 25 must be at most 1"),
        ("[guardrails]\nmax_disable_share = -0.1", "must be at least 0"),
        ("[guardrails]\nmax_disable_share = nan", "max_disable_share"),
        ("[guardrails]\nmax_plan_age_hours = 0", "must be more than 0"),
        (
            '[roster]\nsource = "cvs"',
            "source = 'cvs' must be one of guests, csv, xlsx,",
        ),
        ('[roster]\nreconcile = "perhaps"', "reconcile = 'perhaps' must be true or false"),
        ("[roster]\ngroups = 3", "roster.groups = 3 must be a list"),
        ('[roster]\ngroups = [""]', "must not be empty"),
        ("[roster]\ngroups = [1]", "must be text"),
        ("[roster]\npath = 3", "roster.path = 3 must be a path"),
        ("[roster]\ncolumns = 3", "roster.columns = 3 must be a table"),
        ('[roster.columns]\nemali = "Mail"', "names emali; there are only id, email"),
        ('[roster]\nemail_domains = ","', "names nothing between its commas"),
        ('[roster]\ninviters = " , "', "names nothing between its commas"),
        ('[roster]\nexclude_email_domains = ",,"', "names nothing between its commas"),
        ('[ledger]\nurl = "ledger.sqlite3"', "must be the URL of a database"),
        ('[ledger]\nurl = "sqlite:///"', "names no file"),
        ('[ledger]\nurl = "sqlite+pysqlite:////"', "names no file"),
        ('[portal]\nurl = "http://portal.example.com"', "https://"),
        ('[portal]\nurl = "portal.example.com"', "write the whole address"),
        ('[portal]\nurl = "https://portal.example.com/rooms"', "only the scheme and the host"),
        ("[portal]\nurl = 3", "portal.url must be text"),
        (f'[portal]\nurl = "{URL}"\ndisabled_status = "Active"', "must be Terminated or 2"),
        (f'[portal]\nurl = "{URL}"\ndisabled_status = 4', "must be Terminated or 2"),
        (f'[portal]\nurl = "{URL}"\ndisabled_status = true', "must be Terminated or 2"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(text, said):
    assert said in refused(text).found


def test_a_postgres_ledger_may_be_at_the_local_socket():
    settings = from_environment(PORTAL__URL=URL, LEDGER__URL="postgresql+psycopg:///")

    assert settings.ledger_url == "postgresql+psycopg:///"


@pytest.mark.parametrize(
    ("written", "status"),
    [('"Terminated"', "Terminated"), ('"terminated"', "Terminated"), ("2", 2), ('"2"', 2)],
)
def test_the_status_may_be_a_name_or_a_number(written, status):
    settings = from_file(f'[portal]\nurl = "{URL}"\ndisabled_status = {written}\n')

    assert settings.portal.disabled_status == status


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]
)
def test_plain_http_is_for_this_machine(url):
    assert from_environment(PORTAL__URL=url + "/").portal.url == url


def test_a_missing_portal_is_reported_with_every_way_to_name_it():
    error = refused("[portal]\n")

    assert error.found == "portal.url is not set"
    assert "LASTSEEN_PORTAL__URL" in error.remedy
    with pytest.raises(UsageError, match=r"portal\.url is not set"):
        load_settings(None, {"LASTSEEN_POLICY__INACTIVE_DAYS": "30"})


def test_all_that_is_wrong_is_reported_at_once():
    error = refused(
        "[policy]\ninactive_days = -3\n[guardrails]\nmax_disable_share = 2\n[polcy]\nx = 1\n",
        POLICY__NEVER_SEEN="maybe",
    )

    for part in ("inactive_days", "max_disable_share", "polcy", "LASTSEEN_POLICY__NEVER_SEEN"):
        assert part in error.found


# --- names that are wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[policy]\ninactive_dayz = 3",
            "inactive_dayz is not a key: did you mean `inactive",
        ),
        ("[policy]\nmax_disable = 3", "policy.max_disable is not a key: it belongs under [guard"),
        ("[polciy]\ninactive_days = 3", "polciy is not a table: did you mean `policy`?"),
        ("inactive_days = 3", "inactive_days is not a table: it belongs under [policy]"),
        ('_env_file = "x"', "_env_file is not a table"),
        ('"\\u001b[31m" = 3', "'\\x1b[31m' is not a table"),
        ("[zzz]\nx = 3", "zzz is not a table: there are portal, roster, policy"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(text, said):
    assert said in refused(text).found


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("POLICY__INACTIVE_DAYZ", "did you mean `inactive_days`?"),
        ("POLICY__FOO", "is not a key: there are"),
        ("POLCY__INACTIVE_DAYS", "doesn't name a table: did you mean `policy`?"),
        ("POLICY_INACTIVE_DAYS", "did you mean LASTSEEN_POLICY__INACTIVE_DAYS?"),
        ("INACTIVE_DAYS", "did you mean LASTSEEN_POLICY__INACTIVE_DAYS?"),
        ("LEDGER", "must be a table"),
    ],
)
def test_a_variable_that_would_set_nothing_is_refused(variable, said):
    with pytest.raises(UsageError) as refusal:
        from_environment(**{variable: "90"})

    assert f"LASTSEEN_{variable}" in refusal.value.found
    assert said in refusal.value.found


# --- secrets --------------------------------------------------------------------------------------


def told(error: UsageError) -> str:
    return " ".join((error.attempted, error.found, error.meaning, error.remedy, str(error)))


@pytest.mark.parametrize(
    "text",
    [
        f'api_key = "{SECRET}"',
        f'[portal]\nurl = "{URL}"\napi_key = "{SECRET}"',
        f'[portal]\nurl = "{URL}"\nkey = "{SECRET}"',
        f'[portal]\nurl = "{URL}"\n[portal.token]\nvalue = "{SECRET}"',
        f'[secrets]\nx = "{SECRET}"',
        f'[portal]\nurl = "{URL}"\n{SECRET} = 1',
        f"[{SECRET}]\nx = 1",
        f"{SECRET.upper()} = 1",
    ],
)
def test_a_key_in_the_file_is_refused_with_the_remedy_and_without_its_value(text):
    error = refused(text)

    assert "LASTSEEN_API_KEY" in error.remedy
    assert SECRET not in told(error)


@pytest.mark.parametrize(
    "text",
    [
        f'[portal]\nurl = "{SECRET}"',
        f'[portal]\nurl = "https://me:{SECRET}@portal.example.com"',
        f'[portal]\nurl = "https://portal.example.com/?key={SECRET}"',
        f'[ledger]\nurl = "{SECRET}"',
        f'[roster]\nheaders = "{SECRET}"',
        f'[roster.headers]\nAuthorization = ["{SECRET}"]',
        f'[roster]\nurl = ["{SECRET}"]',
        f'[policy]\nnote = "{SECRET}"',
        f'[policy]\ninactive_days = ["{SECRET}"]',
    ],
)
def test_no_error_repeats_what_may_be_secret(text):
    assert SECRET not in told(refused(text))


def test_a_key_in_a_settings_variable_is_refused_without_its_value():
    with pytest.raises(UsageError) as refusal:
        from_environment(PORTAL__API_KEY=SECRET)

    assert "LASTSEEN_PORTAL__API_KEY" in refusal.value.found
    assert SECRET not in told(refusal.value)


# --- anything -------------------------------------------------------------------------------------

tables = st.sampled_from(["PORTAL", "ROSTER", "POLICY", "GUARDRAILS", "LEDGER", "X", ""])
keys = st.sampled_from(
    ["URL", "COLUMNS", "GROUPS", "INACTIVE_DAYS", "EVIDENCE", "MAX_DISABLE_SHARE", "X", "", "_"]
)
names = st.lists(tables | keys, min_size=1, max_size=4).map("__".join)
texts = st.text(max_size=8) | st.sampled_from(["[1]", "[", '{"a": 1}', "[[]]", "1e999", "-1"])


@given(st.dictionaries(names, texts, max_size=5))
def test_no_environment_makes_anything_but_settings_or_a_usage_error(variables):
    try:
        from_environment(**variables)
    except UsageError as error:
        told(error)


def test_importing_settings_does_not_import_what_only_reading_them_needs():
    import subprocess
    import sys

    code = (
        "import sys, lastseen.config.load, lastseen.config.api_key\n"
        "print('pydantic' in sys.modules)"
    )
    source = Path(__file__).parents[3] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == "False"


LONG_KEY = "sk-" + "0123456789abcdef" * 4
"""As long as the portal's own are: cutting a message short must not leave most of it."""


@pytest.mark.parametrize(
    "line",
    [
        '[roster]\nsource = "{}"',
        '[policy]\nnever_seen = "{}"',
        '[guardrails]\nmax_disable = "{}"',
        '[roster]\ngroups = ["{}"]\nsource = 7',
        '[roster]\nexclude_email_domains = ["vendor.example", "{}"]',
        '[[policy.for]]\nname = "x"\nkind = "y"\ngroups = ["{}"]',
        '[policy]\nevidence = ["sign-in", "{}"]',
    ],
)
@pytest.mark.parametrize("key", [LONG_KEY, LONG_KEY.removeprefix("sk-")])
def test_a_key_in_a_wrong_place_is_not_repeated_in_part_either(line, key):
    error = refused(f"{line.format(key)}\n")

    assert key[:12] not in str(vars(error))


def test_a_wrong_key_of_a_cohort_is_reported_with_the_keys_of_cohorts():
    error = refused('[[policy.for]]\nname = "x"\nkind = "y"\nemail_domain = ["v.example"]\n')

    assert "policy.for.0.email_domain is not a key: did you mean `email_domains`?" in error.found


def test_the_key_given_for_a_number_is_reported_as_one():
    error = refused("", GUARDRAILS__MAX_DISABLE=LONG_KEY)

    assert "looks like an API key" in error.found
    assert "make a new key" in error.remedy

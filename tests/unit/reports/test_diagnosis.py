import msgspec
import pytest

from lastseen.model.diagnosis import Diagnosis, Finding
from lastseen.model.errors import UsageError
from lastseen.reports import Screen
from lastseen.reports.diagnosis import render_diagnosis
from tests.unit.reports.samples import HOSTILE, NOW, PORTAL

FINE = Finding(name="Key", state="ok", value="accepted", meaning="It acts as an administrator.")
WORTH_KNOWING = Finding(
    name="Filters", state="warning", value="after the window", meaning="Everyone's log is read."
)
IN_THE_WAY = Finding(
    name="Retention",
    state="problem",
    value="7 days",
    meaning="It can't show that anyone was away for 30 days.",
    remedy="Raise it to 180 days.",
)


def table(*findings, **screen):
    diagnosis = Diagnosis(portal=PORTAL, at=NOW, findings=findings)
    return render_diagnosis(diagnosis, "table", screen=Screen(**screen)).decode()


@pytest.mark.parametrize("width", [50, 80])
def test_each_finding_has_state_value_meaning_and_remedy(width):
    shown = " ".join(table(FINE, IN_THE_WAY, width=width).split())
    for part in (
        "ok",
        "Key: accepted",
        "problem",
        "Retention: 7 days",
        "Do: Raise it to 180 days.",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("findings", "headline"),
    [
        ((FINE,), "Everything is as it should be."),
        ((FINE, WORTH_KNOWING), "No problem, 1 warning."),
        ((WORTH_KNOWING, IN_THE_WAY), "1 problem and 1 warning."),
    ],
)
def test_the_worst_comes_in_the_first_line(findings, headline):
    assert table(*findings).startswith(headline)


def test_states_are_reported_without_colour_and_without_unicode():
    shown = table(IN_THE_WAY, encoding="ascii")
    assert "problem" in shown
    assert shown.isascii()


def test_hostile_values_do_not_reach_the_terminal():
    shown = table(*(Finding(name="N", state="ok", value=t, meaning=t) for t in HOSTILE))
    assert all(c == "\n" or c.isprintable() for c in shown)


def test_json_reads_back_as_the_same_diagnosis():
    diagnosis = Diagnosis(portal=PORTAL, at=NOW, findings=(FINE, IN_THE_WAY))
    document = render_diagnosis(diagnosis, "json")
    assert msgspec.json.decode(document, type=Diagnosis) == diagnosis


def test_other_formats_are_refused():
    with pytest.raises(UsageError):
        render_diagnosis(Diagnosis(portal=PORTAL, at=NOW, findings=()), "html")


def test_what_needs_attention_comes_first():
    found = [
        Finding(name=state.title(), state=state, value="v", meaning="m.")
        for state in ("ok", "warning", "problem")
    ]
    shown = render_diagnosis(
        Diagnosis(portal=PORTAL, at=NOW, findings=tuple(found)), "table"
    ).decode()
    assert shown.index("Problem:") < shown.index("Warning:") < shown.index("Ok:")

"""The metrics of single runs, as a file for the textfile collector."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lastseen.fleet.textfile import RunReport, refuse_as_metrics, write_metrics
from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import PortalUnreachable, UsageError
from lastseen.model.guardrails import GuardrailStopped
from lastseen.model.instant import parse_instant
from lastseen.workflows.run import RunResult
from tests.unit.reports.samples import decision, plan_of

NOW, LATER = parse_instant("2026-11-02T12:00Z"), parse_instant("2026-11-03T12:00Z")
SENTENCES = {"attempted": "a", "found": "f", "meaning": "m", "remedy": "r"}
SUCCESS = "lastseen_portal_last_success_timestamp_seconds"


def figures(file: Path) -> dict[str, float]:
    return {
        sample.labels.get("group", family.name): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }


def written(file: Path, report: RunReport, now=NOW) -> dict[str, float]:
    write_metrics(file, report, portal="https://one.example", now=now, seconds=2.5)
    return figures(file)


def test_a_run_tells_what_it_found(tmp_path):
    plan = plan_of(decision(), decision(decision=Verdict.HOLD, reason=Reason.EVIDENCE_INCOMPLETE))
    result = RunResult(plan=plan, receipt=None, applied=False, why_not="first run")
    told = written(tmp_path / "run.prom", RunReport(result=result))
    assert told["to_disable"] == plan.summary.disable
    assert told["held"] == plan.summary.hold
    assert told["lastseen_run_duration_seconds"] == 2.5
    assert told["lastseen_run_failed"] == 0
    assert (SUCCESS in told) == plan.evidence.complete


def test_a_failed_run_keeps_when_the_last_success_was(tmp_path):
    file = tmp_path / "run.prom"
    file.write_text(f'{SUCCESS}{{portal="https://one.example"}} 1.5e9\n')
    report = RunReport(error=PortalUnreachable(**SENTENCES))
    told = written(file, report, LATER)
    assert told[SUCCESS] == 1.5e9
    assert told["lastseen_portal_unreachable"] == 1
    assert told["lastseen_portal_clean"] == 0
    assert told["lastseen_run_failed"] == 1
    assert written(file, report, LATER)[SUCCESS] == 1.5e9


def test_a_guardrail_is_reported(tmp_path):
    report = RunReport(error=GuardrailStopped(**SENTENCES, plan=None, still_allowed=0))
    told = written(tmp_path / "run.prom", report)
    assert told["lastseen_portal_guardrail_stopped"] == 1
    assert told["lastseen_portal_unreachable"] == 0


def test_a_file_that_is_no_metrics_is_replaced(tmp_path):
    file = tmp_path / "run.prom"
    file.write_bytes(b"\xff\xfe{{{ not metrics")
    assert SUCCESS not in written(file, RunReport())


def test_the_collector_may_read_the_file_and_nothing_else_is_left(tmp_path):
    written(tmp_path / "run.prom", RunReport())
    assert (tmp_path / "run.prom").stat().st_mode & 0o777 == 0o644
    assert [file.name for file in tmp_path.iterdir()] == ["run.prom"]


def test_a_folder_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        written(tmp_path / "nowhere" / "run.prom", RunReport())


def test_metrics_never_take_the_place_of_a_pipe_or_a_device_nor_wait_for_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link", "."):
        with pytest.raises(UsageError, match=r"not a regular file|folder"):
            refuse_as_metrics(tmp_path / name)
        with pytest.raises(UsageError) as told:
            written(tmp_path / name, RunReport())
        assert "the run is unaffected" in told.value.meaning
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_for_metrics_that_is_not_there_is_reported_before_the_run(tmp_path):
    with pytest.raises(UsageError) as told:
        refuse_as_metrics(tmp_path / "nowhere" / "run.prom")
    assert "nothing was started" in told.value.meaning


def test_a_plain_install_is_enough():
    # Given a Python without the libraries of the extra `fleet`
    absent = "import sys; sys.modules |= dict.fromkeys(['croniter', 'procrastinate', 'psycopg'])"
    subprocess.run([sys.executable, "-c", f"{absent}; import lastseen.fleet.textfile"], check=True)

"""What is shipped to deploy with: checked by the tools of those who read it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric

from lastseen.fleet.metrics import WorkerMetrics
from lastseen.fleet.portal_metrics import portal_families
from lastseen.fleet.textfile import RunReport, write_metrics
from lastseen.model.instant import parse_instant

DEPLOY = Path(__file__).parents[2] / "deploy"
NOW = parse_instant("2026-11-02T12:00Z")
MOST_EXPOSED = {"lastseen-worker": 1.4, "lastseen-run": 1.3}
FROM_THE_DATABASE = {"lastseen_database_up", "lastseen_portals", "lastseen_queue_jobs"}


def tool(name: str) -> str:
    """Return the path of a tool, of this environment's or of the machine's."""
    own = Path(sys.executable).with_name(name)
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def run(*command: str | Path) -> str:
    ended = subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_the_containerfile_passes_its_linter():
    run(tool("hadolint"), DEPLOY / "Containerfile")


def test_the_image_runs_as_nobody_in_particular_and_carries_no_secret():
    text = (DEPLOY / "Containerfile").read_text()
    last_stage = text.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last_stage
    assert text.count("\nFROM ") == 2
    assert "--require-hashes" in text
    assert not re.search(r"(ARG|ENV).*(KEY|TOKEN|PASSWORD)", text)


def test_the_compose_file_follows_the_specification():
    schema = ("--builtin-schema", "vendor.compose-spec")
    run(tool("check-jsonschema"), *schema, DEPLOY / "compose.yaml")


def test_the_manifests_follow_kubernetes_schemas():
    told = run(tool("kubernetes-validate"), DEPLOY / "kubernetes" / "worker.yaml")
    assert told.count("passed") == 6


@pytest.mark.parametrize("unit", sorted(MOST_EXPOSED))
def test_the_services_are_hardened(unit):
    analyze = tool("systemd-analyze")
    told = run(analyze, "security", "--offline=true", DEPLOY / "systemd" / f"{unit}.service")
    exposure = re.search(rf"exposure level for {unit}.service: ([\d.]+)", told)
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSED[unit]


def test_the_alert_rules_hold_and_fire_as_they_should():
    promtool, rules = tool("promtool"), DEPLOY / "prometheus"
    run(promtool, "check", "rules", rules / "alerts.yml")
    run(promtool, "test", "rules", rules / "alerts_test.yml")


def test_alerts_and_dashboard_ask_only_for_metrics_that_there_are(tmp_path):
    asked = set(re.findall(r"lastseen_\w+", (DEPLOY / "prometheus" / "alerts.yml").read_text()))
    dashboard = json.loads((DEPLOY / "grafana" / "lastseen.json").read_text())
    for expression in _expressions(dashboard):
        asked |= set(re.findall(r"lastseen_\w+", expression))
    asked = {re.sub(r"_(bucket|total)$", "", name) for name in asked}
    there = {family.name for family in _families(tmp_path)} | FROM_THE_DATABASE
    assert asked - there == set()
    assert len(asked) > 10


def test_every_panel_of_the_dashboard_has_a_place_of_its_own():
    panels = json.loads((DEPLOY / "grafana" / "lastseen.json").read_text())["panels"]
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert max(x for x, _ in cells) < 24


def test_metrics_are_named_by_prometheus_conventions(tmp_path):
    promtool = tool("promtool")
    file = tmp_path / "run.prom"
    write_metrics(file, RunReport(), portal="https://one.example", now=NOW, seconds=1.5)
    with file.open() as metrics:
        ended = subprocess.run(
            [promtool, "check", "metrics"],
            stdin=metrics,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


def _families(folder: Path) -> Iterator[Metric]:
    from prometheus_client.parser import text_string_to_metric_families

    yield from WorkerMetrics().registry.collect()
    yield from portal_families(())
    file = folder / "run.prom"
    write_metrics(file, RunReport(), portal="x", now=NOW, seconds=1)
    yield from text_string_to_metric_families(file.read_text())


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _expressions(part)

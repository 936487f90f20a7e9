"""A job in a process of its own."""

import subprocess
import sys

import msgspec

from lastseen.fleet.isolated import NO_LEDGER, IsolatedRequest
from lastseen.fleet.order import JobOrder
from tests.unit.fleet.conftest import portal


def test_its_log_lines_name_the_portal():
    request = IsolatedRequest(
        order=JobOrder(portal="acme", url="https://acme.example", command="review"),
        entry=portal("acme"),
        ledger_url="postgresql+psycopg://nobody@127.0.0.1:9/nothing",
        time_limit_seconds=60,
        per_minute=None,
        memory_limit_bytes=2**30,
        log_format="text",
        log_level=0,
    )
    ended = subprocess.run(
        [sys.executable, "-m", "lastseen.fleet.isolated"],
        input=msgspec.json.encode(request) + b"\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == NO_LEDGER
    assert b"acme: " in ended.stderr

import subprocess
import sys

TWO_SIGNALS = """
import asyncio, signal
from lastseen.cli.signals import stop_when_asked

async def work():
    with stop_when_asked() as stop:
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait_for(stop.wait(), 5)
        print("asked", flush=True)
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(5)

try:
    asyncio.run(work())
except KeyboardInterrupt:
    print("interrupted")
"""
NO_SIGNAL = """
import asyncio, signal
from lastseen.cli.signals import stop_when_asked

async def work():
    with stop_when_asked() as stop:
        assert not stop.is_set()

before = signal.getsignal(signal.SIGINT)
asyncio.run(work())
print(signal.getsignal(signal.SIGINT) is before)
"""


def ran(code):
    """Run in a process of its own: signals belong to the main thread of one."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )


def test_the_first_signal_asks_and_the_second_interrupts():
    told = ran(TWO_SIGNALS)
    assert told.stdout.split() == ["asked", "interrupted"]
    assert "Stopping after the requests in flight" in told.stderr


def test_afterwards_a_signal_means_what_it_meant_before():
    assert ran(NO_SIGNAL).stdout.strip() == "True"

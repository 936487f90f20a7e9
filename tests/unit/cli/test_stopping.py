import asyncio
import signal

import pytest

from lastseen.cli.stopping import stop_when_asked


def test_the_first_signal_asks_and_the_second_interrupts(capsys):
    seen = []

    async def work():
        with stop_when_asked() as stop:
            signal.raise_signal(signal.SIGINT)
            await asyncio.wait_for(stop.wait(), 5)
            seen.append("asked")
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    assert seen == ["asked"]
    assert "Stopping after what is under way" in capsys.readouterr().err


def test_afterwards_a_signal_means_what_it_meant_before():
    before = signal.getsignal(signal.SIGINT)

    async def work():
        with stop_when_asked() as stop:
            assert not stop.is_set()

    asyncio.run(work())
    assert signal.getsignal(signal.SIGINT) is before

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lastseen.cli import main
from lastseen.cli.invocation import Invocation
from lastseen.model.errors import ExitCode
from lastseen.model.guardrails import GuardrailStopped


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    root, ours = logging.getLogger(), logging.getLogger("lastseen")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)
    logging.captureWarnings(capture=False)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def failing(monkeypatch, error):
    def settings(_called):
        raise error

    monkeypatch.setattr(Invocation, "settings", settings)


def test_a_bug_ends_with_1_and_one_line(monkeypatch, capsys):
    failing(monkeypatch, ZeroDivisionError("oh"))
    assert main.outcome(["exempt", "list"]) == ExitCode.BUG
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "this is a bug in lastseen: zerodivisionerror: oh" in err.casefold()


def test_a_bug_shows_its_traceback_with_v(monkeypatch, capsys):
    failing(monkeypatch, ZeroDivisionError("oh"))
    assert main.outcome(["-v", "exempt", "list"]) == ExitCode.BUG
    assert "Traceback" in capsys.readouterr().err


def test_an_error_ends_with_its_own_exit_code(monkeypatch, capsys):
    failing(
        monkeypatch,
        GuardrailStopped(attempted="a", found="b", meaning="c", remedy="d"),
    )
    assert main.outcome(["exempt", "list"]) == ExitCode.GUARDRAIL
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_an_interrupt_is_one_word_and_no_code_of_ours(monkeypatch, capsys):
    failing(monkeypatch, KeyboardInterrupt())
    assert main.outcome(["exempt", "list"]) == main.INTERRUPTED
    assert capsys.readouterr().err == "Interrupted.\n"


def test_sigterm_ends_like_an_interrupt(monkeypatch):
    def settings(_called):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Invocation, "settings", settings)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert main.outcome(["exempt", "list"]) == main.INTERRUPTED


def test_nohup_stays_in_force():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    main.outcome(["--version"])
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        ({}, logging.ERROR),
        ({"verbosity": 1}, logging.INFO),
        ({"verbosity": 2}, logging.DEBUG),
        ({"log_format": "json"}, logging.INFO),
    ],
)
def test_more_is_said_only_when_asked_for(arguments, level):
    assert Invocation(**arguments).log_level == level


def test_a_process_ends_right_after_its_output():
    """At the end no objects are left for the interpreter to search through for cycles."""
    asked = "import atexit, gc, sys; from lastseen.cli.main import main; "
    asked += "atexit.register(lambda: print(len(gc.get_objects()))); sys.argv[1:] = ['--version']; "
    ended = subprocess.run(
        [sys.executable, "-c", asked + "main()"], capture_output=True, text=True, check=True
    )
    assert int(ended.stdout.split()[-1]) < 100


def test_a_crash_writes_no_memory_and_no_key_to_a_file():
    code = (
        "import resource, sys; from lastseen.cli import main\n"
        "main.outcome = lambda _arguments: resource.getrlimit(resource.RLIMIT_CORE)[0] or 42\n"
        "main.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert ran.returncode == 42


def test_an_interrupt_while_the_commands_are_set_up_ends_without_a_traceback(monkeypatch, capsys):
    def interrupted(_app: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "get_command", interrupted)
    assert main.outcome(["exempt", "list"]) == main.INTERRUPTED
    assert "Interrupted." in capsys.readouterr().err


def test_a_name_that_is_too_long_is_reported(capsys, monkeypatch):
    monkeypatch.setenv("LASTSEEN_PORTAL__URL", "https://portal.example")
    assert main.outcome(["show", "a" * 5_000]) == ExitCode.USAGE
    assert "too long" in capsys.readouterr().err

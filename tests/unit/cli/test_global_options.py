import pytest

from lastseen.cli import main
from lastseen.cli.invocation import Invocation
from tests.unit.cli.test_main import _restored  # noqa: F401  - an autouse fixture


@pytest.fixture
def seen(monkeypatch):
    """Collect the invocations that commands are called with; no command gets any further."""
    calls: list[Invocation] = []

    def settings(called):
        calls.append(called)
        raise KeyboardInterrupt

    monkeypatch.setattr(Invocation, "settings", settings)
    return calls


@pytest.mark.parametrize(
    "line",
    [
        "-v -c a.toml --log-format json exempt list",
        "exempt list -v -c a.toml --log-format json",
        "-v exempt list --config=a.toml --log-format=json",
    ],
)
def test_they_mean_the_same_before_and_after_the_command(seen, line):
    main.outcome(line.split())
    (called,) = seen
    assert (called.verbosity, str(called.config), called.log_format) == (1, "a.toml", "json")


def test_verbosity_adds_up(seen):
    main.outcome(["-v", "review", "-v"])
    assert seen[0].verbosity == 2


def test_a_value_that_looks_like_an_option_is_left_to_its_own(seen):
    main.outcome(["exempt", "add", "a@b.example", "--until", "2030-01-01", "--reason", "-q"])
    assert not seen[0].quiet

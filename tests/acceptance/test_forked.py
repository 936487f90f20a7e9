"""A command that is forked does what the console script does."""

import pytest


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("history",), ("history", "--format", "json"), ("review", "nonsense"), ()],
    ids=" ".join,
)
def test_a_forked_command_says_what_the_script_says(at_work, arguments):
    assert at_work(*arguments) == at_work.by_script(*arguments)

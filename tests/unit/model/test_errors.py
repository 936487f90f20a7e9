from itertools import combinations

import pytest

from lastseen.model.errors import ExitCode, most_severe

ORDER = [ExitCode(code) for code in (1, 2, 3, 6, 5, 4, 0)]


@pytest.mark.parametrize(("first", "second"), [*combinations(ORDER, 2)])
def test_of_two_exit_codes_the_first_in_the_order_holds(first, second):
    assert most_severe(first, second) is first
    assert most_severe(second, first) is first


def test_without_any_exit_code_all_is_done():
    assert most_severe() is ExitCode.DONE

import subprocess
import sys

import lastseen
from lastseen import api


def in_a_process_of_its_own(code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    return ran.stdout.strip()


def test_importing_the_package_loads_nothing_of_it():
    loaded = in_a_process_of_its_own(
        "import sys, lastseen; print([n for n in sys.modules if n.startswith('lastseen.')])"
    )
    assert loaded == "['lastseen._version']"


def test_review_is_the_function_whichever_was_imported_first():
    told = in_a_process_of_its_own(
        "from lastseen.workflows.review import review as first\n"
        "from lastseen.workflows import apply, undo, run, explain, doctor\n"
        "from lastseen import apply, doctor, explain, review, run, undo\n"
        "print(review is first, all(map(callable, (apply, doctor, explain, run, undo))))"
    )
    assert told == "True True"


def test_everything_offered_is_there_and_listed():
    assert sorted(api.__all__) == api.__all__
    for name in api.__all__:
        assert getattr(lastseen, name) is getattr(api, name)
    assert set(api.__all__) <= set(dir(lastseen))


def test_everything_can_be_imported_at_once():
    assert in_a_process_of_its_own("from lastseen import *; print(callable(review))") == "True"


def test_what_is_not_offered_is_an_attribute_error():
    assert not hasattr(lastseen, "nothing_of_the_kind")
    assert not hasattr(lastseen, "__wrapped__")


def test_the_version_needs_nothing_loaded():
    told = in_a_process_of_its_own("import lastseen; print(lastseen.__version__)")
    assert told == lastseen.__version__

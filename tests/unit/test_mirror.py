"""Tests mirror the source: in packages that may take access away, each module has a test file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "lastseen"
PACKAGES = ("evidence", "execution", "docspace")


def modules() -> list[Path]:
    return [
        path.relative_to(SOURCE)
        for package in PACKAGES
        for path in sorted((SOURCE / package).rglob("*.py"))
        if path.name != "__init__.py"
    ]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_a_test_file_at_its_own_path(module):
    file = Path(__file__).parent / module.parent / f"test_{module.name}"

    assert file.is_file()


def test_only_a_campaigns_own_tests_import_it():
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "testing").rglob("*.py")]
    imports = re.compile(r"^(from|import) (campaigns|benchmarks)\b", flags=re.MULTILINE)
    importing = {file.relative_to(ROOT) for file in files if imports.search(file.read_text())}

    assert {file for file in importing if file.parts[:2] != ("tests", "campaigns")} == set()

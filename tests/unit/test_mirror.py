"""Tests lie as the source lies: the rooms that may take access away have a test file a module."""

from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "lastseen"
ROOMS = ("evidence", "execution", "docspace")


def modules() -> list[Path]:
    return [
        path.relative_to(SOURCE)
        for room in ROOMS
        for path in sorted((SOURCE / room).rglob("*.py"))
        if path.name != "__init__.py"
    ]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_a_test_file_at_its_own_path(module):
    file = Path(__file__).parent / module.parent / f"test_{module.name}"

    assert file.is_file()

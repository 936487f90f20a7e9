"""The wheel and the source distribution: complete, buildable from itself, reproducible."""

import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "node_modules")
DAY = 86_400

_SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Python 3.11 has the filter since 3.11.4; the archive is our own."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return _wheel(_copy(tmp_path_factory.mktemp("first") / "tree"))


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    (sdist,) = _built(_copy(folder / "tree"), "sdist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", **_SAFELY)
    (tree,) = (folder / "unpacked").iterdir()
    return tree


def test_the_wheel_is_reproducible(wheel, tmp_path):
    tree = _copy(tmp_path / "another" / "folder")
    yesterday = time.time() - DAY
    for file in tree.rglob("*"):
        os.utime(file, (yesterday, yesterday))
    assert _hash(_wheel(tree)) == _hash(wheel)


def test_the_source_distribution_builds_the_same_wheel(unpacked_sdist, wheel):
    assert _hash(_wheel(unpacked_sdist)) == _hash(wheel)


def test_the_source_distribution_is_enough_to_develop(unpacked_sdist):
    for needed in ("Makefile", "mkdocs.yml", "requirements/dev.txt", "tests/conftest.py", "docs"):
        assert (unpacked_sdist / needed).exists(), needed


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel):
    source = ROOT / "src"
    there = {
        str(file.relative_to(source))
        for file in (source / "lastseen").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == there


def test_the_wheel_runs_without_the_repository(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "lastseen", "--version"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stdout.startswith("lastseen ")


def _copy(tree):
    shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
    shutil.copy(ROOT / ".gitignore", tree)
    return tree


def _wheel(tree):
    (built,) = _built(tree, "wheel").glob("*.whl")
    return built


def _built(tree, kind):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind], cwd=tree, check=True)
    return tree / "dist"


def _hash(file):
    return sha256(file.read_bytes()).hexdigest()

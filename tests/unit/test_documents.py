"""The documents say what the code does, and link to what exists."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.reference import regenerated
from lastseen.model.decision import Reason
from lastseen.model.errors import ExitCode

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PLUGIN = DOCS / "examples" / "plugin"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *DOCS.glob("*.md")], key=lambda file: file.relative_to(ROOT)
)
PAGES = sorted(DOCS.glob("*.md"))
MOST_LINES_OF_README = 300


def named(file: Path) -> str:
    """Return a test's id for a document."""
    return str(file.relative_to(ROOT))


def rows(page: str) -> list[list[str]]:
    """Return the rows of the first table of a page, without its head."""
    lines = [line for line in _text(DOCS / page).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def blocks(page: Path, language: str) -> list[str]:
    """Return a page's blocks of code in one language."""
    return re.findall(rf"```{language}\n(.*?)```", _text(page), re.DOTALL)


@pytest.mark.parametrize("document", PAGES, ids=named)
def test_generated_parts_are_up_to_date(document):
    text = _text(document)
    assert text == regenerated(text), "run: python -m docs.reference"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_toml_example_is_toml(document):
    for text in blocks(document, "toml"):
        assert tomllib.loads(text)


def test_every_extra_has_a_list_of_pinned_packages_and_is_named_in_the_readme():
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    for extra, packages in project["optional-dependencies"].items():
        if extra in ("all", "dev"):
            continue
        pinned = _text(ROOT / "requirements" / f"{extra}.txt")
        names = [re.split(r"[^\w-]", package)[0] for package in packages]
        assert all(f"\n{name}==" in pinned for name in names if name != "lastseen")
        assert re.search(rf"\b{extra}\b", _text(ROOT / "README.md"))


def test_every_reason_and_every_exit_code_is_documented():
    assert {reason.strip("`") for _, reason, _ in rows("decisions.md")} == set(Reason)
    assert [int(code) for code, _ in rows("exit-codes.md")] == sorted(ExitCode)


def test_the_readme_stays_short():
    assert len(_text(ROOT / "README.md").splitlines()) < MOST_LINES_OF_README


def test_the_plug_in_in_the_documentation_is_the_one_that_is_tested():
    module = _text(PLUGIN / "lastseen_example.py")
    for shown in blocks(DOCS / "plugins.md", "python"):
        assert shown in module
    entry_points = tomllib.loads(blocks(DOCS / "plugins.md", "toml")[0])["project"]["entry-points"]
    package = tomllib.loads(_text(PLUGIN / "pyproject.toml"))
    assert entry_points == package["project"]["entry-points"]


def test_every_test_that_the_threat_model_names_exists():
    claimed = set(re.findall(r"`(test_\w+)`", _text(ROOT / "SECURITY.md")))
    there = {
        name
        for file in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"def (test_\w+)", _text(file))
    }
    assert claimed - there == set()
    assert len(claimed) > 50


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_to_a_file(document):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", _text(document))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_every_call_that_the_architecture_lists_is_where_it_says():
    steps = re.findall(r"^\d\. (.*)$", _text(ROOT / "ARCHITECTURE.md"), flags=re.MULTILINE)
    assert len(steps) == 16
    files: list[str] = []
    for step in steps:
        ticked = re.findall(r"`([^`]+)`", step)
        files = [name for name in ticked if name.endswith(".py")] or files
        there = "".join(_text(ROOT / "src" / "lastseen" / file) for file in files)
        for call in ticked:
            if not call.endswith(".py"):
                assert re.search(rf"(def|class) {call.rpartition('.')[2]}\b", there), (call, files)

"""MkDocs hooks: the repository's own documents become pages, and reference parts are generated."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.reference import regenerated

ROOT = Path(__file__).parent.parent
BESIDE = ("SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Documents next to the README that are also pages of the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents next to the README."""
    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(
    markdown: str,
    page: Page,
    config: MkDocsConfig,
    files: Files,
) -> str:
    """Fill in generated parts, and turn links between documents and sources into the site's own."""
    markdown = regenerated(markdown)
    if page.file.src_uri in BESIDE:
        markdown = re.sub(r"\]\(docs/([^)]+)\)", r"](\1)", markdown)
        markdown = re.sub(r"\[([^\]]+)\]\((?:src|tests|pyproject)[^)]*\)", r"\1", markdown)
    return re.sub(rf"\]\(\.\./({'|'.join(BESIDE)})", r"](\1", markdown)

"""What the site has beyond the pages of docs/: pages made from code and other files, and the check of all links.

MkDocs calls the functions `on_…` while it builds; `mkdocs.yml` names this file.
"""

from __future__ import annotations

import re
from pathlib import Path

import gallery
from broken_links import broken_links
from made_pages import made_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w+)-error\b.*$", re.MULTILINE)  # of a block that a test holds to an error
_OUTSIDE = re.compile(r"\]\(\.\./((?!\.\.)[^)#]+)\)")  # a link from docs/ to a file of the repository


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation has the terms of the library."""
    pages = [{name: f"gallery/{name}.md"} for name in gallery.term_names()]
    config.nav = [
        {"Gallery": ["gallery/index.md", *pages]} if entry == "Gallery" else entry
        for entry in config.nav or ()
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made, and copies of the files outside docs/ to which a page links."""
    for name, text in made_pages(ROOT).items():
        files.append(File.generated(config, name, content=text()))
    for name in sorted(_linked_files(ROOT / "docs")):
        files.append(File.generated(config, f"files/{name}", abs_src_path=str(ROOT / name)))
    return files


def _linked_files(folder: Path) -> set[str]:
    """The files outside docs/ to which a page links, from the root of the repository."""
    return {name for page in folder.glob("*.md") for name in _OUTSIDE.findall(page.read_text("utf-8"))}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The marks of blocks become languages, and links to files outside docs/ lead to copies."""
    text = _FENCE.sub(r"```\1", markdown)
    return text if "/" in page.file.src_uri else _OUTSIDE.sub(r"](files/\1)", text)


def on_post_build(config: MkDocsConfig) -> None:
    """Ends the build where a page of the site leads nowhere, or loads anything from another server."""
    found = broken_links(Path(config.site_dir))
    if found:
        raise PluginError("\n".join(["broken links:", *found]))

"""The pages of the site that are made from code and from other files: their names, and who writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import gallery
from api_page import api_page
from commands_page import commands_page
from error_index import error_index
from notebook_page import notebook_page
from settings_page import settings_page

# pages of the root of the repository, and their names on the site
_OF_THE_ROOT = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}


def made_pages(root: Path) -> Mapping[str, Callable[[], str]]:
    """The writers of pages, by their addresses below docs/; root: of the repository."""
    return {
        **{name: _moved(root / source) for source, name in _OF_THE_ROOT.items()},
        "api.md": api_page,
        "commands.md": commands_page,
        "settings.md": settings_page,
        "gallery/index.md": gallery.index_page,
        **{f"gallery/{name}.md": partial(gallery.term_page, name) for name in gallery.term_names()},
        **{f"gallery/{name}.svg": partial(gallery.picture, name) for name in gallery.drawn()},
        **{
            f"tutorials/{path.stem}.md": partial(notebook_page, path)
            for path in sorted((root / "docs" / "tutorials").glob("*.ipynb"))
        },
        "errors/index.md": lambda: error_index(root / "docs" / "errors"),
    }


def _moved(page: Path) -> Callable[[], str]:
    """A page of the root as one of docs/."""

    def text() -> str:
        found = page.read_text("utf-8").replace("](docs/", "](")
        for source, name in _OF_THE_ROOT.items():
            found = found.replace(f"]({source})", f"]({name})")
        return found

    return text

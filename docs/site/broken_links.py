"""Links of a built site that lead nowhere, and resources that it would load from another server."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# attributes that load what they name when a page is shown
_LOADED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}


class _Page(HTMLParser):
    """The links of a page, its anchors, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag, name) == ("a", "name"):
                self.anchors.add(value)
            elif (tag, name) in _LOADED:
                self.loaded.append(value)
            elif (tag, name) == ("a", "href"):
                self.links.append(value)


def broken_links(site: Path) -> list[str]:
    """One line for each page and link without a target on the site, or loaded from elsewhere."""
    site = site.resolve()
    pages = {path: _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    return sorted({f"{path.relative_to(site)}: {f}" for path in pages for f in _faults(path, pages, site)})


def _faults(path: Path, pages: dict[Path, _Page], site: Path) -> Iterator[str]:
    page = pages[path]
    for link in page.loaded:
        if urlsplit(link).netloc:
            yield f"{link} is loaded from another server"
    for link in [*page.links, *page.loaded]:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        where = unquote(parts.path)
        # the page of a server for addresses that are not there counts from the top
        target = site / where[1:] if where.startswith("/") else (path.parent / where).resolve()
        target = target if where else path
        if not target.is_file():
            yield f"{link} is not there"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"{link} has no such anchor"

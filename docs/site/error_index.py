"""The page that lists the codes of all errors and warnings."""

from __future__ import annotations

from pathlib import Path


def error_index(folder: Path) -> str:
    """The page, from the pages of a folder, one for each code."""
    rows = [
        f"| [`{page.stem}`]({page.name}) | {_first_sentence(page.read_text('utf-8'))} |"
        for page in sorted(folder.glob("*.md"))
    ]
    head = [
        "# Errors and warnings",
        "",
        f"Each of the {len(rows)} codes has a page with a wrong example and a right one; both are run by a test.",
        "`potentia explain CODE` prints it. Where the code is not in the language of specs but in data, files or options,",
        "the message names the place.",
        "",
        "| code | meaning |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _first_sentence(page: str) -> str:
    """Of the paragraph behind the title."""
    paragraph = " ".join(page.split("\n\n")[1].split())
    return paragraph.partition(". ")[0].rstrip(".").replace("|", "\\|") + "."

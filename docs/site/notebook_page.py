"""A notebook as a page: its text, its code, and what the code printed and drew when it was last run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

_FOOT = "Run it yourself: [{0}]({0}) opens in Jupyter, VS Code or any other editor of notebooks."


def notebook_page(path: Path) -> str:
    """The page in Markdown. Pictures are within it."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    parts = [part for cell in cells for part in _parts(cell)]
    return "\n\n".join([*parts, _FOOT.format(path.name)]) + "\n"


def _parts(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        yield _shown(output)


def _shown(output: dict[str, Any]) -> str:
    """An output in the richest of its forms."""
    if output["output_type"] == "stream":
        return f"```text\n{''.join(output['text']).rstrip()}\n```"
    data = {kind: "".join(lines) for kind, lines in output["data"].items()}
    if "image/png" in data:
        words = escape(data.get("text/plain", ""))
        return f'<img alt="{words}" src="data:image/png;base64,{data["image/png"].strip()}">'
    if "text/html" in data:
        # a blank line would end the HTML, and what follows would be read as Markdown
        lines = (line for line in data["text/html"].splitlines() if line.strip())
        return '<div class="output">' + "\n".join(lines) + "</div>"
    return f"```text\n{data['text/plain'].rstrip()}\n```"

"""The fenced blocks of a page in Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """mark: the words behind the fence. line: of the fence, from 1. end: the offset behind the block."""

    mark: str
    text: str
    line: int
    end: int

    @property
    def name(self) -> str:
        """The file that the block is, as its first line says."""
        named = re.match(r"# ([\w/]+\.pes)\n", self.text)
        return named[1] if named else "spec.pes"


def blocks(text: str) -> list[Block]:
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1, m.end()) for m in FENCE.finditer(text)]


def write_specs(page: str, folder: Path) -> None:
    """The specs of a page, each a file by the name that it has there."""
    for block in blocks(page):
        if block.mark == "pes":
            (folder / block.name).write_text(block.text, encoding="utf-8")

"""Pictures for files and for pages."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from matplotlib.figure import FigureBase
from potentia.runtime.presentation.figures import INK, Panel, save_png, svg


def drawn(figure: FigureBase) -> None:
    axes = figure.subplots()
    axes.plot([1, 2], [3, 4], label="a < b")
    axes.legend()


PANEL = Panel("a line & a name", 3.0, 2.0, drawn)


def test_an_svg_is_the_same_each_time_and_takes_the_ink_of_the_page() -> None:
    text = svg(PANEL)
    assert text == svg(PANEL)
    assert "var(--ink" in text and INK not in text and "#ffffff" not in text
    assert not re.search(r'(href="http|url\(http)', text.replace('xlink:href="#', ""))
    root = ElementTree.fromstring(text)
    assert root.attrib["viewBox"].split()[2:] == ["216", "144"] and "width" not in root.attrib
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_two_pictures_of_a_page_share_no_id() -> None:
    first, second = (set(re.findall(r' id="([^"]+)"', svg(PANEL, name))) for name in ("one", "two"))
    assert not first & second


def test_panels_stand_in_rows(tmp_path: Path) -> None:
    save_png(tmp_path / "one.png", [PANEL])
    save_png(tmp_path / "five.png", [PANEL] * 5, columns=2)
    sizes = [(tmp_path / name).read_bytes()[16:24] for name in ("one.png", "five.png")]
    one, five = ((int.from_bytes(s[:4], "big"), int.from_bytes(s[4:], "big")) for s in sizes)
    assert five == (2 * one[0], 3 * one[1])

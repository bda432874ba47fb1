"""One style for all pictures: sizes, colours, axes; PNG for files, SVG for pages of light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..files.atomic import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

# legible on white and on black alike
BLUE, RED, GREEN, OCHRE, PURPLE, TEAL = "#3f7fb5", "#d1495b", "#3a9368", "#c08a2e", "#8f6bb0", "#3a9aa0"
COLOURS = (BLUE, RED, GREEN, OCHRE, PURPLE, TEAL)
# more curves and points than there are colours have the colours again, in another line or marker
LINES = ("-", "--", ":", "-.")
MARKERS = ("o", "^", "x", "s")
_WITHIN = 6  # entries of a legend; one of more stands beside its axes
PARTS = {"train": BLUE, "test": RED, "held out": OCHRE}
# a page gives these three their colours of light and dark
INK, SOFT, GRID = "#24292f", "#848b95", "#dfe2e6"
PANEL = 3.5  # inches of a panel of usual width
_LARGER = 1.4  # times as large as in a file, at most

_IDS = re.compile(r' id="(?:figure|axes|patch|text|line2d|matplotlib\.axis|xtick|ytick|legend|[A-Z]\w*)_\d+"')
_VARIABLES = {INK: "var(--ink, currentColor)", SOFT: "var(--soft-ink, #848b95)", GRID: "var(--grid, #8884)"}


@contextmanager
def style(name: str = "potentia") -> Iterator[None]:
    """The settings of matplotlib for all that is drawn and saved within.

    name: the source of the ids of an SVG; another for each picture of a page.
    """
    from cycler import cycler
    from matplotlib import rc_context

    settings: Any = {
        **{key: INK for key in ("text.color", "axes.labelcolor", "axes.titlecolor")},
        **{key: SOFT for key in ("axes.edgecolor", "xtick.color", "ytick.color")},
        **{"font.size": 9, "axes.titlesize": 9, "axes.labelsize": 9, "legend.fontsize": 8},
        **{"lines.linewidth": 1.4, "lines.markersize": 4, "axes.linewidth": 0.8, "grid.linewidth": 0.6},
        **{"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False},
        **{"axes.grid": True, "grid.color": GRID, "axes.axisbelow": True},
        **{"xtick.labelsize": 8, "ytick.labelsize": 8, "xtick.labelcolor": INK, "ytick.labelcolor": INK},
        **{"svg.hashsalt": name, "svg.fonttype": "none"},
        "axes.prop_cycle": cycler(color=COLOURS),
    }
    with rc_context(settings):
        yield


def colour_of(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def repeat_of(number: int, kinds: Sequence[str]) -> str:
    """Of lines or markers the one that tells a number from those of the same colour."""
    return kinds[number // len(COLOURS) % len(kinds)]


def legend(axes: Axes) -> None:
    """Within the axes, or beside them where it is long."""
    entries = len(axes.get_legend_handles_labels()[1])
    if entries > _WITHIN:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=7, frameon=False
        )
    elif entries:
        axes.legend(fontsize=8, frameon=False)


class Panel(NamedTuple):
    """A picture that stands alone on a page, or beside others in a file.

    title: for those who do not see it; width, height: in inches; draw: into a figure, or a part of one.
    """

    title: str
    width: float
    height: float
    draw: Callable[[FigureBase], None]


def save_png(path: Path | str, panels: Sequence[Panel], columns: int = 3) -> None:
    """The panels in rows of so many columns. Raises ArtifactError `unwritable`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rows = [panels[k : k + columns] for k in range(0, len(panels), columns)]
    widths = [max((row[k].width for row in rows if k < len(row)), default=0.0) for k in range(len(rows[0]))]
    heights = [max(panel.height for panel in row) for row in rows]
    with style():
        figure = _figure(sum(widths), sum(heights))
        FigureCanvasAgg(figure)
        places = figure.subfigures(
            len(rows), len(widths), squeeze=False, width_ratios=widths, height_ratios=heights
        )
        for row, parts in zip(rows, places, strict=True):
            for panel, part in zip(row, parts, strict=False):
                panel.draw(part)
        content = BytesIO()
        figure.savefig(content, format="png")
    write_atomic(path, content.getvalue())


def svg(panel: Panel, name: str = "") -> str:
    """An element `svg` for a page, the same text each time, with the ink of the page and no background.

    name: another for each picture of a page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with style(name or panel.title):
        figure = _figure(panel.width, panel.height)
        FigureCanvasSVG(figure)
        panel.draw(figure)
        buffer = StringIO()
        about = {"Date": None, "Creator": None, "Title": panel.title}
        figure.savefig(buffer, format="svg", metadata=about, transparent=True)
    text = buffer.getvalue()
    text = _IDS.sub("", text[text.index("<svg") :])
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(
        r'width="[\d.]+pt" height="[\d.]+pt"',
        f'style="max-width:{_LARGER * panel.width:.3g}in"',
        text,
        count=1,
    )


def _figure(width: float, height: float) -> Figure:
    """A figure whose panels make room for their labels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=150)

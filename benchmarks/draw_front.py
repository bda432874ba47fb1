"""The picture of the README: the front of a design, from the table of docs/benchmarks.md.

python benchmarks/draw_front.py [docs/assets/front.png]
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from potentia.runtime.design.front_plot import front_panels
from potentia.runtime.presentation.figures import save_png

ROOT = Path(__file__).resolve().parent.parent
_NUMBER = r"([\d.]+)"
# parameters | cross-validated E, F | train E, F | test E, F | operations
_ROW = re.compile(
    rf"^\| (\d+) \| {_NUMBER}, {_NUMBER} \| {_NUMBER}, {_NUMBER} \| {_NUMBER}, {_NUMBER} \|", re.M
)


def rows(text: str) -> list[dict[str, Any]]:
    """The rows of the table as those of a front; meV become eV."""
    found = []
    for size, *errors in _ROW.findall(text):
        cv, train, test = ([float(e) / 1000 for e in errors[k : k + 2]] for k in (0, 2, 4))
        seen = [{"energy_rmse_ev_per_atom": e, "forces_rmse_ev_per_ang": f} for e, f in (train, test)]
        row = {"size": int(size), "cv": {"energy": cv[0], "forces": cv[1]}, "train": seen[0], "test": seen[1]}
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, nargs="?", default=ROOT / "docs" / "assets" / "front.png")
    found: Any = rows((ROOT / "docs" / "benchmarks.md").read_text("utf-8"))
    save_png(parser.parse_args().file, front_panels(found)[:1])


if __name__ == "__main__":
    main()

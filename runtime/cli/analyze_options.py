"""The options of `potentia analyze` that stand for its settings."""

from __future__ import annotations

from .options import setting

FRAMES = (
    setting("stride", int, "--stride", "Look at every so many frames. [1]"),
    setting("interval", float, "--interval", "Between two frames.", "PS"),
    setting("timestep", float, "--timestep", "Of a `step` of the file.", "FS"),
    setting("time_unit", str, "--time-unit", "Of `time` in the file: fs or ps.", "UNIT"),
)
MEASURES = (
    setting("r_max", float, "--r-max", "As far as g(r) goes. [8]", "Å"),
    setting("width", float, "--width", "Of a bin. [0.05]", "Å"),
    setting("core", float, "--core", "Of covalent radii: nearer is clustered. [0.5]", "SHARE"),
    setting("blocks", int, "--blocks", "For the error of D. [5]"),
    setting("windows", int, "--windows", "Of time, for the cell. [10]"),
)

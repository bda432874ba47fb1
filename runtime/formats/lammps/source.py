"""The texts of an export: the pair style and the scripts as they are, and what depends on the potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from ....compiler import backends
from ....compiler.chemistry.elements import ELEMENTS
from ...files.installed import version_of

_HERE = Path(__file__).parent
_INTERFACE = Path(str(backends.__file__)).parent / "cpp" / "prelude" / "abi.h"
# largest differences that pass: energy, forces (eV/Å), virial, energy of an atom; all but forces relative
LIMITS = {
    "double": "1e-10 1e-9 1e-10 1e-10",
    "float": "1e-5 1e-3 1e-4 1e-5",
    # energies of atoms are shared in other ways there
    "styles": "1e-8 1e-7 1e-8 1e99",
    "tables": "1e-4 1e-2 1e-4 1e99",
}
OF_PLUGIN = {name: name for name in ("README.md", "build.sh", "in.potentia", "verify.sh")}
OF_STYLES = {"README.md": "README.native.md"} | {name: name for name in ("in.potentia", "verify.sh")}
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


def plugin_stanza(species: Sequence[str]) -> str:
    """The lines of an input that take the plugin."""
    return f"plugin load ./potentiaplugin.so\npair_style potentia\npair_coeff * * {' '.join(species)}"


def scripts(names: Mapping[str, str], species: Sequence[str], values: Mapping[str, str]) -> dict[str, str]:
    """Templates, filled in. names: the template of each file; values: besides species and version."""
    filled = {
        "SPECIES": " ".join(species),
        "SPECIES_LIST": ", ".join(species),
        "VERSION": potentia_version(),
        "CXX": "c++",
        "KERNEL_FLAGS": KERNEL_FLAGS,
        **values,
    }
    return {name: _fill((_HERE / "templates" / t).read_text("utf-8"), filled) for name, t in names.items()}


def masses(species: Sequence[str]) -> list[float]:
    """amu, of the elements as ASE has them."""
    from ase.data import atomic_masses

    return [float(atomic_masses[ELEMENTS[s][0]]) for s in species]


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def potentia_version() -> str:
    """The installed version; `unknown` where this is a source tree that is not installed."""
    return version_of("potentia") or "unknown"


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text

"""The folder of the first tutorial, docs/start/vasp: five files in the form of VASP's OUTCAR, made up.

    python benchmarks/make_start_data.py [FOLDER]

Structures and labels are those of specs/demo/nb_demo.xyz, which are a published potential's and not DFT's. A
file has what a reader takes of an OUTCAR and nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.io import read

ROOT = Path(__file__).resolve().parent.parent
STEPS = 8  # of each file, at most
_HEAD = """ vasp.6.3.2 made up: no calculation of VASP, labels of Nb.uf3
 POTCAR:    PAW_PBE Nb_pv 08Apr2002
 POTCAR:    PAW_PBE Nb_pv 08Apr2002
   ions per type =              {atoms:2d}
   k-points           NKPTS =      1   k-points in BZ     NKDIM =      1   number of bands    NBANDS=     16
   NELM   =     60;   NELMIN=  2; NELMDL= -5     # of ELM steps
   ISIF   =      3    stress and relaxation
   ISPIN  =      1    spin polarized calculation?
 k-points in reciprocal lattice and weights: Automatic mesh
   0.00000000  0.00000000  0.00000000       1.000
"""
# the folders, and the structures in them
_RUNS: dict[str, Callable[[Atoms], bool]] = {
    "1-volumes": lambda a: a.info["config_type"] == "volume",
    "2-strains": lambda a: a.info["config_type"] == "strain",
    "3-md-1000K": lambda a: a.info["config_type"] == "md_1000K" and len(a) == 16,
    "4-md-2400K": lambda a: a.info["config_type"] == "md_2400K" and len(a) == 16,
    "5-compressed": lambda a: a.info["config_type"] == "compressed",
}


def outcar(steps: Sequence[Atoms]) -> str:
    """The text of an OUTCAR of these steps."""
    return _HEAD.format(atoms=len(steps[0])) + "".join(_step(k + 1, a) for k, a in enumerate(steps))


def _step(number: int, atoms: Atoms) -> str:
    cell, energy = np.array(atoms.cell), atoms.get_potential_energy()
    s = -atoms.get_stress(voigt=False) / (0.1 * units.GPa)  # kB, pressure positive
    line, middle = "-" * 80, "-" * 50
    parts = [
        f"--------------- Iteration {number:6d}(   7)  ---------------",
        "------------------------ aborting loop because EDIFF is reached ----------------",
        "  FORCE on cell =-STRESS in cart. coord.  units (eV):",
        "  Direction    XX          YY          ZZ          XY          YZ          ZX",
        "  in kB   " + _row([s[0, 0], s[1, 1], s[2, 2], s[0, 1], s[1, 2], s[2, 0]], 5),
        "      direct lattice vectors                 reciprocal lattice vectors",
        *(_row(row, 9) for row in np.hstack([cell, np.linalg.inv(cell).T])),
        "",
        " POSITION                                       TOTAL-FORCE (eV/Angst)",
        f" {line}",
        *(_row(row, 7) for row in np.hstack([atoms.positions, atoms.get_forces()])),
        f" {line}",
        "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
        f"  {middle}",
        f"  free  energy   TOTEN  = {energy:18.8f} eV",
        "",
        f"  energy  without entropy= {energy:18.8f}  energy(sigma->0) = {energy:18.8f}",
    ]
    return "\n".join(parts) + "\n"


def _row(values: Sequence[float], digits: int) -> str:
    return " ".join(f"{x:{digits + 6}.{digits}f}" for x in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "start" / "vasp")
    folder = parser.parse_args().folder
    frames = read(ROOT / "specs" / "demo" / "nb_demo.xyz", ":")
    for name, belongs in _RUNS.items():
        steps = [atoms for atoms in frames if belongs(atoms)][:STEPS]
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "OUTCAR").write_text(outcar(steps), encoding="utf-8")


if __name__ == "__main__":
    main()

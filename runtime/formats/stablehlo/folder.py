"""An export as StableHLO: functions, a description of their arguments, and a proof that runs without us."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ....compiler.backends.target import StructurePrediction
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, ToolError
from ...files.atomic import write_atomic
from ...potential.potential import Potential
from ..foreign_format import Written
from ..lammps.parity import ParityStructure, parity_structures, reference
from ..lammps.source import digest, potentia_version
from .rows import rows_of, structure_of, together

MODEL = "model.json"
_FORMAT = 1
_TEMPLATES = Path(__file__).parent / "templates"
PRECISIONS = ("float64", "float32")
# largest differences that pass, over the largest value (1 eV or eV/Å at least): cancellation costs float32
LIMITS = {"float64": 1e-10, "float32": 2e-4}
QUANTITIES = ("energy", "forces", "virial")
Differences = dict[str, dict[str, float]]  # by precision and quantity


def functions(potential: Potential) -> dict[str, bytes]:
    """The potential in each precision, in jax's stable form. Raises ToolError missing-package."""
    from ....compiler.backends.xla.portable import Portable, serialized
    from ....compiler.backends.xla.start import start

    start()
    try:
        return {p: serialized(Portable(potential.model, potential.theta, p)) for p in PRECISIONS}
    except ImportError as error:
        raise ToolError(_missing(error)) from None


def write_folder(folder: Path, potential: Potential, made: dict[str, bytes]) -> Written:
    """Fill an empty folder, and compare what is in it with the formula.

    Raises ArtifactError: not-finite, export-differs.
    """
    cutoff = cutoff_of(potential)
    structures = parity_structures(potential.species)
    wanted = [reference(potential, structure) for structure in structures]
    for precision, data in made.items():
        (folder / f"{precision}.jax_export").write_bytes(data)
    found = {p: _compared(folder, p, potential, structures, wanted) for p in made}
    texts = {
        "spec.pes": potential.text,
        "parity.json": json.dumps([_case(*pair) for pair in zip(structures, wanted, strict=True)]) + "\n",
        MODEL: json.dumps(_description(potential, cutoff, made, found), indent=1) + "\n",
    }
    filled = {
        "@SPECIES@": ", ".join(potential.species),
        "@CUTOFF@": f"{cutoff:g}",
        "@VERSION@": potentia_version(),
    }
    for template in sorted(_TEMPLATES.iterdir()):
        text = template.read_text("utf-8")
        for name, value in filled.items():
            text = text.replace(name, value)
        texts[template.name.removesuffix(".template")] = text
    for name, text in texts.items():
        write_atomic(folder / name, text)
    worst = {p: max(found[p].values()) for p in found}
    told = ", ".join(f"{p} {w:.0e}" for p, w in worst.items())
    sentence = (
        f"StableHLO for {', '.join(potential.species)}; run here by jax alone it agrees: {told} (relative)"
    )
    return Written(sentence, {"species": list(potential.species), "cutoff": cutoff, "differences": found})


def cutoff_of(potential: Potential) -> float:
    """The longest cutoff of the formula, Å; 0 without neighbours."""
    return max((float(d.rc or 0.0) for d in potential.model.lists()), default=0.0)


def _compared(
    folder: Path,
    precision: str,
    potential: Potential,
    structures: tuple[ParityStructure, ...],
    wanted: list[StructurePrediction],
) -> dict[str, float]:
    """The largest differences of what was written. Raises ArtifactError export-differs."""
    from ....compiler.backends.xla.portable import loaded

    call = loaded((folder / f"{precision}.jax_export").read_bytes())
    given = together(
        [
            rows_of(structure_of(s, potential.species), potential.species, cutoff_of(potential))
            for s in structures
        ]
    )
    worst = dict.fromkeys(QUANTITIES, 0.0)
    for rows, true in zip(given, wanted, strict=True):
        found = call(*rows.arguments(precision))
        for name in QUANTITIES:
            value, got = np.asarray(getattr(true, name)), np.asarray(found[name], float)
            got = got[: len(value)] if name == "forces" else got
            off = np.abs(got - value).max() / max(1.0, np.abs(value).max())
            worst[name] = float(np.fmax(worst[name], off) if np.isfinite(off) else np.inf)
    _require(precision, worst)
    return worst


def _require(precision: str, worst: dict[str, float]) -> None:
    for name, difference in worst.items():
        if not difference <= LIMITS[precision]:
            off = f"{name}, {precision}: {difference:.1e} (relative)"
            message = f"StableHLO does not give what the formula gives: {off}"
            raise ArtifactError(Diagnostic("export-differs", message, help="please report it, with the run"))


def _case(structure: ParityStructure, found: StructurePrediction) -> dict[str, object]:
    return {
        "name": structure.name,
        "cell": structure.cell.tolist(),
        "periodic": list(structure.periodic),
        "species": structure.species.tolist(),
        "positions": structure.positions.tolist(),
        "energy": float(found.energy),
        "forces": found.forces.tolist(),
        "virial": found.virial.tolist(),
    }


def _description(
    potential: Potential, cutoff: float, made: dict[str, bytes], found: Differences
) -> dict[str, object]:
    import jax

    from ....compiler.backends.xla.portable import PLATFORMS

    real = "as the file says"
    return {
        "format": _FORMAT,
        "potentia": potentia_version(),
        "jax": jax.__version__,
        "platforms": list(PLATFORMS),
        "species": list(potential.species),
        "cutoff": cutoff,
        "sizes": {"atoms": "2 or more", "neighbours": "2 or more: those of the atom that has most"},
        "inputs": [
            _argument("positions", ["atoms", 3], real, "Å", "Cartesian"),
            _argument("species", ["atoms"], "int32", "", "places in `species`; −1: no atom, for padding"),
            _argument("neighbours", ["atoms", "neighbours"], "int32", "", "indices of atoms; −1: none"),
            _argument("shifts", ["atoms", "neighbours", 3], real, "Å", "added to the neighbour's position"),
        ],
        "outputs": [
            _argument("energy", [], real, "eV", "of all atoms"),
            _argument("site_energy", ["atoms"], real, "eV", "of each atom"),
            _argument("forces", ["atoms", 3], real, "eV/Å", "−dE/dx"),
            _argument("virial", [3, 3], real, "eV", "dE/dε; stress = virial / volume, tension positive"),
        ],
        "digests": {f"{p}.jax_export": digest(data) for p, data in made.items()}
        | {"spec.pes": digest(potential.text.encode())},
        "largest_differences": found,
        "limits": LIMITS,
    }


def _argument(name: str, shape: list[int | str], dtype: str, unit: str, meaning: str) -> dict[str, object]:
    return {"name": name, "shape": shape, "dtype": dtype, "unit": unit, "meaning": meaning}


def _missing(error: ImportError) -> Diagnostic:
    message = f"jax needs the package flatbuffers to write StableHLO: {error}"
    return Diagnostic("missing-package", message, help="`pip install 'potentia[stablehlo]'`")

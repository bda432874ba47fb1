"""A formula of pairs as a file for `pair_style table`: a section for each pair of species, even in r²."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...potential.plain_sum import terms_of
from ...potential.potential import Potential
from ...structures.arrays import Floats
from ..foreign_format import Exported
from ..lammps.tabulated import POINTS, Inexpressible, pair_curve, tabulate
from ..pair_style.table_style import difference_of

_NEAREST = 0.1  # Å, where a table of any formula begins


def exported(potential: Potential) -> Exported:
    """The file. Raises ArtifactError `not-native` where an energy is not one of pairs."""
    left_out = _require_pairs(potential)
    r = _points(potential)
    n = len(r)
    pairs = list(combinations_with_replacement(range(len(potential.species)), 2))
    blocks, coefficients, worst = [], [], 0.0
    for i, j in pairs:
        name = f"{potential.species[i]}_{potential.species[j]}"
        energy, force = pair_curve(potential.model, potential.theta, i, j, r)
        worst = max(worst, difference_of(r, energy, force))
        rows = zip(range(1, n + 1), r.tolist(), energy.tolist(), force.tolist(), strict=True)
        head = [name, f"N {n} RSQ {float(r[0])!r} {float(r[-1])!r}", ""]
        blocks.append("\n".join([*head, *(f"{k} {x!r} {e!r} {f!r}" for k, x, e, f in rows), ""]))
        coefficients.append(f"# pair_coeff {i + 1} {j + 1} FILE {name}")
    lines = [
        "# a formula by potentia, UNITS: metal",
        f"# pair_style table spline {n}",
        *coefficients,
        "",
        *blocks,
    ]
    told = f"forces differ by up to {worst:.1e} eV/Å where a pair has less than 10 eV{left_out}"
    sentence = f"tables of {', '.join(potential.species)}, {n} points; with `table spline {n}` {told}"
    return Exported("\n".join(lines), sentence, {"species": list(potential.species), "force_error": worst})


def _require_pairs(potential: Potential) -> str:
    """What is left out. Raises ArtifactError `not-native`."""
    try:
        found = tabulate(potential.model, potential.theta, [potential.model.outputs["energy"]])
    except Inexpressible as fault:
        raise _fault(
            f"a table of pairs does not hold it: {fault}", "`--to lammps` writes any formula"
        ) from None
    if any(t.density.any() for t in found):
        message = "a table of pairs does not hold it: it has a function of a density"
        raise _fault(message, "`--to setfl` writes tables of embedded atoms")
    return "; energies of atoms alone are left out" if found[0].embedding.any() else ""


def _points(potential: Potential) -> Floats:
    """Distances (Å): those of the formula's own table where it is one, else many."""
    _, terms = terms_of(potential)
    tables = [t for t in terms if t.called == "pair_table" and t.is_of_library]
    start, end, n = _NEAREST, max(d.rc or 0.0 for d in potential.model.lists()), POINTS
    if len(tables) == 1 and all(t.called in ("pair_table", "reference") for t in terms):
        (table,) = tables
        if table.word("grid") == "squared":
            start, end, n = table.number("start"), table.number("rc"), table.whole("n")[0]
    return np.sqrt(np.linspace(start**2, end**2, n))


def _fault(message: str, help: str) -> ArtifactError:
    return ArtifactError(Diagnostic("not-native", message, place="spec.pes", help=help))

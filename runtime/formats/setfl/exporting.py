"""A formula as a setfl file: the tables that it was read from, or those of its functions, with the error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.ir.types import Domain, row_number
from ...potential.plain_sum import Numbers, Term, is_plain_sum, terms_of
from ...potential.potential import Potential
from ...structures.arrays import Floats
from ..foreign_format import Exported
from ..lammps.parity import parity_structures, reference
from ..lammps.tabulated import Inexpressible, Tables, tabulate
from .importing import imported_tables, sentence_of
from .tables import FEWEST, EamTables, knots
from .writing import setfl_text

_SLOPE = 1e-12  # of the largest number, by which slopes of tables may differ from differences of values
_ALIKE = 1e-12  # of the largest density, by which those at different atoms may differ in `eam/alloy`
_COMPARED = ("crystal", "slab", "cluster")


def exported(potential: Potential, by_pair: bool) -> Exported:
    """The file of `eam/alloy`, or of `eam/fs`. Raises ArtifactError `not-native`."""
    tables = _own(potential)
    is_exact = tables is not None
    if tables is None:
        tables = _sampled(potential)
    tables = _with_pairs(tables) if by_pair else _without_pairs(tables)
    sentence = f"{'eam/fs' if by_pair else 'eam/alloy'} {sentence_of(tables).partition(' ')[2]}"
    facts: dict[str, object] = {"species": list(tables.species), "cutoff": tables.cutoff}
    if is_exact:
        return Exported(setfl_text(tables), f"{sentence}, number by number", facts)
    energy, force = _error(potential, tables)
    told = f"energies differ by up to {energy:.1e} eV an atom from the formula, forces by {force:.1e} eV/Å"
    facts |= {"energy_error": energy, "force_error": force}
    return Exported(setfl_text(tables), f"{sentence}; {told}", facts)


def eam_tables(found: Tables, species: tuple[str, ...]) -> EamTables:
    """Tables of functions as those of a file of `eam/fs`."""
    r, rho = found.r, found.rho
    z = r * found.pair
    return EamTables(species, float(r[-1]), float(r[1]), float(rho[1]), found.embedding, found.density, z)


# --- tables that the formula has ---------------------------------------------------------------------


def _own(potential: Potential) -> EamTables | None:
    """Of a formula that is one `eam_table`, perhaps with energies of atoms; None of any other."""
    model, terms = terms_of(potential)
    tables = [t for t in terms if t.called == "eam_table"]
    rest = [t for t in terms if t.called == "reference"]
    whole = len(tables) == 1 and len(terms) == 1 + len(rest) and all(t.is_of_library for t in terms)
    if not whole or tables[0].only or tables[0].word("switch") != "hard":
        return None
    if not is_plain_sum(model.outputs["energy"], terms):
        return None
    numbers, term, n = Numbers(model, potential.theta), tables[0], len(model.species)
    by_pair = term.word("density") == "of_pair"
    size, size_rho = term.whole("n")[0], term.whole("n_rho")[0]
    z = _values(numbers, term, "z", size, "species_pair")
    density = _values(
        numbers, term, "g" if by_pair else "f", size, "species_pair_ordered" if by_pair else None
    )
    embedding = _values(numbers, term, "F", size_rho, None)
    if z is None or density is None or embedding is None:
        return None
    if by_pair:
        density = density.transpose(1, 0, 2)  # the neighbour first
    for t in rest:
        embedding = embedding + numbers.of(t, "e0").reshape(n, 1)
    cutoff, dr, drho = (term.number(name) for name in ("rc", "dr", "drho"))
    return EamTables(model.species, cutoff, dr, drho, embedding, density, z)


def _values(numbers: Numbers, term: Term, name: str, n: int, pairs: str | None) -> Floats | None:
    """Of knots the values, by species or pairs of species; None where slopes are not LAMMPS's."""
    rows = numbers.of(term, name, (2 * n,))
    values: Floats = rows[:, 0::2]
    if n < FEWEST or np.abs(knots(values) - rows).max() > _SLOPE * np.abs(rows).max():
        return None
    if pairs is None:
        return values
    species = range(len(numbers.model.species))
    domain = Domain(pairs)  # type: ignore[arg-type]
    of = [[values[row_number(domain, (a, b), len(species))] for b in species] for a in species]
    return np.array(of)


# --- tables of its functions -------------------------------------------------------------------------


def _sampled(potential: Potential) -> EamTables:
    try:
        found = tabulate(potential.model, potential.theta, [potential.model.outputs["energy"]])
    except Inexpressible as fault:
        raise _fault(f"tables of embedded atoms do not hold it: {fault}") from None
    if len(found) > 1:
        raise _fault(f"it is a function of {len(found)} densities, and a file has one")
    return eam_tables(found[0], potential.species)


def _with_pairs(tables: EamTables) -> EamTables:
    if tables.by_pair:
        return tables
    n = len(tables.species)
    return replace(tables, density=np.repeat(tables.density[:, None], n, axis=1))


def _without_pairs(tables: EamTables) -> EamTables:
    """Raises ArtifactError `not-native` where a density depends on the atom that it is felt by."""
    if not tables.by_pair:
        return tables
    first = tables.density[:, 0]
    if np.abs(tables.density - first[:, None]).max() > _ALIKE * np.abs(first).max():
        message = "a density depends on both species, and `eam/alloy` has one for each neighbour"
        raise _fault(message, "`--style fs` writes a file of `eam/fs`")
    return replace(tables, density=first)


def _error(potential: Potential, tables: EamTables) -> tuple[float, float]:
    """The largest differences of energies an atom (eV) and forces (eV/Å), at usual distances."""
    again = imported_tables(tables, "tables").potential
    energy = force = 0.0
    for structure in parity_structures(potential.species):
        if structure.name in _COMPARED:
            mine, theirs = reference(potential, structure), reference(again, structure)
            energy = max(energy, float(np.abs(mine.site_energy - theirs.site_energy).max()))
            force = max(force, float(np.abs(mine.forces - theirs.forces).max()))
    return energy, force


def _fault(message: str, help: str | None = None) -> ArtifactError:
    help = help or "`--to lammps` writes any formula, as a pair style of its own"
    return ArtifactError(Diagnostic("not-native", message, place="spec.pes", help=help))

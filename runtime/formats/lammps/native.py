"""A formula by LAMMPS's own styles: those of the same formula, tables for other pairs and for functions of a
density, and `hybrid/overlay` where there are several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.ir.graph import Node
from ...potential.plain_sum import Numbers, Term, is_plain_sum, terms_of
from ...potential.potential import Potential
from ...structures.arrays import Floats
from ..setfl.exporting import eam_tables
from ..setfl.writing import setfl_text
from .native_terms import NoStyle, Style, style_of
from .tabulated import POINTS, Inexpressible, require_expressible, tabulate


@dataclass(frozen=True)
class Native:
    """stanza: the lines of an input; files: that they name; tabulated: terms that are tables now."""

    stanza: str
    files: Mapping[str, str]
    tabulated: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is exact and what is not."""
        if not self.tabulated:
            return "every term is a style of LAMMPS with the same formula"
        names = ", ".join(f"`{name}`" for name in self.tabulated)
        return f"{names} as tables of {POINTS} points, between which LAMMPS interpolates by cubics"


def native_of(potential: Potential) -> Native:
    """The formula by styles of LAMMPS. Raises ArtifactError `not-native`."""
    model, terms = terms_of(potential)
    energy = model.outputs["energy"]
    numbers = Numbers(model, potential.theta)
    styles: list[Style] = []
    rest: dict[str, Node] = {}
    if is_plain_sum(energy, terms):
        terms, energies = _energies_of_atoms(terms, numbers)
        for term in terms:
            found = _style_or_energy(term, numbers, energies)
            if isinstance(found, Style):
                styles.append(found)
            else:
                rest[term.instance.name] = found
    else:
        rest["the energy"] = _expressible(energy, "the energy, which is no plain sum of terms,", None)
    if rest:
        styles += _tables(potential, rest)
    return Native(_stanza(styles, potential.species), _files(styles), tuple(rest))


def _energies_of_atoms(terms: list[Term], numbers: Numbers) -> tuple[list[Term], Floats]:
    """The terms without those that `snap` has room for, energies of atoms (eV), which come apart."""
    energies = np.zeros(len(numbers.model.species))
    if sum(t.called == "snap" and t.is_of_library for t in terms) != 1 or any(t.only for t in terms):
        return terms, energies
    held = [t for t in terms if t.called == "reference" and t.is_of_library]
    for term in held:
        energies = energies + numbers.of(term, "e0")
    return [t for t in terms if t not in held], energies


def _style_or_energy(term: Term, numbers: Numbers, energies: Floats) -> Style | Node:
    try:
        return style_of(term, numbers, energies)
    except NoStyle as reason:
        return _expressible(term.instance.energy, f"the term `{term.called}`", term, str(reason))


def _expressible(energy: Node, what: str, term: Term | None, reason: str = "") -> Node:
    try:
        require_expressible(energy)
    except Inexpressible as fault:
        why = f"{reason}, and tables do not hold it: {fault}" if reason else f"tables do not hold it: {fault}"
        raise _fault(f"{what} has no style in LAMMPS: {why}", term) from None
    return energy


def _tables(potential: Potential, rest: Mapping[str, Node]) -> list[Style]:
    try:
        found = tabulate(potential.model, potential.theta, list(rest.values()))
    except Inexpressible as fault:
        raise _fault(f"{', '.join(rest)} cannot be tabulated: {fault}", None) from None
    styles = []
    for number, tables in enumerate(found, 1):
        file = f"formula{number if len(found) > 1 else ''}.eam.fs"
        arguments = (("* *", f"{file} {' '.join(potential.species)}"),)
        text = setfl_text(eam_tables(tables, potential.species))
        every = tuple(range(len(potential.species)))
        styles.append(Style("eam/fs", "", arguments, {file: text}, species=every))
    return styles


def _fault(message: str, term: Term | None) -> ArtifactError:
    origin = term.instance.origin if term is not None else None
    help = "without `--style native` any formula goes to LAMMPS, as a pair style of its own"
    place = None if origin is not None else "spec.pes"
    return ArtifactError(Diagnostic("not-native", message, primary=origin, place=place, help=help))


# --- the lines of an input -------------------------------------------------------------------------


def _files(styles: Sequence[Style]) -> dict[str, str]:
    return {name: text for style in styles for name, text in style.files.items()}


def _stanza(styles: Sequence[Style], species: Sequence[str]) -> str:
    uncovered = _uncovered(styles, len(species))
    if len(styles) == 1 and not uncovered:
        (style,) = styles
        lines = [f"pair_style {style.name} {style.arguments}".rstrip()]
        lines += [f"pair_coeff {types} {rest}" for types, rest in style.coefficients]
        return "\n".join(lines + (["pair_modify shift yes"] if style.shifted else []))
    times = Counter(style.name for style in styles)
    seen: Counter[str] = Counter()
    lines = ["pair_style hybrid/overlay " + " ".join(f"{s.name} {s.arguments}".rstrip() for s in styles)]
    for style in styles:
        seen[style.name] += 1
        name = f"{style.name} {seen[style.name]}" if times[style.name] > 1 else style.name
        lines += [f"pair_coeff {types} {name} {rest}" for types, rest in style.coefficients]
        if style.shifted:
            lines.append(f"pair_modify pair {name} shift yes")
    lines += [f"pair_coeff {i + 1} {j + 1} none" for i, j in uncovered]
    return "\n".join(lines)


def _uncovered(styles: Sequence[Style], species: int) -> list[tuple[int, int]]:
    """Pairs of species that no style acts on."""
    pairs = [(i, j) for i in range(species) for j in range(i, species)]
    return [(i, j) for i, j in pairs if not any({i, j} <= set(s.species) for s in styles)]

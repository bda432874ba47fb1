"""The library's terms in all their variants, parameters within their bounds, and structures of every kind.

A new file in `specs/std` is taken up with no more ado: an argument that names a definition of the term (a
switch, a density) is tried with every definition that fits there, a basis with every family, an activation
with every activation, and `l` with every degree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from ase import Atoms
from lammps_cases import cluster, crystal, open_along, skewed, tiny
from potentia.compiler import pipeline
from potentia.compiler.backends import reference
from potentia.compiler.backends.target import Structure, StructurePrediction, Target
from potentia.compiler.backends.targets import TARGETS
from potentia.compiler.declarations import library
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.elaborate.networks import ACTIVATIONS
from potentia.compiler.elaborate.radial_bases import FAMILIES
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.parameter import Parameter
from potentia.compiler.ir.types import Domain
from potentia.compiler.syntax import tree as syntax
from potentia.runtime.structures.batches import Batch, build
from potentia.runtime.structures.neighbors import pairs
from potentia.runtime.structures.padding import ListSpec, Shape, nice, sizes
from potentia.runtime.structures.structure import from_atoms

SPECIES = ("Nb", "O", "Li")
BASES = {
    "bessel": "bessel(3)",
    "chebyshev": "chebyshev(4)",
    "gaussian": "gaussian(5, start = 0.5)",
    "spline": "spline(6, start = 0.5)",
}
# where functions are multiplied with each other: the families themselves are tried by the terms of pairs
SHORT_BASES = {
    "bessel": "bessel(3)",
    "chebyshev": "chebyshev(2)",
    "gaussian": "gaussian(2, start = 0.5)",
    "spline": "spline(4, start = 0.5)",
}
assert set(BASES) == set(SHORT_BASES) == set(FAMILIES)
# arguments of every variant of a term, where its starts leave too little room for random parameters
ROOM = {"sw": "rc = 4.6", "tersoff": "rc = 3.3", "snap": "radius = 2.2"}
# a network's own scale is set by its weights, and these are cheap
SMALL = {
    "nep": {"n_max": "[1, 1]", "basis_size": "[2, 1]", "l_max": "[2, 2, 1]", "neuron": "3"},
    "nn": {"features": "bessel(4)", "hidden": "[4]"},
    "nn_angular": {"features": "bessel(4)", "angular": "bessel(2)", "l": "2", "hidden": "[4]"},
    "snap": {"twojmax": "2"},
    "three_body": {"basis": "bessel(2)", "l": "2"},
    "four_body": {"basis": "bessel(1)", "l": "1"},
    "uf_triple": {"knots": "[0.5, 1, 2.5, 3.5, 4]", "far": "[0.5, 2, 3, 3.5, 5, 8]"},
    "five_body": {"basis": "bessel(1)", "l": "1", "densities": "[0]", "of": "[0, 2]"},
}


@dataclass(frozen=True)
class Variant:
    """A call of a library term. `default` marks the term as it is called without arguments."""

    name: str
    term: str
    call: str
    default: bool = False

    def spec(self, species: Sequence[str] = SPECIES[:2]) -> str:
        return f"species {', '.join(species)}\nE = {self.call}\n"


@cache
def variants() -> tuple[Variant, ...]:
    """Every term in every variant that compiles; those of one formula once."""
    found: list[Variant] = []
    for term in library.term_names():
        known: set[int] = set()
        kept = []  # the nodes stay alive, so that identity means equality
        for variant in _calls(term):
            try:
                energy = compiled(variant.spec(), optimized=False).outputs["energy"]
            except SpecError:
                if variant.default:
                    raise
                continue
            if id(energy) not in known:
                known.add(id(energy))
                kept.append(energy)
                found.append(variant)
    return tuple(found)


def defaults() -> tuple[Variant, ...]:
    return tuple(v for v in variants() if v.default)


def _calls(term: str) -> Iterator[Variant]:
    declaration = library.term(term)
    assert declaration is not None
    usual = dict(SMALL.get(term, {}))
    yield Variant(term, term, _call(term, usual), default=True)
    for formal in declaration.formals:
        for value in _choices(formal, declaration):
            label = f"{term}-{formal.name}-{value.split('(')[0]}"
            yield Variant(label, term, _call(term, usual | {formal.name: value}))


def _call(term: str, arguments: dict[str, str]) -> str:
    written = [f"{name} = {value}" for name, value in arguments.items()]
    return f"{term}({', '.join([*written, *filter(None, [ROOM.get(term)])])})"


def _choices(formal: syntax.Formal, term: syntax.Term) -> list[str]:
    """Other values of an argument, by what its default is."""
    definitions = {m.name: m for m in term.members if isinstance(m, syntax.Definition) and m.formals}
    default = formal.default
    if isinstance(default, (syntax.Call, syntax.Name)) and default.name.rstrip("0123456789") in FAMILIES:
        of_products = term.name.endswith(("_body", "_angular"))
        return list((SHORT_BASES if of_products else BASES).values())
    if isinstance(default, syntax.Name) and default.name in definitions:
        formals = definitions[default.name].formals or ()
        return [
            n for n, d in definitions.items() if len(d.formals or ()) == len(formals) and n != default.name
        ]
    if isinstance(default, syntax.Name) and default.name in ACTIVATIONS:
        return [a for a in ACTIVATIONS if a != default.name]
    if formal.name == "l":
        return [str(degree) for degree in range(5)]
    return ["[]", "[3, 4]"] if isinstance(default, syntax.List) else []


# --- models ------------------------------------------------------------------------------------


def compiled(text: str, optimized: bool = True, species: tuple[str, ...] | None = None) -> Model:
    """The model of a spec, as built or optimized with the verifier after every pass."""
    model = pipeline.build(pipeline.check(pipeline.parse(text)), species)
    return pipeline.optimize(model, checked=True) if optimized else model


def starts(model: Model) -> np.ndarray:
    return np.array(model.vector.start)


def random_theta(model: Model, seed: int) -> np.ndarray:
    """Parameters about their starts, within their bounds; what starts at 0 gets a value."""
    rng = np.random.default_rng(seed)
    parts = [_about_start(p, rng) for p in model.parameters]
    return np.concatenate([*parts, np.zeros(0)])


def _about_start(p: Parameter, rng: np.random.Generator) -> np.ndarray:
    start, lower, upper = np.array(p.start), np.array(p.lower), np.array(p.upper)
    scale = np.where(start == 0.0, 0.3, 0.08 * np.abs(start))
    room = np.minimum(np.where(np.isfinite(upper - lower), 0.3 * (upper - lower), np.inf), scale)
    return np.clip(start + room * rng.uniform(-1.0, 1.0, start.shape), lower, upper)


def reach(model: Model) -> float:
    """The longest cutoff, Å; 0 without neighbours."""
    return max((d.rc or 0.0 for d in model.lists()), default=0.0)


# --- structures --------------------------------------------------------------------------------


def structures(species: Sequence[str], rc: float, seed: int) -> list[Atoms]:
    """One of every kind, a few atoms each, with distances of about half the cutoff.

    Crystals, a one-atom cell that is much smaller than the cutoff, mixed boundaries, triclinic, a cluster,
    dimers within and beyond the cutoff, a lone atom. No distance is under a third of the cutoff.
    """
    rng = np.random.default_rng(seed)
    spacing = 0.55 * rc if rc else 2.5
    zoo = [
        tiny("bcc", (species[seed % len(species)],), spacing, rng),
        tiny("diamond", (species[0], species[-1]), spacing, rng),
        open_along(tiny("bcc", (species[-1], species[0]), spacing, rng), (int(rng.integers(3)),)),
        open_along(_few(crystal("hcp", species, spacing, rng), 4), (0, 1)),
        _few(skewed(species, spacing, rng), 3),
        cluster(species, 6, spacing, rng),
        dimer(species[0], species[-1], spacing * rng.uniform(0.8, 1.6)),
        dimer(species[0], species[0], 1.05 * rc if rc else 5.0),
        Atoms(species[-1], positions=[rng.uniform(-3, 3, 3)]),
    ]
    return zoo


def dimer(a: str, b: str, distance: float) -> Atoms:
    direction = np.array([0.36, -0.48, 0.8])
    return Atoms([a, b], [np.zeros(3), distance * direction])


def _few(atoms: Atoms, count: int) -> Atoms:
    """The first atoms in the cell of them all: vacancies."""
    return atoms[:count]


# --- evaluation --------------------------------------------------------------------------------


Labels = StructurePrediction


def structure_of(model: Model, atoms: Atoms) -> Structure:
    """The structure as a target has it: species as indices of the model."""
    index = np.array([model.species.index(s) for s in atoms.get_chemical_symbols()])
    return Structure(atoms.positions, atoms.cell.array, atoms.pbc, index)


def by_reference(model: Model, theta: np.ndarray, atoms: Atoms) -> Labels:
    """What the reference backend says of a model as built."""
    return reference.predict(model, theta, *structure_of(model, atoms))


class Batcher:
    """Batches of one shape for all of similar structures.

    usual: the structures will be those of `structures`, or smaller ones.
    """

    def __init__(self, model: Model, usual: bool = False) -> None:
        self.usual, self.model = usual, model
        self.specs = _specs(model.lists())
        self.shape: Shape | None = None

    def __call__(self, lists: tuple[Domain, ...], given: Sequence[Structure]) -> Batch:
        """As targets ask for them: with the lists of the model, or with others of theirs."""
        if _specs(lists) != self.specs:
            self.specs, self.shape = _specs(lists), None
        names = np.array(self.model.species)
        return self.batch([Atoms(names[s.species], s.positions, cell=s.cell, pbc=s.pbc) for s in given])

    def batch(self, atoms: Sequence[Atoms]) -> Batch:
        """The structures as one padded batch; the shape grows only where it must."""
        least = self._needed(atoms)
        if self.shape is None and self.usual:
            zoos = [structures(self.model.species, reach(self.model), seed) for seed in range(4)]
            self.shape = self._roomy([self._needed(zoo) for zoo in zoos])
        if self.shape is None or not self.shape.holds(least):
            self.shape = self._roomy([least, *filter(None, [self.shape])])
        return build([from_atoms(a) for a in atoms], self.specs, self.model.species, self.shape)

    def _needed(self, atoms: Sequence[Atoms]) -> Shape:
        given = [from_atoms(a) for a in atoms]
        longest = max((s.cutoff for s in self.specs), default=0.0)
        counts = [sizes(pairs(s, longest), self.specs, s.n_atoms) if self.specs else [] for s in given]
        lists = tuple(
            max(c[k] for c in counts) if s.layout == "edge" else sum(c[k] for c in counts)
            for k, s in enumerate(self.specs)
        )
        return Shape(sum(s.n_atoms for s in given), len(given), lists)

    def _roomy(self, shapes: Sequence[Shape]) -> Shape:
        """Room for all of them and a third more neighbours; padding of every kind is there."""
        lists = [max(s.lists[k] for s in shapes) for k in range(len(self.specs))]
        atoms, slots = max(s.atoms for s in shapes), max(s.structures for s in shapes)
        return Shape(nice(atoms + 1, 8), nice(slots, 4), tuple(nice(n + n // 3 + 3, 4) for n in lists))


def _specs(lists: Sequence[Domain]) -> tuple[ListSpec, ...]:
    return tuple(ListSpec(d.name, d.rc or 0.0) for d in lists)  # type: ignore[arg-type]


class Loaded:
    """A model on a target. usual: as `Batcher` has it."""

    def __init__(self, model: Model, target: Target, usual: bool = False) -> None:
        self.model, self.batches = model, Batcher(model, usual)
        self.predictor = target.load(model, self.batches)

    def __call__(self, theta: np.ndarray, atoms: Sequence[Atoms]) -> list[Labels]:
        """Labels of each structure, all evaluated at once."""
        return self.predictor(theta, [structure_of(self.model, a) for a in atoms])


class Evaluator(Loaded):
    """An optimized model compiled by XLA, with one shape for all batches of similar structures."""

    def __init__(self, model: Model, dtype: str = "float64", usual: bool = False) -> None:
        from potentia.compiler.backends.xla.target import XlaTarget

        super().__init__(model, XlaTarget(dtype), usual)
        self.kernel: Any = self.predictor.kernel  # type: ignore[attr-defined]
        self.specs, self.batch = self.batches.specs, self.batches.batch

    def arrays(self, atoms: Sequence[Atoms]) -> Any:
        return self.kernel.arrays(self.batch(atoms))


@cache
def loaded(target: str, text: str, species: tuple[str, ...] | None = None) -> Loaded:
    """A spec on a target; XLA compiles it once for all tests."""
    if target == "xla" and species is None:
        return evaluator(text)
    made = TARGETS[target]()
    return Loaded(compiled(text, made.optimized, species), made, usual=True)


@cache
def evaluator(text: str, dtype: str = "float64") -> Evaluator:
    """One compilation of a spec serves all tests."""
    return Evaluator(compiled(text), dtype, usual=True)


def assert_close(got: Labels, want: Labels, rtol: float, atol: float = 0.0) -> None:
    """Energies, forces and virials agree relative to the largest of their kind."""
    floor = 1.0 + float(np.abs(want.site_energy).sum())
    np.testing.assert_allclose(got.energy, want.energy, rtol=0, atol=rtol * floor + atol)
    np.testing.assert_allclose(got.site_energy, want.site_energy, rtol=0, atol=rtol * floor + atol)
    for mine, other in ((got.forces, want.forces), (got.virial, want.virial)):
        scale = max(1.0, float(np.abs(other).max(initial=0.0)))
        np.testing.assert_allclose(mine, other, rtol=0, atol=rtol * scale + atol)

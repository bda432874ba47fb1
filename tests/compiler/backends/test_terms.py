"""Physics that every term of the library keeps: symmetries, extensivity, smooth ends, known values."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry import (
    SPECIES,
    Labels,
    Variant,
    assert_close,
    by_reference,
    compiled,
    defaults,
    dimer,
    evaluator,
    random_theta,
    reach,
    starts,
    structures,
    variants,
)

SETTINGS = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
shapes = [v for v in variants() if v.default or "-l-" in v.name]
by_shape = pytest.mark.parametrize("variant", shapes, ids=lambda v: v.name)
# how a term ends is not a matter of its activation; its bases end as those of `pair` do
ends = [v for v in shapes if v.default] + [
    v for v in variants() if not v.default and (v.term == "pair" or "-basis" not in v.name) and v.term != "nn"
]
by_end = pytest.mark.parametrize("variant", ends, ids=lambda v: v.name)
by_default = pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)

# switches that by their very meaning leave a jump: of the energy, or of the force
ABRUPT = ("-switch-v", "-switch-hard", "-switch-u", "-switch-join")
KINKED = ("-switch-shifted", "-form-wolf")


def rotation(rng: np.random.Generator) -> np.ndarray:
    """A random rotation or rotoreflection: the QR factor of normal numbers."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.diag(r))


def turned(atoms: Atoms, matrix: np.ndarray, shift: np.ndarray) -> Atoms:
    return Atoms(
        atoms.symbols,
        atoms.positions @ matrix.T + shift,
        cell=atoms.cell.array @ matrix.T,
        pbc=atoms.pbc,
    )


@by_shape
@SETTINGS
@given(seed=st.integers(0, 2**20))
def test_rotation_translation_permutation(variant: Variant, seed: int) -> None:
    run, rng = evaluator(variant.spec()), np.random.default_rng(seed)
    theta, zoo = random_theta(run.model, seed), structures(SPECIES[:2], reach(run.model), seed)
    matrix, shift = rotation(rng), rng.uniform(-9, 9, 3)
    orders = [rng.permutation(len(a)) for a in zoo]
    moved = [turned(a, matrix, shift)[order] for a, order in zip(zoo, orders, strict=True)]
    for got, want, order in zip(run(theta, moved), run(theta, zoo), orders, strict=True):
        expected = Labels(
            want.energy,
            want.site_energy[order],
            (want.forces @ matrix.T)[order],
            matrix @ want.virial @ matrix.T,
        )
        assert_close(got, expected, 1e-9)
        assert np.abs(got.virial - got.virial.T).max() <= 1e-9 * max(1.0, np.abs(got.virial).max())
        assert np.abs(got.forces.sum(0)).max() <= 1e-9 * max(1.0, np.abs(got.forces).max())


@by_default
def test_twice_the_cell_has_twice_the_energy(variant: Variant) -> None:
    run, built = evaluator(variant.spec()), compiled(variant.spec(), optimized=False)
    theta = random_theta(run.model, 3)
    zoo = [a for a in structures(SPECIES[:2], reach(run.model), 3) if a.pbc.any() and len(a) < 4]
    twice = [
        a.repeat([2 if p and k == int(np.argmax(a.pbc)) else 1 for k, p in enumerate(a.pbc)]) for a in zoo
    ]
    for small, large in zip(run(theta, zoo), twice, strict=True):
        double = Labels(
            2 * small.energy,
            np.tile(small.site_energy, 2),
            np.tile(small.forces, (2, 1)),
            2 * small.virial,
        )
        assert_close(by_reference(built, theta, large), double, 1e-9)


@by_default
def test_a_lone_atom_and_far_ones_are_finite_and_still(variant: Variant) -> None:
    run = evaluator(variant.spec())
    theta, far = random_theta(run.model, 5), 3 * reach(run.model) + 1.0
    lone, apart = run(theta, [Atoms("Nb"), dimer("Nb", "Nb", far)])
    assert np.isfinite(lone.energy)
    assert apart.energy == pytest.approx(2 * lone.energy, rel=1e-12, abs=1e-12)
    assert not lone.forces.any() and not apart.forces.any() and not apart.virial.any()


@by_default
def test_the_names_of_species_do_not_matter(variant: Variant) -> None:
    """Exchanging the two species and the rows of every table changes nothing (but nuclear charges do)."""
    run = evaluator(variant.spec(("Nb", "O")))
    other = compiled(variant.spec(("O", "Nb")), optimized=False)
    theta = starts(run.model)
    if variant.term.startswith(("nn", "nep")):  # random weights, of their own for each row
        theta = np.ones_like(theta)
    zoo = structures(("Nb", "O"), reach(run.model), 9)
    for atoms, want in zip(zoo, run(theta, zoo), strict=True):
        assert_close(by_reference(other, theta, atoms), want, 1e-9)


# --- ends --------------------------------------------------------------------------------------


def line(distance: float, companion: float | None) -> Atoms:
    """A dimer; with companions, an atom behind each of the two, so that neither loses its last neighbour."""
    way = np.array([0.36, -0.48, 0.8])
    ends = [0.0, distance] if companion is None else [0.0, distance, -companion, distance + companion]
    return Atoms(["Nb", "O", "Nb", "O"][: len(ends)], np.outer(ends, way))


def scan(
    variant: Variant, distances: np.ndarray, seed: int, companion: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Energy, and force along the line on the second atom, as the two come apart."""
    run = evaluator(variant.spec())
    labels = run(random_theta(run.model, seed), [line(d, companion) for d in distances])
    way = np.array([0.36, -0.48, 0.8])
    return np.array([x.energy for x in labels]), np.array([x.forces[1] @ way for x in labels])


@by_end
@pytest.mark.parametrize("seed", [0, 1])
def test_atoms_come_apart_smoothly(variant: Variant, seed: int) -> None:
    """Across every cutoff no jump in the energy, and none in the force where an atom keeps a neighbour.

    (The root of a lone neighbour's density may leave a kink: Finnis-Sinclair's does.)
    """
    cutoffs = {d.rc for d in evaluator(variant.spec()).kernel.lists if d.rc}
    for rc in cutoffs:
        near = rc + 1e-9 * np.arange(-2.0, 3.0)
        energy, _ = scan(variant, near, seed)
        size = max(
            1e-3, float(np.abs(scan(variant, rc * np.linspace(0.5, 1.0, 5), seed)[0] - energy[-1]).max())
        )
        assert np.isfinite(energy).all()
        if not variant.name.endswith(ABRUPT):
            assert np.ptp(energy) < 1e-6 * size
        _, force = scan(variant, near[:4], seed, companion=0.5 * rc)
        assert np.isfinite(force).all()
        if not variant.name.endswith((*ABRUPT, *KINKED)):
            assert np.ptp(force) < 1e-4 * size


@by_end
def test_nothing_jumps_on_the_way(variant: Variant) -> None:
    """The slope of the energy is the force all the way in, also where switches begin and pieces join."""
    rc = reach(evaluator(variant.spec()).model)
    step = 1e-5
    for points in np.linspace(0.35 * rc, 0.999 * rc, 18).reshape(2, 9) if rc else ():
        energy, force = scan(variant, points, 2)
        ahead, behind = scan(variant, points + step, 2)[0], scan(variant, points - step, 2)[0]
        size = max(1.0, float(np.abs(force).max()), float(np.abs(energy).max()))
        np.testing.assert_allclose(force, -(ahead - behind) / (2 * step), rtol=0, atol=1e-5 * size)


# --- known values ------------------------------------------------------------------------------

# U(r) of the universal repulsion, eV: pair, Å, value
ZBL = [
    ("Li", "Li", 1.0, 5.543),
    ("Li", "Li", 2.0, 0.417),
    ("Nb", "Nb", 0.5, 2513.85),
    ("Nb", "Nb", 1.0, 210.49),
    ("Nb", "Nb", 1.5, 32.44),
    ("Nb", "Nb", 2.0, 7.02),
]


@pytest.mark.parametrize(("a", "b", "r", "value"), ZBL)
def test_zbl_has_its_published_values(a: str, b: str, r: float, value: float) -> None:
    """With the switch beyond, to half of the last digit."""
    run = evaluator(f"species {a}\nE = zbl(inner = 5, outer = 6)\n")
    digits = len(str(value).partition(".")[2])
    (found,) = run(np.zeros(0), [dimer(a, b, r)])
    assert found.energy == pytest.approx(value, abs=0.51 * 10**-digits)


def energy_of(call: str, atoms: Atoms, species: str = "Nb") -> float:
    run = evaluator(f"species {species}\nE = {call}\n")
    return run(starts(run.model), [atoms])[0].energy


def test_limits_of_pair_terms() -> None:
    at_minimum = dimer("Nb", "Nb", 2.5 * 2 ** (1 / 6))
    assert energy_of("lj(rc=20, switch=hard)", at_minimum) == pytest.approx(-0.1, rel=1e-12)
    assert energy_of("morse(rc=20, switch=hard)", dimer("Nb", "Nb", 2.8)) == pytest.approx(-0.5, rel=1e-12)
    a, rho = 1000.0, 0.3
    at_two = dimer("Nb", "Nb", 2.0)
    assert energy_of("born_mayer(switch=hard)", at_two) == pytest.approx(a * np.exp(-2.0 / rho), rel=1e-12)
    assert energy_of("buckingham(switch=hard)", at_two) == pytest.approx(
        a * np.exp(-2.0 / rho) - 10.0 / 64, rel=1e-12
    )
    assert energy_of("reference(e0 = -3)", at_two) == -6.0


def test_switches_leave_the_inside_alone() -> None:
    inside = dimer("Nb", "Nb", 2.6)
    for term in ("lj", "morse", "born_mayer", "buckingham"):
        smoothed = energy_of(f"{term}(rc=6, inner=4)", inside)
        assert smoothed == pytest.approx(energy_of(f"{term}(rc=6, switch=hard)", inside), rel=1e-13)


def test_typewise_zbl_ends_at_the_covalent_radii() -> None:
    """0.7 (R_i + R_j): of niobium 0.7 · 2 · 1.64 Å, unless `outer` is shorter."""
    call, end = "zbl(outer = 4, switch = typewise)", 0.7 * 2 * 1.64
    assert energy_of(call, dimer("Nb", "Nb", end - 0.01)) > 0.0
    assert energy_of(call, dimer("Nb", "Nb", end + 0.001)) == 0.0
    assert energy_of("zbl(outer = 1.5, switch = typewise)", dimer("Nb", "Nb", 1.51)) == 0.0


def test_silicon_of_stillinger_and_weber() -> None:
    """Diamond at 5.431 Å has −4.336 eV an atom, −2 ε: two bonds at their minimum."""
    from ase.build import bulk

    crystal = bulk("Si", "diamond", a=5.4310)
    assert energy_of("sw()", crystal, "Si") / 2 == pytest.approx(-4.3366, abs=5e-4)


def test_silicon_of_tersoff() -> None:
    """−4.63 eV an atom at 5.432 Å, Tersoff, Phys. Rev. B 38, 9902 (1988)."""
    from ase.build import bulk

    assert energy_of("tersoff()", bulk("Si", "diamond", a=5.432), "Si") / 2 == pytest.approx(-4.63, abs=5e-3)


def test_a_finnis_sinclair_bond_goes_with_the_root_of_coordination() -> None:
    """Without repulsion the energy of an atom is −A √Z φ: four neighbours bind twice as strongly as one."""
    call = "fs(rc=3, c0=0, c1=0)"
    centre = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 2.5 / np.sqrt(3)
    run = evaluator(f"species Nb\nE = {call}\n")
    star = Atoms("Nb5", np.vstack([np.zeros(3), centre]))
    labels = run(starts(run.model), [star, dimer("Nb", "Nb", 2.5)])
    assert labels[0].site_energy[0] == pytest.approx(2 * labels[1].site_energy[0], rel=1e-12)


def test_compiled_terms_keep_their_formula_for_no_species() -> None:
    """A spec that names no species is open: the data's are used."""
    assert compiled("E = lj()", optimized=False).open_species

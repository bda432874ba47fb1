"""Properties of analytic potentials: against the literature, another code, and differences by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.lj import LennardJones
from ase.optimize import BFGS
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.properties.bench import Bench
from potentia.runtime.properties.config import PropertiesConfig
from potentia.runtime.properties.crystal import hessian
from potentia.runtime.properties.evaluator import Direction, Evaluator, along
from potentia.runtime.properties.families.phonon import Dynamics
from potentia.runtime.properties.measurement import measure, survey
from potentia.runtime.properties.prototypes import candidate
from potentia.runtime.properties.results import PropertyResult
from potentia.runtime.structures.structure import from_atoms

pytest.importorskip("phonopy", reason="phonons need phonopy, of the extra `properties`")

GPA = 160.21766208
SILICON = "species Si\nE = sw()"
ARGON = "species Ar\nE = lj(epsilon = 0.0104 eV, sigma = 3.4 Å, rc = 8 Å, switch = shifted)"
ALLOY = "species Ni, Al\nE = morse(rc = 5 Å, inner = 3 Å)"
MEASURED = ("lattice", "equation_of_state", "elastic", "vacancy", "surface", "phonon", "dimer")


def config(
    structures: dict[str, object], measured: tuple[str, ...] = MEASURED, **more: object
) -> PropertiesConfig:
    return PropertiesConfig.model_validate({"measure": measured, "structures": structures, **more})


def by_name(results: list[PropertyResult]) -> dict[str, PropertyResult]:
    return {r.name: r for r in results}


def value(results: dict[str, PropertyResult], name: str) -> float:
    found = results[name].value
    assert found is not None, results[name].reason
    return found


@cache
def potential(spec: str) -> Potential:
    made = compile(spec)
    if "morse" in spec:  # pairs of rows: Ni-Ni, Ni-Al, Al-Al
        theta = {"D": (0.5, 0.6, 0.4), "a": (1.6, 1.5, 1.4), "r0": (2.55, 2.6, 2.85)}
        made = made.with_theta(
            np.concatenate([theta[p.name.rpartition(".")[2]] for p in made.model.parameters])
        )
    return made


@cache
def silicon() -> dict[str, PropertyResult]:
    return by_name(measure(potential(SILICON), config({"diamond": {"prototype": "diamond"}})))


@cache
def argon() -> dict[str, PropertyResult]:
    crystals: dict[str, object] = {"fcc": {"prototype": "fcc"}, "hcp": {"prototype": "hcp"}}
    return by_name(measure(potential(ARGON), config(crystals)))


# --- against the literature and other codes ------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected", "within"),
    [  # Stillinger and Weber 1985; elastic constants: Balamane, Halicioglu and Tiller, PRB 46, 2250 (1992)
        ("lattice_constant.diamond", 5.431, 1e-3),
        ("cohesive_energy.diamond", 4.3366, 1e-4),
        ("C11.diamond", 151.4, 0.1),
        ("C12.diamond", 76.4, 0.1),
        ("C44.diamond", 56.4, 0.1),
        ("bulk_modulus.diamond", 101.4, 0.5),
        ("surface_energy.diamond.111", 1.36, 0.01),  # one bond of 2.1683 eV is cut in 12.77 Å²
    ],
)
def test_silicon_of_stillinger_and_weber(name: str, expected: float, within: float) -> None:
    assert value(silicon(), name) == pytest.approx(expected, abs=within)


def lennard_jones(atoms: Atoms) -> Atoms:
    atoms.calc = LennardJones(epsilon=0.0104, sigma=3.4, rc=8.0, smooth=False)
    return atoms


def test_argon_is_that_of_another_calculator() -> None:
    found = argon()
    a = value(found, "lattice_constant.fcc")
    cell = lennard_jones(bulk("Ar", "fcc", a))
    np.testing.assert_allclose(cell.get_stress(), 0, atol=1e-9)
    assert value(found, "cohesive_energy.fcc") == pytest.approx(-cell.get_potential_energy(), abs=1e-9)
    hcp = lennard_jones(
        bulk("Ar", "hcp", value(found, "lattice_constant.hcp"), covera=value(found, "c_over_a.hcp"))
    )
    np.testing.assert_allclose(hcp.get_stress(), 0, atol=1e-9)
    above = hcp.get_potential_energy() / 2 - cell.get_potential_energy()
    assert value(found, "energy_difference.hcp") == pytest.approx(above, abs=1e-9)


def test_a_vacancy_and_a_surface_of_argon_are_those_of_another_calculator() -> None:
    found = argon()
    a = value(found, "lattice_constant.fcc")
    each = lennard_jones(bulk("Ar", "fcc", a)).get_potential_energy()
    hole = lennard_jones(bulk("Ar", "fcc", a) * (4, 4, 4))
    del hole[0]
    BFGS(hole, logfile=None).run(fmax=1e-4, steps=40)
    assert value(found, "vacancy_formation_energy.fcc") == pytest.approx(
        hole.get_potential_energy() - 63 * each, abs=2e-6
    )
    slab = lennard_jones(fcc111("Ar", (1, 1, 4), a=a, vacuum=10.0))  # 12 Å: four layers of 3.04 Å
    BFGS(slab, logfile=None).run(fmax=1e-5, steps=40)
    area = np.linalg.norm(np.cross(*slab.cell[:2]))
    energy = (slab.get_potential_energy() - 4 * each) / (2 * area) * 16.02176634
    assert value(found, "surface_energy.fcc.111") == pytest.approx(energy, abs=1e-6)


@pytest.mark.parametrize(("spec", "name", "symbol"), [(SILICON, "diamond", "Si"), (ARGON, "fcc", "Ar")])
def test_elastic_constants_are_differences_of_stress(spec: str, name: str, symbol: str) -> None:
    found = silicon() if spec is SILICON else argon()
    cell = bulk(symbol, name, value(found, f"lattice_constant.{name}"))
    h = 1e-4
    for voigt, constants in ((0, ("C11", "C12")), (5, ("C44",))):
        stress = []
        for sign in (-1, 1):
            strain = np.zeros((3, 3))
            strain[(0, 0) if voigt == 0 else (0, 1)] += sign * h / 2
            strain += strain.T
            moved = cell.copy()
            moved.set_cell(cell.cell @ (np.eye(3) + strain), scale_atoms=True)
            moved.calc = potential(spec).calculator(skin=0.0)
            BFGS(moved, logfile=None).run(fmax=1e-7, steps=60)
            stress.append(moved.get_stress())
        slope = (stress[1] - stress[0]) / (2 * h) * GPA
        expected = [slope[0], slope[1]] if voigt == 0 else [slope[5]]
        for constant, number in zip(constants, expected, strict=True):
            assert value(found, f"{constant}.{name}") == pytest.approx(number, rel=2e-4)


def test_the_moduli_of_an_equation_of_state_and_of_strains_agree() -> None:
    for found, name in ((silicon(), "diamond"), (argon(), "fcc")):
        bulk_modulus = (value(found, f"C11.{name}") + 2 * value(found, f"C12.{name}")) / 3
        assert value(found, f"bulk_modulus.{name}") == pytest.approx(bulk_modulus, rel=1e-9)


def test_what_steps_grids_and_cells_leave_is_in_the_deviation() -> None:
    """Nothing else is, where the parameters are known to all digits."""
    made = potential(ARGON)
    measured = ("equation_of_state", "vacancy", "surface", "dimer")
    nothing = np.zeros((made.n_parameters,) * 2)
    found, coarse = (
        by_name(
            measure(
                made,
                config({"fcc": {"prototype": "fcc"}}, measured, dimer={"points": n}, surface=thin),
                nothing,
            )
        )
        for n, thin in ((64, {"miller": [[1, 0, 0]]}), (9, {"miller": [[1, 0, 0]], "thickness": 9.0}))
    )
    sigma = {name: r.sigma for name, r in found.items()}
    assert sigma["bulk_modulus.fcc"] == 0.0  # exact
    assert 0 < sigma["bulk_modulus_derivative.fcc"] < 0.1
    for name in ("core_force.Ar-Ar", "surface_energy.fcc.100"):
        allowed = coarse[name].sigma + sigma[name] + 1e-9 * abs(value(found, name))
        assert abs(value(coarse, name) - value(found, name)) <= allowed
    assert 0 < sigma["vacancy_formation_energy.fcc"] < 0.01


def prepared(spec: str, name: str) -> Bench:
    """What a survey of one prototype works with, in the shape that it compiles."""
    settings = config({name: {"prototype": name}})
    crystal = candidate(name, settings.structures[name], potential(spec).species, "test")
    return Bench(Evaluator(potential(spec), with_gradients=False), [crystal], [None])


# --- vibrations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "name"), [(SILICON, "diamond"), (ARGON, "fcc")])
def test_vibrations(spec: str, name: str) -> None:
    """Three modes are zero at Γ, and a frequency is the curvature along its wave."""
    bench = prepared(spec, name)
    evaluator, crystal = bench.evaluator, bench.crystal(bench.candidates[0])
    dynamics = Dynamics(evaluator, crystal.structure, crystal.candidate)
    squares, _ = dynamics.modes(np.zeros(3))
    np.testing.assert_allclose(squares[:3], 0, atol=1e-9)
    q = np.array([0.5, 0.5, 0.5])  # L
    squares, vectors = dynamics.modes(q)
    cell = dynamics.cell
    phase = np.cos(2 * np.pi * cell.positions @ np.linalg.inv(crystal.structure.cell) @ q)
    wave = (vectors[:, -1].real.reshape(-1, 3))[dynamics.owner] * np.sign(phase)[:, None]
    way = Direction(np.zeros((3, 3)), wave / np.sqrt(dynamics.masses[0]))
    if name == "fcc":  # at L the wave of a lattice is real
        curvature = hessian(evaluator, cell, [way])[0, 0] / cell.n_atoms
        assert curvature == pytest.approx(squares[-1], rel=1e-9)
    lowest = (silicon() if spec is SILICON else argon())[f"phonon_lowest.{name}"]
    assert lowest.value == pytest.approx(0, abs=2e-3) and lowest.reason == ""
    heavy = replace(crystal.structure, given_masses=4 * np.array(dynamics.masses))
    assert Dynamics(evaluator, heavy, crystal.candidate).modes(q)[0] == pytest.approx(squares / 4, rel=1e-9)


# --- σ against measuring again with other parameters -----------------------------------------------


def again(spec: str, settings: PropertiesConfig, seed: int, h: float = 2e-5) -> None:
    """σ for a covariance v vᵀ is the change along v."""
    here = potential(spec)
    free = np.array(here.model.vector.free)
    source = np.random.default_rng(seed)
    here = here.with_theta(here.theta * np.where(free, 1 + 0.01 * source.uniform(-1, 1, len(free)), 1.0))
    way = source.normal(size=free.sum()) * np.abs(here.theta[free])
    found = measure(here, settings, np.outer(way, way))
    sides = []
    for sign in (-1, 1):
        theta = here.theta.copy()
        theta[free] += sign * h * way
        sides.append(by_name(measure(here.with_theta(theta), settings)))
    checked = 0
    for result in found:
        if result.sigma is None:
            assert result.name.startswith("phonon_lowest") or "no σ" in result.reason, result.name
            continue
        if abs(result.value or 0.0) < 1e-3 and result.sigma < 1e-2:
            continue  # zero by symmetry
        slope = (value(sides[1], result.name) - value(sides[0], result.name)) / (2 * h)
        scale = abs(result.value or 0.0)
        assert result.sigma == pytest.approx(abs(slope), rel=1e-3, abs=1e-4 * scale), result.name
        checked += 1
    assert checked > len(found) / 2


def test_sigma_of_silicon() -> None:
    again(SILICON, config({"diamond": {"prototype": "diamond"}}), 0)


def test_sigma_of_a_pair_potential() -> None:
    crystals: dict[str, object] = {
        "fcc": {"prototype": "fcc"},
        "hcp": {"prototype": "hcp"},
        "a15": {"prototype": "a15"},
    }
    names = {"structures": ("fcc", "hcp")}
    again(
        "species Ar\nE = lj(epsilon = 0.0104 eV, sigma = 3.4 Å, rc = 7 Å)",
        config(crystals, elastic=names, equation_of_state=names, surface=names),
        2,
    )


def rutile_like(folder: Path) -> Path:
    """A cell whose symmetry leaves atoms free to move, and its shape."""
    atoms = Atoms(
        "Ni2Al2",
        scaled_positions=[[0, 0, 0.02], [0.5, 0.5, 0], [0.02, 0.5, 0.5], [0.5, 0, 0.48]],
        cell=[[4.0, 0.1, 0], [0, 4.1, 0], [0, 0, 4.05]],
        pbc=True,
    )
    path = folder / "nial.xyz"
    atoms.write(path)
    return path


def alloy(folder: Path) -> PropertiesConfig:
    """A compound as a prototype and in files, and the elements that its atoms come from."""
    bulk("NiAl", "cesiumchloride", 2.9).write(folder / "b2.cif")
    crystals: dict[str, object] = {
        "b2": {"prototype": "b2", "species": ["Ni", "Al"]},
        "Ni": {"prototype": "fcc", "species": ["Ni"]},
        "Al": {"prototype": "fcc", "species": ["Al"]},
        "file": {"file": str(folder / "b2.cif")},
        "mixed": {"file": str(rutile_like(folder))},
    }
    return config(
        crystals,
        ("lattice", "equation_of_state", "elastic", "vacancy", "dimer"),
        elastic={"structures": ("b2", "file")},
        equation_of_state={"structures": ("b2", "file"), "points": 5},
        vacancy={"structures": ("b2", "Ni")},
    )


def test_sigma_of_two_species_and_of_structures_from_files(tmp_path: Path) -> None:
    again(ALLOY, alloy(tmp_path), 3)


def test_a_prototype_and_the_same_crystal_in_a_file_are_one(tmp_path: Path) -> None:
    here = potential(ALLOY)
    found = by_name(measure(here, alloy(tmp_path), 1e-4 * np.eye(here.n_parameters)))
    for name in ("volume_per_atom", "cohesive_energy", "C11", "C12", "C44", "bulk_modulus"):
        one, other = found[f"{name}.b2"], found[f"{name}.file"]
        assert one.value == pytest.approx(other.value, rel=1e-5)
        assert one.sigma == pytest.approx(other.sigma, rel=1e-3)
    assert found["energy_difference.file"].value == pytest.approx(0, abs=1e-8)
    assert found["C14.file"].value == pytest.approx(0, abs=1e-4)


# --- derivatives that everything rests on ----------------------------------------------------------


def test_second_derivatives_are_slopes_of_forces_and_virial() -> None:
    evaluator = prepared(SILICON, "diamond").evaluator
    atoms = bulk("Si", "diamond", 5.4, cubic=True)
    atoms.rattle(0.1, seed=3)
    structure = from_atoms(atoms)
    source = np.random.default_rng(4)
    strain = source.normal(size=(3, 3))
    way = Direction(strain + strain.T, source.normal(size=(8, 3)))
    pushed, h = evaluator.push(structure, way), 1e-5
    ahead, behind = (evaluator.values(along(structure, way, s * h)) for s in (1, -1))
    np.testing.assert_allclose(pushed.forces, (ahead.forces - behind.forces) / (2 * h), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pushed.virial, (ahead.virial - behind.virial) / (2 * h), rtol=1e-5, atol=1e-4)
    slope = (ahead.energy - behind.energy) / (2 * h)
    assert evaluator.values(structure).along(way) == pytest.approx(slope, rel=1e-7)


def test_one_shape_does_for_a_whole_survey() -> None:
    settings = config({"fcc": {"prototype": "fcc"}, "hcp": {"prototype": "hcp"}})
    import potentia.runtime.properties.measurement as module

    made: list[Evaluator] = []

    class Counted(Evaluator):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "Evaluator", Counted)
        survey(potential(ARGON), settings)
    assert len(made[0]._shapes) == 1

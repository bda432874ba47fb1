"""The parts of active learning: descriptors, the space of environments, labels, the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.active.config import LabelConfig, load_active
from potentia.runtime.active.coverage import principal
from potentia.runtime.active.descriptors import Descriptors
from potentia.runtime.active.environments import (
    Leverage,
    Space,
    farthest,
    joined,
    nearest,
    novelty,
    spread,
)
from potentia.runtime.active.exploration import physical
from potentia.runtime.active.grades import Scores, grades
from potentia.runtime.active.labelling import Labeller, Unlabelled, disagreement
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact
from potentia.runtime.structures.structure import Structure, from_atoms
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation


def garnet(rng: np.random.Generator, count: int = 7) -> Atoms:
    cell = np.diag(rng.uniform(4, 6, 3)) + rng.normal(scale=0.5, size=(3, 3))
    return Atoms(rng.choice([3, 8, 40], count), positions=rng.random((count, 3)) @ cell, cell=cell, pbc=True)


ALL = Descriptors((3, 8, 40), 4.5)


# --- descriptors -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_descriptors_do_not_change_with_what_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    atoms = garnet(rng)
    values = ALL.of(from_atoms(atoms))
    assert values.shape == (7, ALL.size)
    turned = atoms.copy()
    matrix = Rotation.random(random_state=seed).as_matrix() @ np.diag([1, 1, -1])  # a mirror too
    turned.set_cell(atoms.cell.array @ matrix)
    turned.positions = atoms.positions @ matrix + rng.normal(size=3)
    np.testing.assert_allclose(ALL.of(from_atoms(turned)), values, rtol=1e-7, atol=1e-7)
    order = rng.permutation(7)
    np.testing.assert_allclose(ALL.of(from_atoms(atoms[order])), values[order], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ALL.of(from_atoms(atoms * (2, 1, 1)))[7:], values, rtol=1e-9, atol=1e-9)


def test_moments_are_sums_over_angles() -> None:
    """|M_l|² = Σ_jk f f cos^l θ, by the law of cosines."""
    rng = np.random.default_rng(1)
    atoms = Atoms("ZrOOO", positions=np.vstack([np.zeros(3), rng.normal(scale=1.2, size=(3, 3))]))
    found = ALL.of(from_atoms(atoms))[0].reshape(3, -1)[1]  # oxygen around zirconium
    way = atoms.positions[1:]
    r = np.linalg.norm(way, axis=1)
    cosine = (way / r[:, None]) @ (way / r[:, None]).T
    assert r.max() < 4.5
    for n in range(1, 5):
        f = np.sin(n * np.pi * r / 4.5) / r * 0.5 * (1 + np.cos(np.pi * r / 4.5))
        assert found[n - 1] == pytest.approx(f.sum())
        for rank in range(1, 5):
            expected = (f[:, None] * f * cosine**rank).sum() ** 0.5
            assert found[8 + 4 * (n - 1) + rank - 1] == pytest.approx(expected)


def test_descriptors_are_continuous_at_the_cutoff() -> None:
    def pair(r: float) -> np.ndarray:
        return ALL.of(from_atoms(Atoms("LiO", positions=[[0, 0, 0], [r, 0, 0]])))

    np.testing.assert_allclose(pair(4.5 - 1e-7), pair(4.5 + 1e-7), atol=1e-9)
    assert np.abs(pair(2.0)).max() > 0.1


# --- environments ------------------------------------------------------------------------------


def rattled(rng: np.random.Generator, scale: float) -> Structure:
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    atoms.positions += rng.normal(scale=scale, size=(8, 3))
    return from_atoms(atoms)


def salt(rng: np.random.Generator, count: int = 4) -> Space:
    return Space(Descriptors((11, 17), 4.5), [rattled(rng, 0.05) for _ in range(count)])


def test_distances_are_those_to_the_nearest_atom_of_the_species() -> None:
    rng = np.random.default_rng(3)
    space = salt(rng)
    own = space.of(rattled(rng, 0.2))
    known = joined(space.training)
    for found, a, b in zip(nearest(own, known), own, known, strict=True):
        np.testing.assert_allclose(found, cdist(a, b).min(axis=1), rtol=1e-7)
    assert novelty(nearest(space.training[2], known)) == pytest.approx(0.0, abs=1e-6)
    others = [novelty(nearest(t, joined([x for x in space.training if x is not t]))) for t in space.training]
    assert spread(space.training) == pytest.approx(np.median(others))
    assert spread(space.training[:1]) == 0.0


def test_one_strange_atom_makes_a_structure_new() -> None:
    rng = np.random.default_rng(4)
    space = salt(rng)
    usual, strange = rattled(rng, 0.05), rattled(rng, 0.05)
    strange.positions[3] += [0.9, 0.5, 0.0]
    leverage, known = Leverage(space.training), joined(space.training)
    for score in (
        lambda s: novelty(nearest(space.of(s), known)),
        lambda s: max(v.max() for v in leverage.of(space.of(s))),
    ):
        assert score(strange) > 2 * score(usual)


def test_leverage_without_a_structure_is_that_of_the_others() -> None:
    rng = np.random.default_rng(10)
    space = salt(rng, 5)
    left = Leverage(space.training).left_out()
    for k, own in enumerate(space.training):
        others = Leverage([t for j, t in enumerate(space.training) if j != k])
        for a, b in zip(left[k], others.of(own), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
    alone = Leverage(space.training[:1])
    np.testing.assert_allclose(alone.left_out()[0][1], alone.of(space.training[0])[1])
    # against the formula
    z = np.column_stack([own[0] * space.descriptors.size**0.5, np.ones(len(own[0]))])
    every = np.concatenate([t[0] for t in space.training])
    every = np.column_stack([every * space.descriptors.size**0.5, np.ones(len(every))])
    a = every.T @ every / len(every) + 1e-3 * np.eye(every.shape[1])
    expected = np.sqrt(np.diag(z @ np.linalg.solve(a, z.T)))
    np.testing.assert_allclose(Leverage(space.training).of(own)[0], expected, rtol=1e-6)


def test_a_grade_is_over_what_is_usual_of_the_species() -> None:
    known = [rattled(np.random.default_rng(k), 0.05) for k in range(3)]
    sodium = known[0].numbers == 11
    training = [np.where(sodium, a, b) for a, b in ((1.0, 10.0), (2.0, 20.0), (9.0, np.inf))]
    frames = [np.where(sodium, 3.0, 15.0), np.where(sodium, 1.0, 60.0), np.where(sodium, np.inf, 1.0)]
    found = grades(Scores("fisher", training, frames), known, known)
    # usual: 2 of Na, 15 of Cl, the infinite one left out
    assert found[0] == 1.5 and found[1] == 4.0 and np.isinf(found[2])
    nothing = [np.zeros(8)] * 3
    assert list(grades(Scores("fisher", nothing, frames[:1]), known, known[:1])) == [15.0]


def test_the_farthest_are_taken_and_none_twice() -> None:
    rng = np.random.default_rng(5)
    space = salt(rng)
    groups = [space.of(rattled(np.random.default_rng(9), 0.5))] * 3  # one structure three times
    groups += [space.of(rattled(rng, 0.3)), space.of(rattled(rng, 0.05))]
    chosen = farthest(groups, space.training, first=1, most=5, least=0.3 * spread(space.training))
    assert chosen[0][0] == 1 and not {k for k, _ in chosen} & {0, 2}
    assert {3} <= {k for k, _ in chosen} and len(chosen) <= 3
    far = [d for _, d in chosen[1:]]
    assert far == sorted(far, reverse=True)
    assert len(farthest(groups, space.training, 1, 2, 0.0)) == 2
    assert farthest(groups, space.training, 4, 5, 1e9) == []
    assert len(farthest(groups, space.training, 0, 99, 0.0)) == 5


def test_a_point_is_the_same_in_any_space() -> None:
    rng = np.random.default_rng(6)
    one, other = salt(rng), salt(rng, 2)
    structure = rattled(rng, 0.1)
    point = one.point(one.of(structure))
    np.testing.assert_allclose(point, other.point(other.of(structure)), rtol=1e-9)
    values = one.descriptors.of(structure)
    np.testing.assert_allclose(point[: values.shape[1]], values[structure.numbers == 11].mean(axis=0))


def test_principal_components_of_a_plane() -> None:
    rng = np.random.default_rng(7)
    points = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 9))
    points = np.column_stack([points, np.full(50, 3.0)])  # what does not vary says nothing
    scaled = (points[:, :9] - points[:, :9].mean(axis=0)) / points[:, :9].std(axis=0)
    np.testing.assert_allclose(cdist(principal(points), principal(points)), cdist(scaled, scaled), atol=1e-8)
    assert principal(points[:1]).shape == (1, 2)


@pytest.mark.parametrize(("distance", "fine"), [(2.3, True), (1.2, False)])
def test_what_is_physical(distance: float, fine: bool) -> None:
    atoms = Atoms("Li2", positions=[[0, 0, 0], [distance, 0, 0]], cell=[9] * 3, pbc=True)
    assert physical(from_atoms(atoms), 0.5) is fine


# --- labels ------------------------------------------------------------------------------------

MODULE = """
from ase.calculators.calculator import Calculator, all_changes
import numpy as np

class Moody(Calculator):
    implemented_properties = ["energy", "forces"]

    def __init__(self, mood="good"):
        super().__init__()
        self.mood = mood

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.mood == "crash":
            raise RuntimeError("no convergence\\nafter 60 steps")
        force = {"nan": np.nan, "wild": 1e4}.get(self.mood, 0.5)
        self.results = {"energy": 1.5, "forces": np.full((len(atoms), 3), force)}
"""


def copper() -> Structure:
    atoms = bulk("Cu", cubic=True)
    atoms.positions += np.random.default_rng(0).normal(scale=0.1, size=(4, 3))
    return from_atoms(atoms)


def test_labels_of_a_calculator_by_name() -> None:
    structure = copper()
    found = Labeller(LabelConfig(calculator="emt"), Path()).label(structure)
    atoms = Atoms("Cu4", positions=structure.positions, cell=structure.cell, pbc=True, calculator=EMT())
    assert found.energy == pytest.approx(atoms.get_potential_energy())
    np.testing.assert_allclose(found.forces, atoms.get_forces())  # type: ignore[arg-type]
    np.testing.assert_allclose(found.stress, atoms.get_stress(voigt=False))  # type: ignore[arg-type]


def test_labels_of_a_run(tmp_path: Path) -> None:
    potential = compile("species Cu\nE = lj(epsilon = 0.4 eV, sigma = 2.3 Å, rc = 4 Å)")
    artifact.save(tmp_path / "run", potential)
    found = Labeller(LabelConfig(calculator="run", arguments={"skin": 0.1}), tmp_path).label(copper())
    (expected,) = potential.predict([copper()])
    assert found.energy == pytest.approx(expected.energy)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-9)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.stress, expected.stress, atol=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("crash", "RuntimeError: no convergence"),
        ("nan", "the energy or a force is not finite"),
        ("wild", "a force of 1.73e+04 eV/Å is above `max_force`, 100"),
    ],
)
def test_a_calculator_that_fails_has_a_reason(mood: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "moody.py").write_text(MODULE)
    good = Labeller(LabelConfig(calculator="moody:Moody"), tmp_path, True).label(copper())
    assert good.energy == 1.5 and good.stress is None
    bad = Labeller(LabelConfig(calculator="moody:Moody", arguments={"mood": mood}), tmp_path, True)
    with pytest.raises(Unlabelled) as caught:
        bad.label(copper())
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("name", "arguments", "start"),
    [
        ("no_such", {}, "error[unknown-calculator]: there is no calculator `no_such`: "),
        ("os:Nothing", {}, "error[unknown-calculator]: there is no calculator `os:Nothing`: module 'os' has"),
        ("os:getcwd", {"a": 1}, "error[unknown-calculator]: the calculator `os:getcwd` cannot be made: "),
    ],
)
def test_calculators_that_there_are_not(name: str, arguments: dict[str, object], start: str) -> None:
    with pytest.raises(UserError) as caught:
        Labeller(LabelConfig(calculator=name, arguments=arguments), Path(), allow_code=True)
    assert report.as_text(caught.value.diagnostics).startswith(start)


ALLOW = "\n  --> a.toml, [label]\n  help: `--allow-code` lets it run, where you trust the configuration"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("os:system", {}, "the calculator `os:system` is code: `os` is not an installed package"),
        ("./m.py:M", {}, "the calculator `./m.py:M` is code: `./m.py` is not an installed package"),
        ("moody:Moody", {}, "the calculator `moody:Moody` is code: `moody` is not an installed package"),
        ("numpy:zeros", {}, "the calculator `numpy:zeros` is code: it is not a class of calculators of ASE"),
        ("ase:Atoms", {}, "the calculator `ase:Atoms` is code: it is not a class of calculators of ASE"),
        (
            "vasp",
            {"command": "touch ran"},
            "the argument `command` of the calculator `vasp` is code: it may start programs",
        ),
        (
            "lammpslib",
            {"lmpcmds": ["shell touch ran"]},
            "the argument `lmpcmds` of the calculator `lammpslib` is code: it may start programs",
        ),
    ],
)
def test_a_configuration_runs_no_code_unasked(
    name: str,
    arguments: dict[str, object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    Path("moody.py").write_text("open('ran', 'w')\n" + MODULE)
    with pytest.raises(UserError) as caught:
        Labeller(LabelConfig(calculator=name, arguments=arguments), tmp_path, place="a.toml, [label]")
    assert report.as_text(caught.value.diagnostics) == f"error[needs-allow-code]: {message}{ALLOW}"
    assert not Path("ran").exists()


def test_a_class_of_an_installed_package_labels() -> None:
    found = Labeller(LabelConfig(calculator="ase.calculators.emt:EMT"), Path()).label(copper())
    assert found.energy == Labeller(LabelConfig(calculator="emt"), Path()).label(copper()).energy


def test_labels_of_another_kind_are_told() -> None:
    labeller = Labeller(LabelConfig(calculator="emt"), Path())
    own = labeller.label(copper())
    assert disagreement(labeller, own) is None
    assert own.energy is not None and own.forces is not None
    for changed, message in (
        (
            replace(own, energy=own.energy + 0.4),
            "the calculator's energy is 0.1 eV/atom from that of the first data",
        ),
        (
            replace(own, forces=own.forces + 0.5),
            "the calculator's forces are 0.5 eV/Å from those of the first data",
        ),
    ):
        assert report.as_text([disagreement(labeller, changed)]) == (  # type: ignore[list-item]
            f"warning[labels-differ]: {message}\n"
            "  --> structure\n  help: label the first data with the same calculator and settings"
        )
    strict = Labeller(LabelConfig(calculator="emt", max_force=1e-3), Path())
    told = disagreement(strict, own)
    assert told is not None and told.message.startswith(
        "the calculator fails on a structure of the first data: a force of "
    )


# --- the configuration -------------------------------------------------------------------------


def test_the_example_of_the_documents_is_valid(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "active.md").read_text(encoding="utf-8")
    (tmp_path / "a.toml").write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    config = load_active(tmp_path / "a.toml", {"stop.rounds": 3})
    assert config.stop.rounds == 3 and config.md.timestep == 2.0 and config.fit.data.test == "held_out.xyz"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[explore]\ntemperatures = [300]\n", "`label` is missing"),
        ("[explore]\ntemperatures = [0]", "`explore.temperatures`: a temperature is above 0 K"),
        ("[md]\nseed = 3\n", "`md`: `seed` is set by [explore], run by run"),
        (
            "[select]\nby = 'luck'\n",
            "`select.by` is `luck`: input should be 'auto', 'fisher' or 'd-optimality'",
        ),
        ("[stop]\nround = 3\n", "`stop.round` is not a key of the configuration"),
    ],
)
def test_faults_of_a_configuration(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('spec = "a.pes"\ndata = ["a.xyz"]\n' + text)
    with pytest.raises(UserError) as caught:
        load_active(path)
    assert message in [d.message for d in caught.value.diagnostics]

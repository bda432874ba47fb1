"""Designing: the loop on a few structures, its answers and its faults."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from design_cases import ANGLES, PAIR, SIGMAS, config, crystals, study
from potentia.compiler.diagnostics.diagnostic import ArtifactError, FitError, UserError
from potentia.runtime.design import loop, workers
from potentia.runtime.design.columns import Layout
from potentia.runtime.design.config import load_design
from potentia.runtime.design.front import write_front
from potentia.runtime.design.loop import Front, Member, _beats, design
from potentia.runtime.design.pieces import Material, piece
from potentia.runtime.design.solution import whitened
from potentia.runtime.design.store import Trial
from potentia.runtime.design.study import Study
from potentia.runtime.design.workers import Clock
from potentia.runtime.files.settings import ConfigError
from potentia.runtime.fitting.fit import fit
from potentia.runtime.optimize.deadline import TimeIsUp
from potentia.runtime.potential.potential import compile
from potentia.runtime.residuals.residuals import Residuals
from potentia.runtime.runs.run_folder import covariance, load
from potentia.runtime.structures.structure import Structure


@pytest.fixture(scope="module")
def structures() -> list[Structure]:
    return crystals(14)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, structures: list[Structure]) -> tuple[Study, Front]:
    """A study of two sizes with four structures to test, and what it found."""
    folder, test = tmp_path_factory.mktemp("whole"), crystals(4, seed=5)
    made = study(folder, structures, test, catalogue=[PAIR, ANGLES], sizes=[2, 6])
    return made, design(made)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, structures: list[Structure]) -> tuple[Member, ...]:
    """What one worker finds, with nothing to test."""
    return design(study(tmp_path_factory.mktemp("alone"), structures)).members


# --- the whole loop ------------------------------------------------------------------------------


def test_a_design_finds_a_front(whole: tuple[Study, Front]) -> None:
    made, found = whole
    members = found.members
    assert [m.size for m in members] == [2, 6] and found.left_out == ()
    assert members[1].cv["forces"] < members[0].cv["forces"]
    rows = write_front(made, members)
    for member, row in zip(members, rows, strict=True):
        assert compile(Path(row["spec"])).n_parameters == member.size == row["size"]
        assert row["test"]["n_structures"] == 4
        assert sum(numbers for _, numbers, _ in member.terms) == member.size - 1
        text = Path(row["spec"]).read_text()
        for call, numbers, factor in member.terms:
            assert factor > 1.0 and f"× without the {numbers} of {call}" in text
    assert json.loads((made.folder / "front.json").read_text()) == json.loads(json.dumps(rows))
    assert (made.folder / "front.png").stat().st_size > 1000

    # nothing is done twice
    before = made.store.count()
    assert [m.spec for m in design(made).members] == [m.spec for m in members]
    assert made.store.count() == before


def test_the_labels_of_test_structures_decide_nothing(
    tmp_path: Path, structures: list[Structure], alone: tuple[Member, ...]
) -> None:
    wrong = [replace(s, energy=(s.energy or 0.0) + 100.0) for s in crystals(4, seed=5)]
    found = design(study(tmp_path, structures, wrong)).members
    assert [m.spec for m in found] == [m.spec for m in alone]
    assert [m.cv for m in found] == [m.cv for m in alone]


def test_two_workers_find_the_same(
    tmp_path: Path, structures: list[Structure], alone: tuple[Member, ...]
) -> None:
    made = study(tmp_path, structures, budget={"workers": 2})
    assert [m.spec for m in design(made).members] == [m.spec for m in alone]


def test_lengths_are_moved_where_that_helps(tmp_path: Path, structures: list[Structure]) -> None:
    short = [{"term": "pair(bessel4, rc = 1.15 * d)"}]  # nearest neighbours only; the truth reaches 4.5 Å
    still = design(study(tmp_path / "one", structures, catalogue=short, sizes=[4])).members
    moved = design(study(tmp_path / "two", structures, catalogue=short, sizes=[4], moves=[1.5])).members
    assert "rc = 1.15 * d" in still[0].spec and "rc = 1.15 * 1.5 * d" in moved[0].spec
    assert moved[0].cv["forces"] < 0.8 * still[0].cv["forces"]


def test_nonlinear_numbers_count(tmp_path: Path, structures: list[Structure]) -> None:
    catalogue = [{"term": "eam(rc = 1.6 * d, basis = bessel4)"}]
    members = design(study(tmp_path, structures, catalogue=catalogue, sizes=[5])).members
    assert [m.size for m in members] == [5]
    assert compile(members[0].spec).n_parameters == 5


def test_the_solution_is_that_of_a_fit(whole: tuple[Study, Front], structures: list[Structure]) -> None:
    made, member = whole[0], whole[1].members[-1]
    found = load(made.run(member.spec))
    again = fit(compile(member.spec), structures, made.fit_config)
    sigma, wanted = covariance(made.run(member.spec)), again.covariance
    assert sigma is not None and wanted is not None
    assert np.all(np.abs(found.theta - again.potential.theta) < 1e-3 * np.sqrt(np.diag(wanted)))
    assert np.allclose(sigma, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_models_that_break_a_guard_are_left_out(tmp_path: Path, structures: list[Structure]) -> None:
    guards = """
measure = ["lattice"]
[structures.fcc]
prototype = "fcc"
[[reference]]
property = "lattice_constant.fcc"
unit = "Å"
{bound}
guard = true
source = "made up"
"""
    made = study(tmp_path / "study", structures, properties="guards.toml")
    made = replace(made, place=str(tmp_path / "design.toml"))
    (tmp_path / "guards.toml").write_text(guards.format(bound="min = 9.0"))
    with pytest.raises(FitError) as caught:
        design(made)
    found = caught.value.diagnostics[0]
    assert found.code == "empty-front" and found.help is not None
    assert "3 numbers" in found.help and "breaks the guards of lattice_constant.fcc" in found.help

    # other guards are another study
    (tmp_path / "guards.toml").write_text(guards.format(bound="min = 2.0"))
    with pytest.raises(ArtifactError) as refused:
        design(replace(made))
    assert refused.value.diagnostics[0].code == "other-study"


def member(size: int, forces: float, *differences: float | None) -> Member:
    reference = {"value": 3.3}
    properties = [
        {"name": str(k), "difference": d, "reference": reference} for k, d in enumerate(differences)
    ]
    bounded = {"name": "c44", "difference": None, "reference": {"value": None}}
    return Member(size, "", {"energy": 1.0, "forces": forces}, {}, 1.0, [], [*properties, bounded])


def test_properties_are_objectives_of_the_front() -> None:
    better = member(5, 0.1, -0.01)
    assert _beats(better, member(5, 0.2, 0.02)) and not _beats(member(5, 0.2, 0.02), better)
    assert not _beats(better, member(5, 0.2, 0.005))  # nearer to the reference
    assert _beats(better, member(5, 0.1, None)) and not _beats(member(5, 0.1, None), better)
    assert not _beats(better, member(5, 0.1, -0.01))  # as good in everything


def test_a_column_file_that_is_gone_is_told(tmp_path: Path, structures: list[Structure]) -> None:
    made = study(tmp_path, structures, sizes=[3], budget={"fits": 2})
    with pytest.raises(FitError):
        design(made)
    for path in (tmp_path / "columns").iterdir():
        path.write_bytes(b"cut")
    with pytest.raises(ArtifactError) as caught:
        design(study(tmp_path, structures, sizes=[3]))
    assert caught.value.diagnostics[0].code == "damaged-artifact"


def test_whitened_errors_are_those_of_the_fit(structures: list[Structure]) -> None:
    weighted = [replace(s, weight=0.5 + k) for k, s in enumerate(structures[:3])]
    potential = piece(Material(("Cu",), 2.6), "pair(bessel3, rc = 1.5 * d)", "here").potential
    potential = potential.with_theta(np.array([0.3, -0.2, 0.1]))
    problem, layout = Residuals(potential, weighted, SIGMAS), Layout(weighted)
    wanted = np.zeros(layout.size)
    for rows in problem.rows(potential.theta, np.arange(0)):
        wanted[layout.places(rows)] = rows.residual
    assert np.allclose(whitened(weighted, potential.predict(weighted), SIGMAS), wanted, rtol=1e-9)


def test_a_term_that_is_not_finite_on_a_structure_is_left_out_by_name(
    tmp_path: Path, structures: list[Structure]
) -> None:
    near = structures[2].positions.copy()
    near[0] = near[1] + [0.001, 0.0, 0.0]  # (σ/r)¹² is more than single precision holds
    odd = replace(structures[2], positions=near, place="cu.xyz, structure 3")
    catalogue = [PAIR, {"term": "lj(rc = 1.7 * d)"}]
    made = study(tmp_path, [*structures[:2], odd, *structures[3:]], catalogue=catalogue)
    (reason,) = design(made).left_out
    assert reason.startswith("lj(rc = 1.7 * d): cu.xyz, structure 3: ") and reason.endswith("is not finite")


def test_the_budget_is_spent_by_time_and_by_count(tmp_path: Path, structures: list[Structure]) -> None:
    made = study(tmp_path, structures, budget={"time_limit": 1e-9})
    assert Clock(made).spent()
    with pytest.raises(TimeIsUp):
        Clock(made).require()
    counted = study(tmp_path, structures, budget={"fits": 1})
    counted.store.add([Trial("fit", {})])
    counted.store.fail(counted.store.take() or Trial("", {}), "none", 0.0)
    assert Clock(counted, inf).spent()
    Clock(counted).require()


def ending(monkeypatch: pytest.MonkeyPatch, kind: str, calls: int) -> None:
    """The time of any design ends at the n-th look at the clock in a trial of this kind."""
    seen = [0]
    begun, asked = workers._on_share, Clock.require

    def on_share(trial: Trial, clock: Clock | None, on_progress: workers.OnProgress | None) -> Any:
        now[0] = trial.kind
        return begun(trial, clock, on_progress)

    def require(clock: Clock) -> None:
        seen[0] += now[0] == kind
        if seen[0] >= calls:
            clock.started = -1e9
        asked(clock)

    now = [""]
    monkeypatch.setattr(workers, "_on_share", on_share)
    monkeypatch.setattr(Clock, "require", require)


def test_a_trial_that_is_cut_off_is_done_by_the_next_call(
    tmp_path: Path,
    structures: list[Structure],
    alone: tuple[Member, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = study(tmp_path, structures, budget={"time_limit": 1000.0})
    for kind, calls in (("measure", 4), ("fold", 3), ("select", 4), ("refine", 2)):
        with monkeypatch.context() as patch, pytest.raises(FitError) as caught:
            ending(patch, kind, calls)
            design(made)
        code = "empty-front" if kind == "refine" else "budget-too-small"
        assert caught.value.diagnostics[0].code == code
        assert made.store.failures() == {}
    assert [m.spec for m in design(made).members] == [m.spec for m in alone]


def test_a_front_of_the_pieces_that_were_measured_in_time(
    tmp_path: Path, structures: list[Structure], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study(tmp_path, structures, catalogue=[PAIR, ANGLES], sizes=[2, 6], budget={"time_limit": 1e3})

    def spent(clock: Clock) -> bool:
        return clock.end == loop._MEASURING * 1e3 and clock.store.count() >= 2

    with monkeypatch.context() as patch:
        patch.setattr(Clock, "spent", spent)
        some = design(made).members
    assert some and not any("three_body" in m.spec for m in some)


def test_energies_are_not_needed(tmp_path: Path, structures: list[Structure]) -> None:
    found = design(study(tmp_path, [replace(s, energy=None) for s in structures]))
    assert [m.size for m in found.members] == [3]


def test_a_budget_that_ends_early_is_told(tmp_path: Path, structures: list[Structure]) -> None:
    made = study(tmp_path, structures, budget={"fits": 1})
    with pytest.raises(FitError) as caught:
        design(made)
    assert caught.value.diagnostics[0].code == "budget-too-small"
    assert made.store.count() == 1


# --- the configuration ---------------------------------------------------------------------------

WRONG = {
    "": ("empty-catalogue", "the catalogue is empty: there is nothing to design from"),
    "catalogue = []": ("empty-catalogue", "the catalogue is empty: there is nothing to design from"),
    "size = [3]\n[[catalogue]]\nterm = 'pair()'": ("unknown-key", "`size` is not a key of the configuration"),
    "sizes = [0]\n[[catalogue]]\nterm = 'pair()'": (
        "bad-value",
        "`sizes`: a size is a number of parameters, at least 1",
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_faults_of_the_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "metal.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_design(path)
    found = caught.value.diagnostics[0]
    assert (found.code, found.message) == WRONG[text]
    assert found.place == str(path)


def test_growth_has_to_say_where_the_chosen_go() -> None:
    with pytest.raises(ValueError, match=r"write `of = {chosen}`"):
        config(catalogue=[{"term": "pair()", "grow": "five_body()"}])


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("zbl()", "nothing-to-select"),
        ("pare(bessel5)", "unknown-term"),
        ("pair(bessel5", "unclosed-parenthesis"),
    ],
)
def test_faults_of_the_catalogue(tmp_path: Path, structures: list[Structure], term: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        design(study(tmp_path, structures, catalogue=[{"term": term}]))
    found = caught.value.diagnostics[0]
    assert found.place == "metal.toml"
    assert found.code == code

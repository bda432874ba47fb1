"""Each pass on small models, as text: PASS on `ir/PASS_CASE.before.ir` gives `ir/PASS_CASE.after.ir`.

    POTENTIA_UPDATE=1 pytest tests/compiler/passes/test_ir_files.py

writes the `.after.ir` files anew: read the difference before it is committed. A `.before.ir` file is written
by hand, or by `potentia compile --emit ir`; its first lines, after `#`, say what to look at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from places import ROOT
from potentia.compiler import pipeline
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.printer import print_model
from potentia.compiler.ir.reader import parse_model
from potentia.compiler.ir.rewrite import apply_rules, rewrite_model
from potentia.compiler.ir.verify import verify
from potentia.compiler.passes.along import along_direction, directions
from potentia.compiler.passes.drop_dead import drop_dead_parts
from potentia.compiler.passes.factor import factor_directions
from potentia.compiler.passes.fold import fold_constants
from potentia.compiler.passes.loss_gradient import differentiate_loss
from potentia.compiler.passes.recur import recur_families
from registry import Evaluator, by_reference, random_theta, reach, structures

FOLDER = Path(__file__).resolve().parent / "ir"
CASES = sorted(path.name.removesuffix(".before.ir") for path in FOLDER.glob("*.before.ir"))
each_case = pytest.mark.parametrize("case", CASES)

Pass = Callable[[Model], Model]


def passes() -> dict[str, Pass]:
    """Every pass once, by its first name in the pipeline; those that run outside of it."""
    named: dict[Pass, str] = {}
    for step in pipeline.PASSES:
        named.setdefault(step.run, step.name)
    fold: Pass = lambda model: rewrite_model(model, apply_rules((fold_constants,)))  # noqa: E731
    factor: Pass = lambda model: factor_directions(model, directions(model))  # noqa: E731
    outside = {
        "drop_dead": drop_dead_parts,
        "fold": fold,
        "along": along_direction,
        "factor": factor,
        "loss_gradient": lambda model: differentiate_loss(model).model,
    }
    return {name: run for run, name in named.items()} | outside


def pass_of(case: str) -> str:
    return next(name for name in passes() if case.startswith(f"{name}_"))


def before(case: str) -> Model:
    return parse_model("".join(model_lines(FOLDER / f"{case}.before.ir")))


def model_lines(path: Path) -> Iterator[str]:
    """The lines of a file without those that explain it."""
    return (line for line in path.read_text("utf-8").splitlines(keepends=True) if line[0] != "#")


# --- structure ---------------------------------------------------------------------------------


@each_case
def test_a_pass_gives_the_text(case: str) -> None:
    after = passes()[pass_of(case)](before(case))
    verify(after)
    path = FOLDER / f"{case}.after.ir"
    if os.environ.get("POTENTIA_UPDATE"):
        path.write_text(print_model(after), encoding="utf-8")
    assert print_model(after) == path.read_text(encoding="utf-8")


@each_case
def test_a_file_is_explained_and_as_it_would_be_printed(case: str) -> None:
    path = FOLDER / f"{case}.before.ir"
    assert path.read_text("utf-8").startswith("# ")
    assert print_model(before(case)) == "".join(model_lines(path))


def test_every_pass_has_two_cases() -> None:
    few = {name: n for name in passes() if (n := sum(pass_of(case) == name for case in CASES)) < 2}
    assert few == {}


def test_every_module_of_passes_is_a_pass() -> None:
    modules = {path.stem for path in (ROOT / "compiler" / "passes").glob("*.py")}
    assert modules - {"__init__"} == set(passes())


def test_no_file_is_left_alone() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{case}.{side}.ir" for case in CASES for side in ("before", "after")
    }


# --- numbers -----------------------------------------------------------------------------------

# their results have operations that the reference does not know: pairs, rows, recurrences, derivatives
COMPILED = (
    "symmetrize",
    "by_species",
    "share_neighbors",
    "differentiate",
    "recur",
    "simplify_single_row",
)
# slopes of harmonics, which the reference knows as little: test_passes.py holds them against the complex step
# and the derivative along a direction is another energy: test_along.py, test_factor.py, test_gradient.py
NO_NUMBERS = ("expand_slopes", "along", "factor", "loss_gradient")


def zoo(model: Model) -> list[Atoms]:
    """A triclinic cell, a cluster, a dimer, a lone atom."""
    of_all_kinds = structures(model.species, reach(model), seed=3)
    return [of_all_kinds[k] for k in (4, 5, 6, 8)]


def parameters_of(after: Model, given: Model, theta: np.ndarray) -> np.ndarray:
    """The parameters of `after` among those of `given`."""
    ends = np.cumsum([len(p.start) for p in given.parameters])
    table = {p.name: theta[end - len(p.start) : end] for p, end in zip(given.parameters, ends, strict=True)}
    return np.concatenate([*(table[p.name] for p in after.parameters), np.zeros(0)])


def close(got: np.ndarray, want: np.ndarray) -> None:
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-11 * (1.0 + np.abs(want).max(initial=0.0)))


@pytest.mark.parametrize("case", [c for c in CASES if not c.startswith(NO_NUMBERS)])
def test_a_pass_keeps_the_site_energies(case: str) -> None:
    """And differentiate gives the forces and the virial: the reference before, the reference or XLA after."""
    given = before(case)
    after = passes()[pass_of(case)](given)
    theta, atoms = random_theta(given, 1), zoo(given)
    own = parameters_of(after, given, theta)
    with np.errstate(divide="ignore", over="ignore"):  # of values that the model does not choose
        want = [by_reference(given, theta, a) for a in atoms]
    assert any(np.abs(w.site_energy).max() > 1e-3 for w in want)
    if not case.startswith(COMPILED):
        with np.errstate(divide="ignore", over="ignore"):
            for a, w in zip(atoms, want, strict=True):
                close(by_reference(after, own, a).site_energy, w.site_energy)
        return
    found = compiled_outputs(after, own, atoms)
    real = sum(map(len, atoms))
    site = found.get("site_energy", found["energy"])
    close(site[:real], np.concatenate([w.site_energy for w in want]))
    if pass_of(case) == "differentiate":
        close(found["forces"][:, :real].T, np.concatenate([w.forces for w in want]))
        close(found["virial"][..., : len(want)], np.stack([w.virial for w in want], axis=-1))


def compiled_outputs(model: Model, theta: np.ndarray, atoms: list[Atoms]) -> dict[str, np.ndarray]:
    """The outputs of a model by name, as XLA evaluates it; families of functions are recurrences there."""
    import jax

    run = Evaluator(recur_families(model))
    found = jax.jit(run.kernel.outputs)(theta, run.arrays(atoms))
    return {name: np.asarray(value) for name, value in found.items()}

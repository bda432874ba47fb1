"""A fit begins with the numbers of another run, by their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import potentia
import pytest
from ase import Atoms
from commands import run
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.runs import run_folder as artifact
from potentia.runtime.runs.warm_start import require_tables, warm_start
from registry import by_reference

OLD = "species Nb, O\nE = pair(bessel(3), rc = 4) + reference()\n"


@pytest.fixture
def old(tmp_path: Path) -> artifact.FittedPotential:
    potential = compile(OLD)
    theta = np.arange(1.0, len(potential.theta) + 1)
    artifact.save(tmp_path / "old", potential.with_theta(theta))
    return artifact.load(tmp_path / "old")


def values(potential: Potential) -> dict[str, float]:
    return dict(zip(potential.model.vector.names, potential.theta.tolist(), strict=True))


def test_numbers_of_the_same_name_are_taken_and_others_keep_their_start(
    old: artifact.FittedPotential,
) -> None:
    new = compile(
        "species Nb, O\nE = pair(bessel(3), rc = 4, c = keep(0, 2)) + reference() + lj()\n"
    )
    started, count = warm_start(new, old)
    before, after, start = values(old), values(started), values(new)
    assert count == 8 and len(after) == 14
    assert all(after[name] == before.get(name, start[name]) for name in after)


def test_the_order_of_the_species_is_of_no_account() -> None:
    """`sw` has numbers of species, unordered pairs and unordered triples."""
    spec = "E = sw() + pair(bessel(2), rc = 4)"
    old, new = compile(spec, "Nb, O, Li"), compile(spec, "Li, Nb, O")
    old = old.with_theta(old.theta + 1e-3 * np.arange(len(old.theta)))
    started, count = warm_start(new, old)
    assert count == len(new.theta) == len(old.theta)
    assert sorted(started.theta.tolist()) == sorted(old.theta.tolist())
    atoms = Atoms("NbOLi", [[0, 0, 0], [1.9, 0.1, 0], [0.4, 2.2, 0.3]])
    mine, theirs = (by_reference(p.model, p.theta, atoms) for p in (started, old))
    assert mine.energy == pytest.approx(theirs.energy)


def test_values_beyond_the_bounds_are_moved_to_them(old: artifact.FittedPotential) -> None:
    new = compile("species Nb, O\nE = pair(bessel(3), rc = 4, c = 0 in (-1, 2.5)) + reference()\n")
    started, _ = warm_start(new, old)
    assert [v for k, v in values(started).items() if k.startswith("pair.c[Nb-Nb")] == [1.0, 2.0, 2.5]


def test_a_run_with_nothing_in_common_is_refused(
    old: artifact.FittedPotential, demo_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FitError) as caught:
        warm_start(compile("E = lj(Nb)"), old)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == f"no parameter of {old.folder} has a name in this spec"
    spec = tmp_path / "lj.pes"
    spec.write_text("E = lj(Nb)\n", encoding="utf-8")
    arguments = ("fit", str(spec), "--data", f"{demo_data}@:2", "--from", str(old.folder), "--no-reference")
    code, _, told = run(capsys, *arguments, "-o", str(tmp_path / "new"))
    assert code == 1 and "error[nothing-in-common]: " in told


def test_a_fit_of_empty_tables_is_refused() -> None:
    made = compile("species Nb\nE = eam_table() + morse()")
    with pytest.raises(FitError, match="the tables of `eam_table` are 0, and no fit changes them"):
        require_tables(made)
    require_tables(made.with_theta(made.theta + 0.1))
    own = "term t(rc = 4 Å) {\n  param z[8] = 0 eV\n  pair(r) = interpolate(r / 1 Å, z) * smooth(r, rc)\n}"
    require_tables(compile(f"species Nb\n{own}\nE = t()"))

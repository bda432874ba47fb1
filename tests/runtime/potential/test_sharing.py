"""Calculators and potentials in threads, in forked processes, and pickled."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import potentia
import pytest
from ase import Atoms
from ase.build import bulk
from potentia.compiler.backends.forked import is_forked
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic, ToolError
from potentia.compiler.program import Program
from potentia.runtime.potential.potential import Potential, at_start, compile

SPEC = "species Ar\nE = lj(epsilon = 0.01 eV, sigma = 3.4 Å, rc = 6 Å)\n"


@pytest.fixture(scope="module")
def potential() -> Potential:
    return compile(SPEC)


def crystal(seed: int, repeat: int = 2) -> Atoms:
    atoms = bulk("Ar", "fcc", 5.3, cubic=True) * (repeat, repeat, repeat)
    atoms.rattle(0.1, seed=seed)
    return atoms


def forces_of(potential: Potential, atoms: Atoms) -> np.ndarray:
    alone = atoms.copy()
    alone.calc = potential.calculator()
    return alone.get_forces()


# --- threads -----------------------------------------------------------------------------------


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_share_a_calculator(potential: Potential, hurried: None) -> None:
    calculator = potential.calculator()
    images = [crystal(seed) for seed in range(4)]
    expected = [forces_of(potential, atoms) for atoms in images]

    def apart(k: int) -> float:
        atoms, worst = images[k].copy(), 0.0
        atoms.calc = calculator
        for step in range(15):
            atoms.positions += 0.01 if step % 2 else -0.01  # another calculation
            worst = max(worst, np.abs(atoms.get_forces() - expected[k]).max())
            worst = max(worst, np.abs(calculator.results["forces"] - expected[k]).max())
        return worst

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(apart, range(4))) < 1e-10


def test_threads_share_the_kernel_of_several_parameters(potential: Potential, hurried: None) -> None:
    atoms = crystal(0)
    several = [potential.with_theta(potential.theta * (1 + 0.1 * k)) for k in range(4)]
    expected = [forces_of(p, atoms) for p in several]
    wrong = []

    def often(k: int) -> None:
        wrong.extend(k for _ in range(15) if np.abs(forces_of(several[k], atoms) - expected[k]).max() > 1e-12)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(often, range(4)))
    assert wrong == []


def test_results_of_another_thread_are_seen_where_they_are_of_the_same_atoms(potential: Potential) -> None:
    atoms, calculator = crystal(0), potential.calculator()
    atoms.calc = calculator
    atoms.get_forces()
    with ThreadPoolExecutor(1) as pool:
        atoms.positions[0] += 0.1
        energy = pool.submit(atoms.get_potential_energy).result()
        assert calculator.results["energy"] == energy  # not that of the positions before
        assert calculator.get_property("energy", atoms, allow_calculation=False) == energy
        other = crystal(1)
        other.calc = calculator
        pool.submit(other.get_forces).result()
        assert calculator.get_property("energy", other, allow_calculation=False) is not None


def test_threads_compile_one_formula() -> None:
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: compile(SPEC.replace("0.01", "0.0123")).model, range(8)))
    assert len({id(m.outputs["energy"]) for m in models}) == 1


def test_a_calculation_that_fails_leaves_no_results_of_others(potential: Potential) -> None:
    atoms, calculator = crystal(0), potential.calculator()
    atoms.calc = calculator
    atoms.get_forces()
    with pytest.raises(DataError):
        calculator.calculate(Atoms("Ar2", [[0, 0, 0], [0, 0, 0]]))
    assert calculator.results == {}


# --- other processes ---------------------------------------------------------------------------


def again(thing: object) -> object:
    return pickle.loads(pickle.dumps(thing))


def test_a_used_calculator_and_its_atoms_can_be_pickled(potential: Potential) -> None:
    atoms = crystal(0)
    atoms.calc = potential.calculator(skin=0.3)
    forces = atoms.get_forces()
    assert np.array_equal(again(atoms).calc.results["forces"], forces)
    other = again(atoms.calc)
    assert (other.skin, other.precision, other.target) == (0.3, "float64", "auto")
    for calculator in (other, copy.deepcopy(atoms.calc), again(potential).calculator()):
        moved, same = crystal(1), crystal(1)
        moved.calc, same.calc = calculator, potential.calculator(skin=calculator.skin)
        assert np.array_equal(moved.get_forces(), same.get_forces())


def test_a_potential_with_a_kernel_of_xla_can_be_pickled(potential: Potential) -> None:
    potential.kernel()
    other = again(potential.with_theta(2 * potential.theta))
    assert other.text == potential.text and np.array_equal(other.theta, 2 * potential.theta)
    assert copy.deepcopy(potential)._kernels is potential._kernels


def test_a_program_takes_its_imports_along(tmp_path: Path) -> None:
    terms = tmp_path / "mine.pes"
    terms.write_text("term mine(rc = 5 Å) {\n  param A = 1 eV\n  pair(r) = A * smooth(r, rc)\n}\n")
    spec = tmp_path / "spec.pes"
    spec.write_text('import "mine.pes"\nspecies Ar\nE = mine() + reference()\n')
    made = at_start(Program.read(spec))
    sent = pickle.dumps(made)
    terms.unlink()
    spec.unlink()
    other = pickle.loads(sent)
    assert other.model.vector.names == made.model.vector.names
    assert other.model.outputs == made.model.outputs


def test_an_error_reaches_the_process_that_waits_for_it() -> None:
    fault = Diagnostic("no-atoms", "there are no atoms to calculate", place="atoms")
    error = again(DataError(fault))
    assert type(error) is DataError and error.diagnostics == (fault,)
    warning = again(potentia.PotentiaWarning(fault))
    assert warning.diagnostic == fault and str(warning) == str(potentia.PotentiaWarning(fault))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:Warning")
def test_a_calculator_that_threads_have_used_goes_on_in_a_fork(potential: Potential) -> None:
    atoms = crystal(0, repeat=11)  # enough for two threads
    atoms.calc = potential.calculator()
    forces = atoms.get_forces()
    ahead, behind = multiprocessing.Pipe(duplex=False)

    potential.calculator(target="xla").calculate(crystal(0))

    def child() -> None:
        signal.alarm(20)  # where it hangs it ends
        with pytest.raises(ToolError, match="XLA cannot compute in this process"):
            potential.calculator(target="xla").calculate(crystal(0))
        moved = atoms.copy()
        moved.positions += 0.01
        moved.calc = atoms.calc
        behind.send((is_forked(), float(np.abs(moved.get_forces() - forces).max())))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    assert process.exitcode == 0 and not is_forked()
    forked, apart = ahead.recv()
    assert forked and apart < 1e-10

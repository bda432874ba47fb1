"""Steps of VASP whose electrons did not converge have no labels, and are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from potentia.runtime.data.label_counts import counts_of_labels
from potentia.runtime.data.readers import read
from wild_files import outcar, vasprun


def _outcar(folder: Path) -> Path:
    path = outcar(folder)
    reached = "aborting loop because EDIFF is reached"
    before, _, after = path.read_text(encoding="utf-8").partition(reached)
    path.write_text(f"{before}aborting loop EDIFF was not reached (unconverged){after}", encoding="utf-8")
    return path


def _old_outcar(folder: Path) -> Path:
    """VASP 5 says that it reached EDIFF where it only ran out of steps."""
    path = outcar(folder)
    text = path.read_text(encoding="utf-8").replace("vasp.6.3.2", "vasp.5.4.4").replace("(   7)", "(  60)", 1)
    path.write_text(text, encoding="utf-8")
    return path


def _silent_outcar(folder: Path) -> Path:
    path = _old_outcar(folder)
    kept = [x for x in path.read_text(encoding="utf-8").splitlines(True) if "aborting loop" not in x]
    path.write_text("".join(kept), encoding="utf-8")
    return path


def _vasprun(folder: Path) -> Path:
    path = vasprun(folder)
    text = path.read_text(encoding="utf-8")
    step = text[text.index("<scstep>") : text.index("</scstep>") + len("</scstep>")]
    path.write_text(text.replace(step, step * 60, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("made", [_outcar, _old_outcar, _silent_outcar, _vasprun])
def test_steps_that_did_not_converge(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    structures = read(made(tmp_path)).structures
    n = len(structures)
    left = f"{n - 1} (1 not converged)"
    told = f"energy {n - 1} of {n} (1 not converged) · forces {left} · stress {left}"
    assert n > 1 and structures[0].energy is None and counts_of_labels(structures) == told


@pytest.mark.parametrize("made", [outcar, vasprun])
def test_steps_that_converged(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    structures = read(made(tmp_path)).structures
    n = len(structures)
    assert counts_of_labels(structures) == f"energy {n} of {n} · forces {n} · stress {n}"


def test_a_step_whose_energy_is_cut_off_is_none(tmp_path: Path) -> None:
    path = outcar(tmp_path)
    whole = read(path).structures
    text = path.read_text(encoding="utf-8")
    for cut in (1, 4, 9):
        path.write_text(text[:-cut], encoding="utf-8")
        found = read(path).structures
        assert [s.energy for s in found] == [s.energy for s in whole[:-1]]

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


def _vasprun(folder: Path) -> Path:
    path = vasprun(folder)
    text = path.read_text(encoding="utf-8")
    step = text[text.index("<scstep>") : text.index("</scstep>") + len("</scstep>")]
    path.write_text(text.replace(step, step * 60, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("made", [_outcar, _vasprun])
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

"""Two labels of one kind in a structure: chosen by a rule that is told, or refused; a structure twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_frames import USUAL, Frame, at_strains, evaluated, exact, numbers, told

BOTH = 'Lattice="{cell}" energy={energy} virial="{virial}" stress="{stress}"'


def test_stress_and_virial_of_opposite_signs_are_refused(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "".join(f.text(BOTH.replace("{stress}", numbers(-f.stress)), forces=False) for f in frames)
    assert told(capsys, model, tmp_path, wrong) == (
        1,
        "error[labels-contradict]: `stress` and `virial` contradict each other: "
        "V*stress is +virial in 3 of 3 structures that have both\n  --> a.xyz\n"
        "  help: say which one is wrong: `--stress-sign compression` or `--virial-sign plus`\n",
    )
    for option in (("--stress-sign", "compression"), ("--virial-key", "virial")):
        code, errors, _ = evaluated(capsys, model, tmp_path, wrong, *option)
        assert code == 0 and exact(errors, ("energy", "stress"))


def test_energies_of_strained_cells_decide_a_sign(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strained = "".join(f.text(BOTH, forces=False) for f in at_strains())
    opposite = "".join(f.text(BOTH.replace("{virial}", numbers(f.stress * f.volume))) for f in at_strains())
    assert exact(evaluated(capsys, model, tmp_path, strained)[1], ("energy", "stress"))
    assert told(capsys, model, tmp_path, opposite) == (
        0,
        "warning[labels-contradict]: `stress` and `virial` contradict each other: V*stress is +virial in "
        "6 of 6 structures that have both; the energies of 10 pairs of strained cells decide, "
        "so that `stress` was read\n  --> a.xyz\n  help: `--virial-sign plus` says so\n",
    )
    assert exact(evaluated(capsys, model, tmp_path, opposite)[1])


CLOSE = """2
Lattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3:forces:R:3 energy=0.035011236959965567 \
virial="0.08057180264709321 -0.24171540794127965 0 -0.24171540794127965 0.72514622382383 0 0 0 0" \
stress="8.057180264709321e-05 -0.00024171540794127965 0 -0.00024171540794127965 0.00072514622382383 0 0 0 0"
Ar 0 0 0 0.08057180264709321 -0.24171540794127965 0
Ar 9 3 0 -0.08057180264709321 0.24171540794127965 0
"""


def test_forces_between_near_atoms_decide_a_sign(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, model, tmp_path, CLOSE) == (
        0,
        "warning[labels-contradict]: `stress` and `virial` contradict each other: V*stress is +virial in "
        "1 of 1 structure that has both; the forces between near atoms decide, so that `virial` was read\n"
        "  --> a.xyz\n  help: `--stress-sign compression` says so\n",
    )
    code, errors, lines = evaluated(capsys, model, tmp_path, CLOSE)
    assert code == 0 and exact(errors)
    assert lines[1] == "labels  energy 1 of 1 · forces 1 · stress 1 (`virial` 1)"


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            {"stress": lambda f: 160.2176634 * f.stress},
            1,
            "error[labels-contradict]: `stress` and `virial` contradict each other in 3 of 3 structures "
            "that have both, "
            "by up to {stress} eV/Å^3\n  --> a.xyz\n  help: `--stress-unit GPa` makes them agree\n",
        ),
        (
            {"virial": lambda f: np.eye(3)},
            1,
            "error[labels-contradict]: `stress` and `virial` contradict each other in 3 of 3 structures "
            "that have both, by up to {virial} eV/Å^3\n  --> a.xyz\n"
            "  help: say which one is read: `--virial-key none` or `--virial-key virial`\n",
        ),
    ],
)
def test_stress_and_virial_of_other_sizes(
    frames: list[Frame],
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Callable[[Frame], Any]],
    code: int,
    message: str,
) -> None:
    ((key, value),) = change.items()
    text = "".join(f.text(BOTH.replace(f"{{{key}}}", numbers(value(f)))) for f in frames)
    size = max(np.abs(160.2176634 * f.stress - f.stress).max() for f in frames)
    other = max(np.abs(-np.eye(3) / f.volume - f.stress).max() for f in frames)
    expected = message.format(stress=f"{size:.3g}", virial=f"{other:.3g}")
    assert told(capsys, model, tmp_path, text) == (code, expected)


@pytest.mark.parametrize(
    ("header", "code", "message"),
    [
        (
            "energy={energy} REF_energy=-9",
            0,
            "warning[labels-contradict]: `energy` and `REF_energy` differ in 1 of 1 structure that has both, "
            "by up to {apart} eV/atom; `energy` was read\n  --> a.xyz\n"
            "  help: `--energy-key REF_energy` reads the other\n",
        ),
        (
            "dft_energy={energy} REF_energy=-9",
            1,
            "error[labels-contradict]: `dft_energy` and `REF_energy` differ in 1 of 1 structure that has "
            "both, "
            "by up to {apart} eV/atom\n  --> a.xyz\n  "
            "help: say which one is read, as `--energy-key dft_energy`\n",
        ),
        (
            "energy={energy} free_energy=-9",
            0,
            "warning[free-energy]: `energy` and `free_energy` differ in 1 of 1 structure that has both, "
            "by up to {apart} eV/atom; `energy` was read\n  --> a.xyz\n"
            "  help: forces of smeared electrons are the slope of `free_energy`: `--energy-key free_energy` "
            "reads it\n",
        ),
        ("energy={energy} REF_energy={energy} free_energy={energy}", 0, ""),
    ],
)
def test_two_energies(
    frames: list[Frame],
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    header: str,
    code: int,
    message: str,
) -> None:
    found = told(capsys, model, tmp_path, frames[0].text('Lattice="{cell}" ' + header))
    apart = f"{(frames[0].energy + 9) / 4:.3g}"
    assert found[0] == code and (found[1] == message.format(apart=apart) if message else "[" not in found[1])


# --- the same structure twice ---------------------------------------------------------------------


def test_structures_that_are_trained_and_tested_on_are_told(
    frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from potentia.runtime.data.config import DataConfig
    from potentia.runtime.data.dataset import read_training_data

    f = frames[1]
    moved = Frame.__new__(Frame)
    moved.__dict__.update(f.__dict__)
    turned = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    moved.positions = (f.positions + np.array([0.3, -7.0, 0.1]) + f.cell[0])[[2, 0, 3, 1]] @ turned
    moved.cell = f.cell @ turned
    (tmp_path / "train.xyz").write_text("".join(f.text(USUAL) for f in frames), encoding="utf-8")
    nearly = frames[2].text(USUAL).replace(numbers(frames[2].positions[1]), "0 2.7 2.75")
    (tmp_path / "test.xyz").write_text(nearly + moved.text(USUAL), encoding="utf-8")
    config = DataConfig(test=str(tmp_path / "test.xyz"), use_forces=False)
    (d,) = read_training_data([str(tmp_path / "train.xyz")], config).warnings
    assert (d.code, d.severity, d.place) == ("shared-structures", "warning", "test.xyz, structure 2")
    assert d.message == "1 of 2 test structures is trained on too"
    assert d.help == (
        "test.xyz, structure 2 = train.xyz, structure 2: their errors say nothing about other structures"
    )

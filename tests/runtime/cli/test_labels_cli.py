"""Labels in files as people write them: read alike, left out with a reason, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save
from potentia.runtime.structures.structure import Structure

SPEC = "species Ar\nE = lj(rc = 6, inner = 4.8, epsilon = 0.0104, sigma = 3.4) + reference(e0 = fixed 0)\n"
KEYS = (
    "keys    energy `energy` (eV), forces `forces` (eV/Å), stress `stress` (eV/Å^3, tension positive) "
    "or `virial` (eV, = -V*stress)"
)
Edit = Callable[[str], str]


def numbers(values: Any) -> str:
    return " ".join(f"{v:.12f}" for v in np.ravel(values))


class Frame:
    """A structure of four atoms with exact labels, as text."""

    def __init__(self, structure: Structure, energy: float, forces: Any, stress: Any) -> None:
        self.cell, self.energy, self.forces, self.stress = structure.cell, energy, forces, stress
        self.positions, self.volume = structure.positions, structure.volume

    def text(self, header: str, forces: bool = True, properties: str = "") -> str:
        """Fields in the header: {cell}, {energy}, {stress}, {virial}."""
        values = {
            "cell": numbers(self.cell),
            "energy": f"{self.energy:.12f}",
            "stress": numbers(self.stress),
            "virial": numbers(-self.stress * self.volume),
        }
        columns = properties or "Properties=species:S:1:pos:R:3" + (":forces:R:3" if forces else "")
        rows = [[*x, *f] if forces else [*x] for x, f in zip(self.positions, self.forces, strict=True)]
        lines = ["Ar " + numbers(row) for row in rows]
        return "\n".join([str(len(lines)), f"{columns} {header.format(**values)}", *lines]) + "\n"


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Three rattled crystals of argon under different pressures."""
    potential = compile(SPEC)
    rng = np.random.default_rng(0)
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    found = []
    for a in (5.1, 5.3, 5.5):
        positions = a * base + rng.normal(0, 0.08, (4, 3))
        pbc = np.ones(3, dtype=np.bool_)
        s = Structure(np.full(4, 18, dtype=np.int32), positions, a * np.eye(3), pbc)
        (p,) = potential.evaluator("reference").predict(potential.theta, [s])
        found.append(Frame(s, p.energy, p.forces, p.stress))
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "ar"
    save(folder, compile(SPEC), certified=False)
    return folder


USUAL = 'Lattice="{cell}" energy={energy} stress="{stress}" pbc="T T T"'


def evaluated(
    capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path, text: str, *options: str
) -> tuple[int, dict[str, Any], list[str]]:
    """The exit code, the errors on a file, and the lines on stderr."""
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    data = ("--data", str(tmp_path / "a.xyz"), "--target", "reference", "--json", *options)
    code, out, err = run(capsys, "eval", str(model), *data)
    lines = [line for line in err.splitlines() if line != "target: reference"]
    return code, json.loads(out)["test"] if code == 0 else {}, lines


def exact(errors: dict[str, Any], kinds: Sequence[str] = ("energy", "forces", "stress")) -> bool:
    units = {"energy": "ev_per_atom", "forces": "ev_per_ang", "stress": "gpa"}
    return all(errors[f"{kind}_rmse_{units[kind]}"] < 1e-6 for kind in kinds)


# --- the same labels in other words ---------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        USUAL,
        'lattice="{cell}" energy={energy} stress="{stress}"',
        'LATTICE="{cell}" Energy={energy} STRESS="{stress}" PBC="T T T"',
        'Lattice = "{cell}" energy = {energy} stress = "{stress}" Pbc=TTT',
        "Lattice='{cell}' energy={energy} stress=[{stress}] pbc=\"p p p\"",
        'Lattice={{{cell}}} REF_energy={energy} REF_stress="{stress}" pbc="1 1 1"',
        'Lattice="{cell}" DFT-Energy={energy} dft_virial="{virial}" pbc="true true true"',
        'Lattice="{cell}" free_energy={energy} Virial="{virial}"',
        'Lattice="{cell}" energy={energy} REF_virials="{virial}" stress="{stress}"',
    ],
)
def test_other_spellings_are_read_alike(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], header: str
) -> None:
    code, errors, _ = evaluated(capsys, model, tmp_path, "".join(f.text(header) for f in frames))
    assert code == 0 and exact(errors)


@pytest.mark.parametrize(
    "properties",
    [
        "properties=species:S:1:pos:R:3:force:R:3",
        "Properties=Species:S:1:Pos:R:3:Forces:R:3",
        "Properties=element:s:1:positions:r:3:REF_forces:r:3",
        "PROPERTIES=symbol:S:1:position:R:3:dft_force:R:3",
    ],
)
def test_other_columns_are_read_alike(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], properties: str
) -> None:
    text = "".join(f.text(USUAL, properties=properties) for f in frames)
    code, errors, _ = evaluated(capsys, model, tmp_path, text)
    assert code == 0 and exact(errors)


def test_mixed_and_partial_labels_are_counted(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, c = frames
    text = a.text(USUAL) + b.text('Lattice="{cell}" energy={energy} virial="{virial}"')
    text += c.text('Lattice="{cell}" energy={energy} mace_energy=0', forces=False)
    text += "1\nenergy=0.0\nAr 0 0 0\n"
    text += c.text('Lattice="{cell}" energy={energy}').replace(numbers(c.forces[1]), "nan nan nan")
    code, errors, lines = evaluated(capsys, model, tmp_path, text)
    assert code == 0 and exact(errors)
    assert lines == [
        "data    5 structures",
        "labels  energy 5 of 5 · forces 2 (1 NaN; 2 without) · stress 2 (`stress` 1, `virial` 1; 3 without)"
        " · not read: `mace_energy` 1",
        KEYS,
    ]


def test_a_slab_has_a_stress_in_its_plane(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = compile(SPEC)
    a = frames[0]
    pbc = np.array([True, True, False])
    slab = Structure(np.full(4, 18, dtype=np.int32), a.positions, a.cell, pbc)
    (p,) = cut.evaluator("reference").predict(cut.theta, [slab])
    assert p.stress is not None and not p.stress[2].any() and p.stress[0, 0] != 0
    made = Frame(slab, p.energy, p.forces, p.stress)
    made.stress = p.stress + np.diag([0, 0, 7.0])  # of no meaning
    text = made.text(USUAL.replace("T T T", "T T F"))
    code, errors, lines = evaluated(capsys, model, tmp_path, text)
    assert code == 0 and exact(errors)
    assert lines[1] == "labels  energy 1 of 1 · forces 1 · stress 1 (1 in the plane alone)"


# --- refused by name ------------------------------------------------------------------------------


def atoms(header: str, row: str = "Ar 0 0 0", count: str = "1") -> str:
    return f"{count}\n{header}\n{row}\n"


CELL = 'Lattice="9 0 0 0 9 0 0 0 9"'
WRITE = 'write `Lattice="ax ay az bx by bz cx cy cz"`, or `pbc="F F F"` where there is no cell'


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (atoms('cell="9 0 0 0 9 0 0 0 9"'), "there is no `Lattice`, and `cell` looks like a cell", WRITE),
        (atoms('box="9 9 9"'), "there is no `Lattice`, and `box` looks like a cell", WRITE),
        (
            atoms("lattice_vectors=[9]"),
            "there is no `Lattice`, and `lattice_vectors` looks like a cell",
            WRITE,
        ),
        (
            atoms('Lattice"9 0 0 0 9 0 0 0 9"'),
            "there is no `Lattice`, and `Lattice9 0 0 0 9 0 0 0 9` looks like a cell",
            WRITE,
        ),
        (
            atoms('Lattice="9 9 9"'),
            "`Lattice` has 3 numbers, not nine",
            "three vectors one after another, in Å",
        ),
        (atoms('Lattice="a b c"'), "`Lattice` is `a b c`, not nine numbers", None),
        (atoms(f"{CELL} pbc=xyz"), "`pbc` is `xyz`, not three of T and F", 'write `pbc="T T F"`'),
        (atoms(f'{CELL} pbc="T T"'), "`pbc` is `T T`, not three of T and F", 'write `pbc="T T F"`'),
        (
            atoms(f'{CELL} periodic="T T F"'),
            "there is no `pbc`, and `periodic` looks like it",
            'write `pbc="T T F"`',
        ),
        (
            atoms(f'{CELL} lattice="8 0 0 0 8 0 0 0 8"'),
            "`Lattice` stands twice in the header, with different values",
            "delete one of them",
        ),
        (
            atoms("energy=-1 energy=-2"),
            "`energy` stands twice in the header, with different values",
            "delete one of them",
        ),
        (
            atoms("Columns=species:S:1:pos:R:3"),
            "there is no `Properties`, and `Columns` looks like it",
            "rename `Columns`",
        ),
        (
            atoms("Properties=species:S:1:pos:R"),
            "`Properties` cannot be read at `pos:R`",
            "write `name:type:width`, as `pos:R:3`",
        ),
        (
            atoms("Properties=species:S:1:frac:R:3"),
            "no three columns have the positions",
            "name them `pos:R:3`; columns: species, frac",
        ),
        (
            atoms("Properties=name:S:1:pos:R:3"),
            "no column has the chemical symbols",
            "name it `species`; columns: name, pos",
        ),
        (
            atoms("Properties=species:S:1:pos:R:3:forces:R:3"),
            "the header names 7 columns, and atom 1 has 4",
            None,
        ),
        (atoms("", count="-1"), "expected a number of atoms, found `-1`", None),
        (atoms("", count="9" * 30), f"expected a number of atoms, found `{'9' * 30}`", None),
        (
            atoms(CELL, "D 0 0 0"),
            "`D` is no chemical symbol",
            "for deuterium write `H`, with its mass in a column `masses:R:1`",
        ),
        (
            atoms(CELL, "T 0 0 0"),
            "`T` is no chemical symbol",
            "for tritium write `H`, with its mass in a column `masses:R:1`",
        ),
        (
            atoms(CELL, "Ar1 0 0 0"),
            "`Ar1` is no chemical symbol",
            "write `Ar`; labels of atoms go into a column of their own",
        ),
        (atoms(CELL, "Qx 0 0 0"), "`Qx` is no chemical symbol", None),
    ],
)
def test_a_frame_is_refused_by_name(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str, help: str | None
) -> None:
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "predict", str(model), "--structures", str(tmp_path / "a.xyz"))
    shown = f"error[unreadable-structure]: {message}\n  --> a.xyz, structure 1\n"
    assert (code, out, err) == (1, "", shown + (f"  help: {help}\n" if help else ""))


def test_what_is_no_cell_is_let_in(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xyz").write_text(atoms('pbc="F F F" cell="9 9 9"') + atoms("cell_type=none"), "utf-8")
    code, _, err = run(
        capsys, "predict", str(model), "--structures", str(tmp_path / "a.xyz"), "--target", "reference"
    )
    assert (code, err) == (0, "target: reference\n")


def test_columns_with_colons_and_without_names(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = atoms(f"{CELL} energy=0 Properties=species:S:1:pos:R:3:mtt::aux::e:R:1", "Ar 0 0 0 1.5 2 3")
    code, _, lines = evaluated(capsys, model, tmp_path, text)
    assert code == 0
    assert lines[1] == (
        "labels  energy 1 of 1 · forces 0 (1 without) · stress 0 (1 without)"
        " · not read: `column_6` 1, `column_7` 1"
    )


# --- labels that contradict each other ------------------------------------------------------------


BOTH = 'Lattice="{cell}" energy={energy} virial="{virial}" stress="{stress}"'


def told(capsys: pytest.CaptureFixture[str], model: Path, tmp_path: Path, text: str) -> tuple[int, str]:
    """The exit code of `eval`, and the first diagnostic."""
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    arguments = ("--data", str(tmp_path / "a.xyz"), "--target", "reference")
    code, _, err = run(capsys, "eval", str(model), *arguments)
    return code, err[max(err.find("error["), err.find("warning[")) :].removesuffix("target: reference\n")


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


def at_strains() -> list[Frame]:
    """A crystal of argon at six lengths."""
    potential = compile(SPEC)
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    pbc, found = np.ones(3, dtype=np.bool_), []
    for a in (5.0, 5.1, 5.2, 5.3, 5.4, 5.5):
        s = Structure(np.full(4, 18, dtype=np.int32), a * base, a * np.eye(3), pbc)
        (p,) = potential.evaluator("reference").predict(potential.theta, [s])
        found.append(Frame(s, p.energy, p.forces, p.stress))
    return found


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


def test_steps_that_did_not_converge_have_no_labels(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = frames[0].text(USUAL) + frames[1].text(USUAL + " converged=F")
    code, errors, lines = evaluated(capsys, model, tmp_path, text)
    assert code == 0 and exact(errors)
    one = "1 (1 not converged)"
    assert lines[1] == f"labels  energy 1 of 2 (1 not converged) · forces {one} · stress {one}"


def test_labels_that_are_left_aside_are_not_at_fault(
    frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str], model: Path
) -> None:
    text = frames[0].text(BOTH.replace("{virial}", "1 0 0 0 1 0 0 0 1"))
    code, errors, lines = evaluated(capsys, model, tmp_path, text, "--no-stress", "--no-forces")
    assert code == 0 and exact(errors, ("energy",))
    assert lines[1] == "labels  energy 1 of 1 · forces 0 (1 left aside) · stress 0 (1 left aside)"


def test_keys_to_choose_by_are_read_in_any_case(
    frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str], model: Path
) -> None:
    text = frames[0].text(USUAL + " split=test Config_Type=a Weight=2")
    text += frames[1].text(USUAL + " SPLIT=test config-type=a") + frames[2].text(USUAL + " Split=train")
    options = ("--only", "split=test", "--weight-key", "weight")
    code, errors, lines = evaluated(capsys, model, tmp_path, text, *options)
    assert code == 0 and exact(errors) and lines[0] == "data    2 structures"
    assert list(errors["by_config_type"]) == ["a"]


def test_six_numbers_of_a_virial_have_no_certain_order(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = frames[0].text('Lattice="{cell}" energy={energy} virial="1 2 3 4 5 6"')
    assert told(capsys, model, tmp_path, text) == (
        1,
        "error[bad-label]: the virial under `virial` has six numbers, whose order differs between programs: "
        "write nine\n  --> a.xyz, structure 1\n",
    )


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

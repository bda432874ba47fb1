"""Labels in files as people write them: read alike, left out with a reason, or refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import run
from labelled_frames import KEYS, SPEC, USUAL, Frame, evaluated, exact, numbers, told
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import Structure

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
        *(
            (atoms(said), f"there is no `Lattice`, and `{key}` looks like a cell", WRITE)
            for key, said in (
                ("a", "a=9 b=9 c=9 alpha=90"),
                ("Tv_1", 'Tv_1="9 0 0" Tv_2="0 9 0" Tv_3="0 0 9"'),
                ("h", 'h="9 0 0 0 9 0 0 0 9"'),
                ("CRYST1", "CRYST1 9 9 9 90 90 90"),
            )
        ),
        (
            atoms('energy=-1 REF_virial="1 0 0 0 1 0 0 0 1"'),
            "there is no `Lattice`, and `REF_virial` is of atoms in a cell",
            WRITE,
        ),
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
        (atoms("", count="-1"), "a structure cannot have -1 atoms", None),
        (
            atoms("", count="9" * 30),
            f"a structure cannot have {'9' * 30} atoms; at most 100000000 are read",
            None,
        ),
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
    ids=lambda text: str(text)[:20],
)
def test_a_frame_is_refused_by_name(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str, help: str | None
) -> None:
    (tmp_path / "a.xyz").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "predict", str(model), "--structures", str(tmp_path / "a.xyz"))
    of_atoms = "is no chemical symbol" in message or "atom 1 has" in message
    line = 1 if message.startswith("a structure") else 3 if of_atoms else 2
    shown = f"error[unreadable-structure]: {message}\n  --> a.xyz, structure 1, line {line}\n"
    assert (code, out, err) == (1, "", shown + (f"  help: {help}\n" if help else ""))


def test_what_is_no_cell_is_let_in(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.xyz").write_text(
        atoms('pbc="F F F" cell="9 9 9"') + atoms("cell_type=none") + atoms("h=-1.5 a=2"), "utf-8"
    )
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


# --- left out and chosen by ---


def test_steps_that_did_not_converge_have_no_labels(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("converged=F", "Converged=False", "SCF_converged=0"):
        text = frames[0].text(USUAL + " converged=T") + frames[1].text(f"{USUAL} {said}")
        code, errors, lines = evaluated(capsys, model, tmp_path, text)
        assert code == 0 and exact(errors)
        one = "1 (1 not converged)"
        assert lines[1] == f"labels  energy 1 of 2 (1 not converged) · forces {one} · stress {one}"


def test_labels_that_are_left_aside_are_not_at_fault(
    frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str], model: Path
) -> None:
    text = frames[0].text(USUAL + ' virial="1 0 0 0 1 0 0 0 1"')
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


def test_labels_are_no_fault_where_none_is_read(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = atoms(" energy: -5.07 gnorm: 0.0003 xtb: 6.5.0") + atoms(f'{CELL} virial="1 2 3 4 5 6"')
    (tmp_path / "a.xyz").write_text(text)
    arguments = (
        "predict",
        str(model),
        "-q",
        "--target",
        "reference",
        "--structures",
        str(tmp_path / "a.xyz"),
    )
    assert run(capsys, *arguments)[::2] == (0, "")
    assert told(capsys, model, tmp_path, text.split("1\nLattice")[0]) == (
        1,
        "error[bad-label]: the energy under `energy:` has no number after it: write `=` between key and "
        "value\n"
        "  --> a.xyz, structure 1\n",
    )


def test_six_numbers_of_a_virial_have_no_certain_order(
    frames: list[Frame], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = frames[0].text('Lattice="{cell}" energy={energy} virial="1 2 3 4 5 6"')
    assert told(capsys, model, tmp_path, text) == (
        1,
        "error[bad-label]: the virial under `virial` has six numbers, whose order differs between programs: "
        "write nine\n  --> a.xyz, structure 1\n",
    )

"""`potentia predict -o`: what came in goes out, to the last bit, beside the predictions."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import read, write
from commands import run
from dynamics_cases import argon, crystal
from potentia.runtime.runs import run_folder as artifact
from potentia.runtime.runs.run_folder import load, save

LOAD = lru_cache(lambda folder: load(Path(folder).resolve()))
LATTICE = 'Lattice="6.1234567890123 0 0 0 6 0 0 0 6"'
COLUMNS = "species:S:1:pos:R:3:tag:I:1:forces:R:3:q:R:1:ok:L:1"
OTHERS = 'note="two words = one" REF_energy = 3.25 free T=1e10 list=[1,2,3] d="{\\"a\\": 1}"'
FRAME = f"""2
my_id=007 {LATTICE} Properties={COLUMNS} energy=-1.5 virial="1 0 0 0 1 0 0 0 1" {OTHERS}
Ar 0.1000000000000000055511151231257827 0.30000000000000004 1e-17 +7 0 0 1.50 -0.3333333333333333 T
Ar 2.9999999999999996 3 3.0000000000000004 8 0 0 -1.50 2E-3 F
"""


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is read once for all tests."""
    monkeypatch.setattr(artifact, "load", LOAD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("predict")
    save(made / "ar", argon())
    return made


def predicted(capsys: pytest.CaptureFixture[str], name: str, *more: str) -> list[str]:
    """The lines on stderr."""
    arguments = ("predict", "ar", "--structures", name, "--target", "reference", "-o", "out.xyz")
    code, out, err = run(capsys, *arguments, *more)
    assert (code, out) == (0, "")
    return err.splitlines()


def frame(path: str = "out.xyz") -> Atoms:
    found = read(path, format="extxyz")
    assert isinstance(found, Atoms)
    return found


def test_every_word_of_a_frame_stays(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.xyz").write_text(FRAME)
    assert predicted(capsys, "one.xyz") == [
        "target: reference",
        "1 structure; saved in out.xyz",
        "labels of the file are kept as given_energy, given_forces, given_virial",
    ]
    count, header, *atoms = Path("out.xyz").read_text().splitlines()
    energy = header.partition(" energy=")[2].partition(" ")[0]
    stress = header.partition(' stress="')[2].rstrip('"')
    assert count == "2"
    columns = COLUMNS.replace("forces", "given_forces") + ":forces:R:3"
    others = OTHERS.replace(" = 3.25", "=3.25")
    assert header == (
        f'my_id=007 {LATTICE} given_energy=-1.5 given_virial="1 0 0 0 1 0 0 0 1" {others} '
        f'Properties={columns} energy={energy} stress="{stress}"'
    )
    given = [line.split() for line in FRAME.splitlines()[2:]]
    assert [line.split()[:10] for line in atoms] == given
    result = frame()
    assert result.calc is not None
    assert float(energy) == result.get_potential_energy() == result.calc.results["energy"]
    assert result.get_forces().ravel().tolist() == [float(x) for line in atoms for x in line.split()[10:]]
    assert (result.positions == read("one.xyz").positions).all()  # type: ignore[union-attr]


def test_a_second_prediction_keeps_the_first_labels(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.xyz").write_text(FRAME)
    predicted(capsys, "one.xyz")
    first = Path("out.xyz").read_text()
    Path("out.xyz").rename("again.xyz")
    lines = predicted(capsys, "again.xyz")
    assert lines[2] == "earlier predictions of the file are replaced: energy, forces, stress"
    assert Path("out.xyz").read_text() == first


def test_a_plain_file_keeps_its_comment_and_its_columns(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plain.xyz").write_text("2\n a comment\nAr 0 0 0 x 1\nAr 3.7000000000000001 0 0 y 2\n\n")
    assert predicted(capsys, "plain.xyz") == ["target: reference", "1 structure; saved in out.xyz"]
    _, header, first, second = Path("out.xyz").read_text().splitlines()
    assert header.startswith("a comment Properties=species:S:1:pos:R:3:unnamed:S:2:forces:R:3 energy=")
    assert first.split()[:6] == ["Ar", "0", "0", "0", "x", "1"]
    assert second.split()[:6] == ["Ar", "3.7000000000000001", "0", "0", "y", "2"]


@pytest.mark.parametrize("name", ["in.traj", "in.db", "in.json"])
def test_other_formats_lose_nothing(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    atoms = crystal(1)
    atoms.positions += 1 / 3
    atoms.set_initial_magnetic_moments([0.1, 0.2, 0.30000000000000004, 0])
    atoms.set_momenta(np.arange(12).reshape(4, 3) / 7)
    atoms.set_constraint(FixAtoms([1]))
    if name.endswith(".traj"):
        atoms.info = {"name": "a b", "seven": 1 / 7, "inner": {"a": [1, 2]}, "empty": "", "none": None}
    atoms.calc = SinglePointCalculator(
        atoms, energy=-2.0, forces=np.ones((4, 3)), stress=np.arange(6.0), magmoms=np.ones(4)
    )
    Path(name).unlink(missing_ok=True)
    write(name, atoms)
    given = read(name)
    lines = predicted(capsys, name)
    assert lines[2] == "labels of the file are kept as given_energy, given_forces, given_stress"
    result = frame()
    assert isinstance(given, Atoms)
    for array in ("positions", "momenta", "initial_magmoms"):
        assert (result.arrays[array] == given.arrays[array]).all()
    assert (result.cell.array == given.cell.array).all()
    assert result.constraints[0].index.tolist() == [1]
    assert result.info["given_energy"] == -2.0 and (result.arrays["given_forces"] == 1).all()
    assert np.asarray(result.info["given_stress"]).tolist() == [0, 5, 4, 5, 1, 3, 4, 3, 2]
    assert result.calc is not None and result.calc.results["magmoms"].tolist() == [1, 1, 1, 1]
    if name.endswith(".traj"):
        assert {k: result.info[k] for k in atoms.info} == atoms.info


def test_chosen_structures_keep_their_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = FRAME.replace("my_id=007", "split=a my_id=1")
    Path("two.xyz").write_text(one + FRAME.replace("my_id=007", "split=b my_id=2"))
    predicted(capsys, "two.xyz", "--only", "split=b")
    assert Path("out.xyz").read_text().splitlines()[1].startswith("split=b my_id=2 ")
    assert len(read("out.xyz", ":")) == 1


@pytest.mark.parametrize("name", ["out.traj", "out.xyz.gz"])
def test_the_output_is_extended_xyz(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "predict", "ar", "--structures", "none.xyz", "-o", name)
    message = f"error[unwritable]: cannot write {name}: predictions are written as extended XYZ\n"
    help = "  help: give it a name that ends in .xyz\n"
    assert (code, out, err) == (1, "", f"{message}  --> {name}\n{help}")

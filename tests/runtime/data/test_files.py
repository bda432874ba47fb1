"""Files of data as they come: packed, marked, of LAMMPS without elements, no files at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from commands import run
from dynamics_cases import argon, crystal
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data import plain_file
from potentia.runtime.data.config import DataConfig
from potentia.runtime.data.dataset import read_labelled
from potentia.runtime.data.file_kind import FileKind
from potentia.runtime.data.frames import count_frames, frames, split_slice, taken
from potentia.runtime.data.readers import read
from potentia.runtime.dynamics.reading import start_of
from potentia.runtime.runs import run_folder as artifact

TEXT = "1\nenergy=-1.0\nAr 0 0 0\n2\nenergy=-2.0\nAr 0 0 0\nAr 0 0 3.7\n"
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
DUMP = """ITEM: TIMESTEP
{step}
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0.0 10.0
0.0 10.0
0.0 10.0
ITEM: ATOMS {columns}
1 {first} 0.0 0.0 0.0 1.0 0.0 0.0
2 {second} 0.6 0.0 0.0 -1.0 0.0 0.0
"""
DATA = """LAMMPS data file

2 atoms
2 atom types
0.0 10.0 xlo xhi
0.0 10.0 ylo yhi
0.0 10.0 zlo zhi
{masses}
Atoms # atomic

1 1 0.0 0.0 0.0
2 2 0.0 0.0 3.0
"""
HELP = "say which element each type is, from 1 on: `--types Nb,Mo`"


def dump(columns: str, first: str, second: str) -> str:
    given = {"columns": f"id {columns} x y z fx fy fz", "first": first, "second": second}
    return DUMP.format(step=0, **given) + DUMP.format(step=100, **given)


def faults(path: Path, kind: FileKind | None = None) -> list[tuple[str, str, str | None]]:
    with pytest.raises(DataError) as caught:
        list(frames(path, kind or FileKind()))
    return [(d.code, d.message, d.help) for d in caught.value.diagnostics]


# --- packed and marked files ------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", PACKERS)
def test_packed_files_are_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"nb.xyz.{suffix}"
    path.write_bytes(PACKERS[suffix](TEXT.encode()))
    reading = read(f"{path}@1")
    assert [s.place for s in reading.structures] == [f"nb.xyz.{suffix}, structure 2"]
    assert [s.energy for s in reading.structures] == [-2.0]
    assert count_frames(path) == 2


@pytest.mark.parametrize("format", ["vasp", "lammps-dump-text"])
def test_packed_files_of_other_formats(format: str, tmp_path: Path) -> None:
    plain = {"vasp": "POSCAR", "lammps-dump-text": "md.lammpstrj"}[format]
    if format == "vasp":
        write(tmp_path / plain, crystal(), format="vasp")
    else:
        (tmp_path / plain).write_text(dump("element", "Ar", "Ar"))
    packed = tmp_path / f"{plain}.gz"
    packed.write_bytes(gzip.compress((tmp_path / plain).read_bytes()))
    one, other = (list(frames(p)) for p in (tmp_path / plain, packed))
    assert len(one) == len(other) and (one[-1].positions == other[-1].positions).all()


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.xyz"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert [s.energy for s in read(path).structures] == [-1.0, -2.0]
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + TEXT.encode()))
    assert len(list(frames(path))) == 2


def bomb(path: Path) -> None:
    path.write_bytes(gzip.compress(b"0" * (1 << 20)))


def cut_off(path: Path) -> None:
    path.write_bytes(gzip.compress(TEXT.encode())[:-9])


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


TWICE = "data are read more than once: write them to a file"


@pytest.mark.parametrize(
    ("make", "name", "reason", "help"),
    [
        (bomb, "a.xyz.gz", "it unpacks to more than 0 MB", "unpack it yourself"),
        (cut_off, "a.xyz.gz",
         "as gz: Compressed file ended before the end-of-stream marker was reached", None),
        (pipe, "a.xyz", "it is a pipe", TWICE),
        (device, "a.xyz", "it is a device", TWICE),
        (lambda p: p.write_bytes("1\n\nAr 0 0 0\n".encode("utf-16")), "a.xyz", "it is UTF-16 text",
         "save it as UTF-8"),
        (lambda p: p.write_bytes(b"PK\x03\x04 and so on"), "a.zip", "it is packed by zip",
         "unpack it; gz, bz2 and xz are read as they are"),
        (lambda p: p.write_text(TEXT), "a.xyz.gz", "its name ends in .gz, and it is not compressed",
         "rename it"),
        (lambda p: p.write_text("hello"), "a.docx", "ASE does not know its format",
         "name it with `--format`, as ASE does (`ase info --formats`)"),
    ],
)  # fmt: skip
def test_files_that_are_not_read(
    make: Callable[[Path], object],
    name: str,
    reason: str,
    help: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plain_file, "_FREE", 1000)
    make(tmp_path / name)
    assert faults(tmp_path / name) == [("unreadable-data", f"cannot read `{name}`: {reason}", help)]


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(TEXT.encode()))
    first = next(frames(tmp_path / "a.xyz.gz"))
    assert len(first) == 1 and list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    "part", ["", "@:2", "@1", "@-1", "@-2:", "@:-1", "@::2", "@::-1", "@-2", "@5:", "@-9:"]
)
def test_a_slice_takes_what_a_list_takes(part: str, tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("".join(f"1\nk={k}\nAr 0 0 0\n" for k in range(5)))
    path, wanted = split_slice(f"{tmp_path / 'a.xyz'}{part}")
    assert taken(range(5), wanted) == list(range(5))[wanted]
    assert [atoms.info["k"] for atoms in taken(frames(path), wanted)] == list(range(5))[wanted]


# --- types ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.lammpstrj", dump("type", "1", "1"), "the atoms of `a.lammpstrj` have the type 1 and no elements"),
        ("a.dump", dump("type", "1", "3"), "the atoms of `a.dump` have the types 1, 3 and no elements"),
        # what LAMMPS writes where nobody named the elements
        ("a.lammpstrj", dump("type element", "1 C", "2 C"),
         "the atoms of `a.lammpstrj` have the types 1, 2 and no elements"),
        ("a.lammpstrj", dump("type mass", "1 1.0", "2 1.0"),
         "the atoms of `a.lammpstrj` have the types 1, 2 and no elements"),
        ("a.data", DATA.format(masses=""), "the atoms of `a.data` have the types 1, 2 and no elements"),
        ("a.lmp", DATA.format(masses="\nMasses\n\n1 59.0\n2 58.7\n"),
         "the atoms of `a.lmp` have the types 1, 2 and no elements"),
        ("a.xyz", "2\nAtoms. Timestep: 0\n1 0 0 0\n2 0 0 3\n",
         "the atoms of `a.xyz` have the types 1, 2 and no elements"),
        ("a.xyz", '1\nProperties=type:I:1:pos:R:3 Lattice="9 0 0 0 9 0 0 0 9"\n4 0 0 0\n',
         "the atoms of `a.xyz` have the type 4 and no elements"),
    ],
)  # fmt: skip
def test_a_type_is_not_an_atomic_number(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert faults(tmp_path / name) == [("types-only", message, HELP)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.lammpstrj", dump("type", "1", "2")),
        ("a.lammpstrj", dump("element type", "Nb 1", "Mo 2")),
        ("a.lammpstrj", dump("type mass", "1 92.906", "2 95.94")),
        ("a.data", DATA.format(masses="")),
        ("a.data", DATA.format(masses="\nMasses\n\n1 92.9\n2 95.94\n")),
        ("a.xyz", "2\nAtoms. Timestep: 0\n1 0 0 0\n2 0 0 3\n"),
        ("a.xyz", '2\nProperties=type:I:1:pos:R:3 Lattice="9 0 0 0 9 0 0 0 9"\n1 0 0 0\n2 0 0 3\n'),
    ],
)
def test_types_become_elements(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    for atoms in frames(tmp_path / name, FileKind(types=("Nb", "Mo"))):
        assert atoms.get_chemical_symbols() == ["Nb", "Mo"]


def test_elements_by_mass_have_the_masses_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.data").write_text(DATA.format(masses="\nMasses\n\n1 92.9\n2 95.94\n"))
    start, _, remarks = start_of(str(tmp_path / "a.data"))
    assert start.symbols == ("Nb", "Mo") and start.masses.tolist() == pytest.approx([92.9, 95.94])
    assert remarks == ["masses are those of the file"]


def test_fewer_types_than_the_file_has(tmp_path: Path) -> None:
    (tmp_path / "a.data").write_text(DATA.format(masses=""))
    message = "`a.data` has the types 1, 2, and `--types` names 1"
    assert faults(tmp_path / "a.data", FileKind(types=("Nb",))) == [("bad-types", message, HELP)]


@pytest.mark.parametrize(
    ("text", "types", "message"),
    [
        (dump("type element", "1 Nb", "2 Mo"), ("Mo", "Nb"), "type 1 is Nb in `a.dump`, and Mo by `--types`"),
        (dump("type element", "1 Nb", "2 Mo"), ("Nb",), "type 2 is Mo in `a.dump`, and none by `--types`"),
    ],
)
def test_types_that_are_not_those_of_the_file(
    text: str, types: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.dump").write_text(text)
    help = "leave `--types` out: the file names the elements"
    assert faults(tmp_path / "a.dump", FileKind(types=types)) == [("bad-types", message, help)]


def test_the_elements_that_nobody_named_are_those_of_the_option(tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text(dump("type element", "1 C", "1 C"))
    kinds = [FileKind(types=types) for types in (("Nb",), ("C",), ())]
    symbols = [next(frames(tmp_path / "a.dump", kind)).symbols for kind in kinds]
    assert [str(s) for s in symbols] == ["Nb2", "C2", "C2"]


def test_a_dump_has_no_energy_and_its_steps(tmp_path: Path) -> None:
    (tmp_path / "a.lammpstrj").write_text(dump("element", "Ar", "Ar"))
    first, second = read(tmp_path / "a.lammpstrj", labels=False).structures
    assert first.energy is None and first.forces is not None
    assert first.forces.tolist() == [[1, 0, 0], [-1, 0, 0]]
    assert (first.info["step"], second.info["step"]) == (0, 100)


def test_units_other_than_metal(tmp_path: Path) -> None:
    (tmp_path / "a.lammpstrj").write_text("ITEM: UNITS\nlj\n" + dump("element", "Ar", "Ar"))
    why = "cannot read `a.lammpstrj`: its units are `lj`, and those of `metal` are read"
    help = "write it in LAMMPS with `units metal`"
    assert faults(tmp_path / "a.lammpstrj") == [("unreadable-data", why, help)]


# --- at the command line ------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(artifact, "load", lambda _: argon())
    return tmp_path


def test_types_and_formats_are_options(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "close.lammpstrj").write_text(dump("type", "1", "1"))
    code, out, err = run(capsys, "analyze", "close.lammpstrj")
    assert (code, out) == (1, "")
    assert err == (
        "error[types-only]: the atoms of `close.lammpstrj` have the type 1 and no elements\n"
        f"  --> close.lammpstrj\n  help: {HELP}\n"
    )
    code, out, _ = run(capsys, "analyze", "close.lammpstrj", "--types", "Nb", "--timestep", "1", "-q")
    assert code == 0
    assert "clustering: CLUSTERED, first Nb-Nb, 0.600 Å" in out
    write(here / "far.txt", Atoms("Ar", cell=[9, 9, 9], pbc=True), format="vasp")
    arguments = ("predict", "ar", "--target", "reference", "--structures", "far.txt")
    assert run(capsys, *arguments)[0] == 1
    code, out, _ = run(capsys, *arguments, "--format", "vasp")
    assert code == 0 and out.splitlines()[1].split() == ["far.txt,", "structure", "1", "1", *["0.000000"] * 3]
    for options, message in (
        (("--format", "extxy"), "error[unknown-format]: `extxy` is no format that is read\n"
         "  help: did you mean `extxyz`?\n"),
        (("--types", "Nb,Q"), "error[bad-types]: `Q` is not a chemical element\n"
         "  help: name the element of each type: `--types Nb,Mo`\n"),
    ):  # fmt: skip
        assert run(capsys, *arguments, *options) == (1, "", message)


def test_a_packed_file_and_a_pipe(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.xyz.gz").write_bytes(gzip.compress(TEXT.encode()))
    os.mkfifo("b.xyz")
    arguments = ("predict", "ar", "--target", "reference", "--structures")
    code, out, err = run(capsys, *arguments, "a.xyz.gz@0")
    assert (code, err) == (0, "target: reference\n")
    assert out.splitlines()[1].split() == ["a.xyz.gz,", "structure", "1", "1", *["0.000000"] * 3]
    message = f"error[unreadable-data]: cannot read `b.xyz`: it is a pipe\n  --> b.xyz\n  help: {TWICE}\n"
    assert run(capsys, *arguments, "b.xyz") == (1, "", message)


def test_what_is_not_given_is_no_part_of_a_stored_configuration() -> None:
    assert {"format", "types"}.isdisjoint(DataConfig().model_dump())
    given = DataConfig(types="Nb").model_dump(mode="json")
    assert given["types"] == "Nb" and DataConfig.model_validate(given).kind() == FileKind(types=("Nb",))


def test_forces_of_frozen_atoms_that_no_energy_has(tmp_path: Path) -> None:
    head = 'energy=1 Properties=species:S:1:pos:R:3:forces:R:3:move_mask:L:1 Lattice="9 0 0 0 9 0 0 0 9"\n'
    zeros, labels = "Ar 0 0 0 0 0 0 F\n", "Ar 0 0 0 .1 0 0 F\n"
    moving = "Ar 0 0 3 .1 .2 .3 T\n"
    (tmp_path / "a.xyz").write_text(f"2\n{head}{zeros}{moving}2\n{head}{labels}{moving}")
    _, remarks = read_labelled([str(tmp_path / "a.xyz")], DataConfig())
    found = [(d.code, d.severity, d.message, d.place) for d in remarks if d.code == "frozen-forces"]
    message = "the forces on frozen atoms are exactly 0 in 1 of 2 structures"
    assert found == [("frozen-forces", "warning", message, "a.xyz, structure 1")]
    assert "frozen-forces" not in str(
        read_labelled([str(tmp_path / "a.xyz")], DataConfig(use_forces=False))[1]
    )


def test_velocities_of_an_unknown_unit_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("1\nProperties=species:S:1:pos:R:3:vel:R:3\nAr 0 0 0 1 1 1\n")
    _, velocities, remarks = start_of(str(tmp_path / "a.xyz"))
    assert velocities is None
    assert remarks == ["the column `vel` is not read: write `momenta`, in the units of ASE"]


def test_dynamics_from_a_dump(tmp_path: Path) -> None:
    (tmp_path / "a.lammpstrj").write_text(dump("type", "1", "2"))
    start, _, _ = start_of(f"{tmp_path / 'a.lammpstrj'}@-1", None, FileKind(types=("Ar", "Kr")))
    assert start.symbols == ("Ar", "Kr")
    assert isinstance(start.positions, np.ndarray) and Atoms(start.symbols).numbers.tolist() == [18, 36]

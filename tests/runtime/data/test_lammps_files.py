"""Dumps and data files of LAMMPS that are cut off, have labels for types, other units or unknown columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from dynamics_cases import argon
from potentia.runtime.data.frames import count_frames
from potentia.runtime.runs import run_folder as artifact

BOX = "ITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\n"
DATA = "{remark}\n\n2 atoms\n1 atom types\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n{masses}\nAtoms{style}\n\n"
WRITTEN = "LAMMPS data file via write_data, version 22 Jul 2025, timestep = 0"
PREDICT = ("predict", "ar", "--target", "reference", "-q", "--structures")
TYPES = "name the element of each type: `--types Nb,Mo`, or in LAMMPS `dump_modify … element Nb Mo`"


def frame(columns: str, first: str, second: str, count: int = 2, box: str = BOX) -> str:
    head = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{count}\n{box}ITEM: ATOMS id {columns} x y z\n"
    return f"{head}1 {first} 0 0 0\n2 {second} 0 0 4\n"


def data(columns: str, remark: str = "data", style: str = "", masses: str = "") -> str:
    rows = "".join(f"{k} {columns} {k} 0 0\n" for k in (1, 4))
    return DATA.format(remark=remark, style=style, masses=masses) + rows


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(artifact, "load", lambda _: argon())
    return tmp_path


GOOD = frame("type element", "1 Ar", "1 Ar")


CUT = "truncated-file: the file is cut off after"
COMPLETE = "copy the file again, or read the complete frames with `a.dump@:1`"
UNREADABLE = "unreadable-structure: "
NO_DIRECTIONS = f"{UNREADABLE}`ITEM: BOX BOUNDS` does not say which directions are periodic"
SHORT = f"{UNREADABLE}`ITEM: ATOMS` names 6 columns, and atom 2 has 5"
NO_ELEMENTS = "types-only: the atoms of `a.dump` have the type 1 and no elements"


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (frame("element", "Ar", "Ar", 3), f"{CUT} 0 whole structures: the next has 2 of its 3 atoms", ""),
        (GOOD + GOOD[:-2], f"{CUT} 1 whole structure: the next has 1 of its 2 atoms", COMPLETE),
        (GOOD + GOOD[:40], f"{CUT} 1 whole structure: the next ends before its atoms", COMPLETE),
        (frame("element", "ar", "ar"), f"{UNREADABLE}`ar` is no chemical symbol", "write `Ar`"),
        (frame("element", "NULL", "Ar"), f"{UNREADABLE}`NULL` is no chemical symbol", TYPES),
        (frame("type", "Ar1", "Ar"), f"{UNREADABLE}`Ar1` is no chemical symbol", TYPES),
        (
            frame("q", "1", "1"),
            f"{UNREADABLE}no column has the types or elements",
            "dump `element`; columns: id, q, x, y, z",
        ),
        (
            GOOD.replace(" pp pp pp", ""),
            NO_DIRECTIONS,
            "write `ITEM: BOX BOUNDS pp pp pp`, with `ff` for an open direction",
        ),
        (GOOD.replace("2 1 Ar", "2 Ar"), SHORT, ""),
        # 1.0 is the mass of atoms whose mass does not matter
        (
            frame("type mass", "1 1.0", "1 1.0"),
            NO_ELEMENTS,
            "say which element each type is, from 1 on: `--types Nb,Mo`",
        ),
        # C is the element of atoms whose element nobody named
        (frame("type element mass", "1 C 39.948", "1 C 39.948"), None, None),
    ],
)
def test_dumps(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, message: str | None, help: str | None
) -> None:
    Path("a.dump").write_text(text)
    code, _, err = run(capsys, *PREDICT, "a.dump")
    if message is None:
        assert code == 0
        return
    name, _, words = message.partition(": ")
    assert code == 1 and err.startswith(f"error[{name}]: {words}\n  --> a.dump")
    assert err.endswith(f"\n  help: {help}\n") if help else "help" not in err


def test_types_that_are_symbols_and_elements_that_are_none(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, options in (
        (frame("type", "Ar", "Ar"), ()),
        (frame("type typelabel", "1 Ar", "1 Ar"), ()),
        (frame("type element", "1 NULL", "1 NULL"), ("--types", "Ar")),
    ):
        Path("a.dump").write_text(text)
        code, out, _ = run(capsys, *PREDICT, "a.dump", *options)
        assert code == 0 and "a.dump, structure 1" in out


def test_the_whole_frames_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text(GOOD + GOOD + GOOD[:-2])
    assert count_frames(tmp_path / "a.dump") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (data("1", f"{WRITTEN}, units = electron"),
         "its units are `electron`, and those of `metal` are read\n  --> a.data\n"
         "  help: write it in LAMMPS with `units metal`\n"),
        (data("1 0.5"), "the line `Atoms` does not say which columns its 6 are\n  --> a.data\n"
         "  help: write the atom style behind it: `Atoms # charge`\n"),
        (data("Ar", masses="\nAtom Type Labels\n\n1 Ar\n"), "its types are labels\n  --> a.data\n"
         "  help: write it in LAMMPS with `write_data FILE types numeric`\n"),
        (data("1", f"{WRITTEN}, units = metal"), None),
        (data("1 0.5", style=" # charge"), None),
    ],
)  # fmt: skip
def test_data_files(here: Path, capsys: pytest.CaptureFixture[str], text: str, message: str | None) -> None:
    Path("a.data").write_text(text)
    code, _, err = run(capsys, *PREDICT, "a.data", "--types", "Ar")
    expected = (0, "") if message is None else (1, f"error[unreadable-data]: cannot read `a.data`: {message}")
    assert (code, err) == expected

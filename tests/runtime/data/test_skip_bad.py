"""Bad structures in the middle of a file: named by file, number and line; left out, counted and listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import run
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data.config import DataConfig
from potentia.runtime.data.dataset import read_training_data
from potentia.runtime.data.readers import Reading, read
from potentia.runtime.data.skipped import numbers

HEADER = 'Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3:forces:R:3 energy={}'
Lines = list[str]


def frames(n: int) -> list[Lines]:
    """Of three atoms; the energy of frame k is −k."""
    rows = [f"Nb {x} 0 0 0 0 0" for x in (0, 1.5, 3)]
    return [["3", HEADER.format(-k), *rows] for k in range(1, n + 1)]


def written(path: Path, spoiled: dict[int, Callable[[Lines], Lines]], n: int = 12) -> Path:
    """The file with the frames of these numbers spoiled."""
    lines = [
        line
        for k, frame in enumerate(frames(n), 1)
        for line in (spoiled[k](frame) if k in spoiled else frame)
    ]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", errors="surrogateescape")
    return path


def with_line(k: int, text: str) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:k], text, *lines[k + 1 :]]


def without_line(k: int) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:k], *lines[k + 1 :]]


def energies(reading: Reading) -> list[float | None]:
    return [s.energy for s in reading.structures]


def others(*left_out: int, n: int = 12) -> list[float]:
    return [-k for k in range(1, n + 1) if k not in left_out]


@pytest.mark.parametrize(
    ("spoil", "line", "message"),
    [
        (with_line(3, "Nb one 0 0 0 0 0"), 24, "the structure cannot be read: could not convert string"),
        (with_line(4, "Nb 3 0 0 0 0"), 25, "atom 3 has 6 of 7 columns"),
        (with_line(2, "Qq 0 0 0 0 0 0"), 23, "`Qq` is no chemical symbol"),
        (with_line(1, 'Lattice="4 0 0"'), 22, "`Lattice` has 3 numbers, not nine"),
        (with_line(0, "three"), 21, "expected a number of atoms, found `three`"),
        # the number of atoms of the next frame stands for an atom
        (without_line(4), 25, "atom 3 has 1 of 7 columns"),
        (with_line(0, "2"), 25, "more lines follow than it has atoms"),
        (with_line(0, "4"), 26, "atom 4 has 1 of 7 columns"),
        (with_line(0, "400"), 0, "the file is cut off after 4 whole structures"),
        (with_line(3, "N\udcff 1.5 0 0 0 0 0"), 24, "it is not UTF-8 text"),
        (with_line(2, "Nb 1.5 0 0 0 0 0"), 0, "atoms 1 and 2 are at the same place"),
        (with_line(1, HEADER.format("nan")), 0, ""),
    ],
)
def test_one_bad_structure_is_left_out(
    tmp_path: Path, spoil: Callable[[Lines], Lines], line: int, message: str
) -> None:
    path = written(tmp_path / "a.xyz", {5: spoil})
    reading = read(path, skips=True)
    if message:
        assert energies(reading) == others(5)
        first, bad = reading.warnings
        assert (first.code, first.message) == (
            "skipped-structures",
            "1 of 12 structures is bad and left out: 5",
        )
        assert bad.severity == "warning" and bad.message.startswith(message)
        assert bad.place == "a.xyz, structure 5" + (f", line {line}" if line else "")
    else:  # no label is no fault
        assert energies(reading) == [*others(5, n=4), None, *others(1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (with_line(3, "Nb one 0 0 0 0 0"), "a.xyz, structure 5, line 24"),
        (with_line(0, "three"), "a.xyz, structure 5, line 21"),
        (with_line(0, "400"), "a.xyz, structure 5"),
        (with_line(2, "Nb 1.5 0 0 0 0 0"), "a.xyz, structure 5"),
    ],
)
def test_without_the_option_it_is_an_error(
    tmp_path: Path, spoil: Callable[[Lines], Lines], place: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(written(tmp_path / "a.xyz", {5: spoil}))
    assert caught.value.diagnostics[0].place == place


def test_many_are_counted_and_listed(tmp_path: Path) -> None:
    bad = with_line(2, "Nb x 0 0 0 0 0")
    cut = without_line(4)
    path = written(tmp_path / "a.xyz", {2: bad, 12: cut, **{k: bad for k in range(30, 45)}}, n=60)
    reading = read(path, skips=True)
    assert energies(reading) == others(2, 12, *range(30, 45), n=60)
    assert reading.warnings[0].message == "17 of 60 structures are bad and left out: 2, 12, 30 to 44"
    assert [d.code for d in reading.warnings[1:]] == [*["unreadable-structure"] * 10, "more-faults"]
    assert reading.warnings[-1].message == "and 7 more"
    assert numbers([3, 7, 8, 9, 11]) == "3, 7 to 9, 11"


def test_a_slice_counts_the_bad_ones(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xyz", {5: without_line(4), 12: without_line(4)})
    assert energies(read(f"{path}@:6", skips=True)) == [-1, -2, -3, -4, -6]
    assert energies(read(f"{path}@6:", skips=True)) == [-7, -8, -9, -10, -11]
    assert energies(read(f"{path}@-3:", skips=True)) == [-10, -11]


def test_nothing_but_bad_ones_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xyz", dict.fromkeys((1, 2), with_line(2, "Nb x 0 0 0 0 0")), n=2)
    with pytest.raises(DataError) as caught:
        read(path, skips=True)
    assert [d.place for d in caught.value.diagnostics] == [
        "a.xyz, structure 1, line 3",
        "a.xyz, structure 2, line 8",
    ]


def test_the_configuration_says_it_only_where_it_is_given() -> None:
    assert "skip_bad" not in DataConfig().model_dump(mode="json")
    assert DataConfig(skip_bad=True).model_dump(mode="json")["skip_bad"] is True
    assert "format" not in DataConfig(skip_bad=True).model_dump(mode="json")


def test_a_fit_leaves_them_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = written(tmp_path / "a.xyz", {5: with_line(2, "Nb x 0 0 0 0 0")})
    spec = tmp_path / "nb.pes"
    spec.write_text("species Nb\nE = reference()\n")
    given = ("fit", str(spec), "--data", str(data), "-o", str(tmp_path / "run"))
    code, _, err = run(capsys, *given)
    assert code == 1 and "--> a.xyz, structure 5, line 23" in err
    code, _, err = run(capsys, *given, "--skip-bad")
    assert code == 0
    assert "11 structures, 33 atoms" in err and "1 of 12 structures is bad and left out: 5" in err
    stored = json.loads((tmp_path / "run" / "metadata.json").read_text())
    assert stored["config"]["data"]["skip_bad"] is True
    assert any("left out: 5" in warning for warning in stored["warnings"])
    assert len(read_training_data([str(data)], DataConfig(skip_bad=True)).train) == 11

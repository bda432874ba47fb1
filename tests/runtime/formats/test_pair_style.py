"""Inputs of LAMMPS: what is read, and what is refused with its line. Parity is in tests/oracles."""

from __future__ import annotations

from pathlib import Path

import foreign_files
import pytest
from commands import run
from potentia.compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from potentia.runtime.formats.registry import format_of, read
from potentia.runtime.potential.potential import Potential, compile

TYPES = "mass 1 6.94\nmass 2 15.999\n"
LJ = "pair_style lj/cut 5.0\npair_coeff 1 1 0.1 2\npair_coeff 1 2 0.2 2\npair_coeff 2 2 0.3 2\n"
SI = "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.3333\n 7.0495 0.6022 4.0 0.0 0.0\n"
SW = "pair_style sw\npair_coeff * * Si.sw Si\n"


def written(folder: Path, text: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    path = folder / "in.pair"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str, **files: str) -> Diagnostic:
    return foreign_files.refused(written(folder, text, **files))


def potential_of(folder: Path, text: str, **files: str) -> Potential:
    return read(written(folder, text, **files)).potential


# text, code, message, the line (0: the file as a whole)
BAD = {
    "units": (
        "units real\n" + TYPES + LJ,
        "unsupported-input",
        "`units real`: numbers are read in metal units, eV and Å",
        1,
    ),
    "style": (TYPES + "pair_style lj/cutt 5.0\n", "unknown-style", "the style `lj/cutt` has no term here", 3),
    "style of a hybrid": (
        TYPES + "pair_style hybrid lj/cut 5 reaxff NULL\n",
        "unknown-style",
        "the style `reaxff` is not read yet",
        3,
    ),
    "keyword": (TYPES + "pair_stile lj/cut 5\n" + LJ, "unknown-keyword", "unknown keyword `pair_stile`", 3),
    "bonds": (TYPES + LJ + "bond_style harmonic\n", "unsupported-input", "`bond_style` is not read", 7),
    "include": (TYPES + LJ + "include more.in\n", "unsupported-input", "`include` is not read", 7),
    "a type that no input has": (
        TYPES + "pair_style lj/cut 5\npair_coeff 1 9999999999 0.1 2\n",
        "malformed-input",
        "`9999999999` is no atom type",
        4,
    ),
    "variable": (
        TYPES + "pair_style lj/cut ${rc}\n",
        "unsupported-input",
        "`${rc}` has a variable, and formulas of variables are not worked out",
        3,
    ),
    "no style": ("pair_coeff 1 1 0.1 2\npair_style\n", "malformed-input", "`pair_style` names no style", 2),
    "two styles": (TYPES + LJ + LJ, "malformed-input", "`pair_style` is there twice", 7),
    "tail": (
        TYPES + LJ + "pair_modify tail yes\n",
        "unsupported-input",
        "`pair_modify tail yes` adds an energy of what is beyond the cutoff, which no term has",
        7,
    ),
    "compute": (
        TYPES + LJ + "pair_modify compute no\n",
        "unsupported-input",
        "`pair_modify compute no` leaves the style out of the energy",
        7,
    ),
    "modify": (
        TYPES + LJ + "pair_modify shft yes\n",
        "unknown-keyword",
        "`pair_modify` has no `shft yes`",
        7,
    ),
    "cut off": (
        TYPES + LJ + "pair_coeff 2 2 0.3 &\n",
        "malformed-input",
        "the file ends in the middle of a command",
        7,
    ),
    "three quotes": (
        TYPES + LJ + 'print """\nno end\n',
        "malformed-input",
        "the file ends in the middle of a command: three quotes are not closed",
        7,
    ),
    "comment behind &": (
        TYPES + LJ + "pair_coeff 2 2 0.3 & # more\nmass 2 15.999\n",
        "malformed-input",
        "`&` is a word of the command here",
        7,
    ),
    "no units": (
        "create_box 2 box\n" + TYPES + LJ,
        "unsupported-input",
        "there is no line `units`, and LAMMPS takes `units lj` then",
        1,
    ),
    "exclude": (
        TYPES + LJ + "neigh_modify exclude type 1 2\n",
        "unsupported-input",
        "`neigh_modify exclude` takes pairs of atoms out of the energy",
        7,
    ),
    "comment": (
        "mass 1 6.94 # I take it\n" + LJ,
        "malformed-input",
        "the mass 6.94 is that of Li, and the comment begins with I",
        1,
    ),
    "label": (
        "labelmap atom 1 C 2 O\nmass 1 6.94\n" + LJ,
        "malformed-input",
        "type 1 is Li here, and C in another line",
        2,
    ),
    "mixed of a negative number": (
        TYPES + "pair_style lj/cut 5\npair_coeff 1 1 -0.1 2\npair_coeff 2 2 0.1 2\n",
        "malformed-input",
        "`mix geometric` makes no numbers for Li-O of (-0.1, 2.0) and (0.1, 2.0)",
        5,
    ),
    "mixed of nothing": (
        TYPES + "pair_style lj/cut 5\npair_coeff 1 1 0.1 0\npair_coeff 2 2 0.1 0\n"
        "pair_modify mix sixthpower\n",
        "malformed-input",
        "`mix sixthpower` makes no numbers for Li-O of (0.1, 0.0) and (0.1, 0.0)",
        5,
    ),
    "none of a file": (
        TYPES + "pair_style hybrid/overlay sw lj/cut 5\npair_coeff * * sw Si.sw NULL O\n"
        "pair_coeff 2 2 none\n",
        "unsupported-input",
        "`none` takes O-O out of a style with a file",
        5,
    ),
    "unlike types of one element": (
        "mass *2 6.94\npair_style hybrid lj/cut 5 morse 5\npair_coeff * * lj/cut 0.1 2\n"
        "pair_coeff 2 2 morse 0.1 1 2\n",
        "unsupported-input",
        "pairs of types 1 1 and 2 2 are both Li-Li, and have different styles",
        0,
    ),
    "nothing between types of one element": (
        "mass *2 6.94\npair_style hybrid lj/cut 5\npair_coeff * * lj/cut 0.1 2\npair_coeff 1 2 none\n",
        "unsupported-input",
        "pairs of types 1 1 and 1 2 are both Li-Li, and have different styles",
        0,
    ),
    "number of Python": (
        TYPES + "pair_style lj/cut 5\npair_coeff * * 0.1 2_0\n",
        "malformed-input",
        "`2_0` is not a number",
        4,
    ),
    "few numbers": (
        TYPES + "pair_style morse 5.0\npair_coeff * * 0.1 2\n",
        "malformed-input",
        "`morse` has 3 coefficients, D, a, r0, and perhaps a cutoff, not 2 numbers",
        4,
    ),
    "no number": (
        TYPES + "pair_style lj/cut 5\npair_coeff * * 0,1 2\n",
        "malformed-input",
        "`0,1` is not a number",
        4,
    ),
    "no cutoff": (
        TYPES + "pair_style lj/cut\n" + LJ[22:],
        "malformed-input",
        "`lj/cut` has one cutoff, not 0 arguments",
        3,
    ),
    "pairs": (
        TYPES + "pair_style buck 5.0\npair_coeff 1 1 100 0.3 0\n",
        "missing-pairs",
        "there are no coefficients of Li-O, O-O",
        0,
    ),
    "pairs of sw": (
        TYPES + "pair_style sw\npair_coeff * * Si.sw NULL O\n",
        "missing-pairs",
        "there are no coefficients of Li-Li, Li-O",
        0,
    ),
    "type": (TYPES + LJ + "pair_coeff 1 a 0.1 2\n", "malformed-input", "`a` is no atom type", 7),
    "elements": (LJ, "malformed-input", "no line says which element type 1 is", 2),
    "another element": (
        TYPES + "pair_style zbl 1 2\npair_coeff 1 1 14 14\n",
        "malformed-input",
        "type 1 is Si here, and Li in another line",
        4,
    ),
    "charge": (
        TYPES + "pair_style zbl 1 2\npair_coeff 1 1 3.5 3.5\n",
        "unsupported-input",
        "the nuclear charge `3.5` is that of no element",
        4,
    ),
    "one pair of zbl": (
        TYPES
        + "pair_style hybrid/overlay zbl 1 2 morse 5\npair_coeff 1 2 zbl 3 8\npair_coeff * * morse 1 1 2\n",
        "unsupported-input",
        "`zbl` acts on other pairs of Li, O, and not on Li-Li, O-O",
        3,
    ),
    "one element twice": (
        "mass 1 6.94\nmass 2 6.94\n" + LJ,
        "unsupported-input",
        "types of one element have other coefficients: those of Li-Li are there twice",
        5,
    ),
    "style of the hybrid": (
        TYPES + "pair_style hybrid lj/cut 5 morse 5\npair_coeff * * buck 1 1 2\n",
        "unknown-style",
        "`buck` is none of the styles of `pair_style hybrid`",
        4,
    ),
    "keyword of a style": (
        "pair_style tersoff shift 0.05\npair_coeff * * Si.tersoff Si\n",
        "unsupported-input",
        "`tersoff shift 0.05` is another formula than the term `tersoff`",
        1,
    ),
    "overridden": (
        TYPES + "pair_style hybrid sw lj/cut 5\npair_coeff * * sw Si.sw Li O\npair_coeff 1 2 lj/cut 1 2\n",
        "unsupported-input",
        "`lj/cut` and `sw` both have the pair Li-O: in `hybrid` one counts",
        5,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    text, code, message, line = BAD[name]
    found = refused(tmp_path, text, Si_sw=SI)
    assert found.code == code
    assert found.message.startswith(message)
    assert found.place == (f"{tmp_path / 'in.pair'}, line {line}" if line else str(tmp_path / "in.pair"))


@pytest.mark.parametrize(("name", "style"), [("Nb.cdeam", "eam/cd"), ("library.meam", "meam")])
def test_a_file_that_is_not_read_yet_is_told_with_a_way_round(name: str, style: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("# a file\n1 2\n", encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read(path)
    (diagnostic,) = caught.value.diagnostics
    said = f"`{path}` is a file for `pair_style {style}`, which is not read yet"
    assert (diagnostic.code, diagnostic.message) == ("unknown-format", said)
    assert diagnostic.help is not None and "potentia fit" in diagnostic.help


FILES = {
    "cut off": (SI[:-8], "truncated-file", "the file ends after 12 of the 14 words of the entry Si Si Si", 1),
    "too long": (SI.replace("0.0\n", "0.0 1\n"), "malformed-input", "the entry has 15 words, not 14", 1),
    "twice": (SI + SI, "malformed-input", "the entry Si Si Si is there twice", 3),
    "no number": (SI.replace("21.0", "x"), "malformed-input", "`x` is not a number", 1),
    "other element": (SI.replace("Si", "Ge"), "missing-entries", "`{path}` has no entry Si Si Si", 0),
    "tolerance": (
        SI.replace("0.0\n", "1e-6\n"),
        "unsupported-input",
        "tol cuts the energies off before a·sigma",
        1,
    ),
    "units": ("# UNITS: real\n" + SI, "unsupported-input", "the file is in units real", 1),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_of_parameters_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    text, code, message, line = FILES[name]
    found, path = refused(tmp_path, SW, Si_sw=text), tmp_path / "Si.sw"
    assert found.code == code
    assert found.message.startswith(message.format(path=path))
    assert found.place == (f"{path}, line {line}" if line else str(path))


def test_numbers_of_both_directions_of_a_bond_that_differ_are_refused(tmp_path: Path) -> None:
    numbers = SI.split(maxsplit=3)[3].replace("\n", " ")
    rows = [f"{i} {j} {k} {numbers}" for i in ("Si", "C") for j in ("Si", "C") for k in ("Si", "C")]
    rows = [r.replace("2.0951", "2.1") if r.startswith("C Si Si") else r for r in rows]
    found = refused(tmp_path, "pair_style sw\npair_coeff * * Si.sw Si C\n", Si_sw="\n".join(rows))
    assert (found.code, found.message) == ("unsupported-input", "sigma of Si C C and C Si Si differ")


def test_missing_entries_of_several_elements_are_all_named(tmp_path: Path) -> None:
    found = refused(tmp_path, "pair_style sw\npair_coeff * * Si.sw Si C\n", Si_sw=SI)
    assert found.message.endswith("no entry Si Si C, Si C Si, Si C C, C Si Si, C Si C, C C Si, C C C")


def test_a_missing_file_of_parameters_is_told(tmp_path: Path) -> None:
    found = refused(tmp_path, SW)
    assert (found.code, found.message) == ("missing-file", f"there is no file `{tmp_path / 'Si.sw'}`")


def test_numbers_are_starts_and_those_out_of_bounds_widen_them(tmp_path: Path) -> None:
    made = potential_of(tmp_path, TYPES + "pair_style buck 6.0\npair_coeff * * 2e6 0.3 -1.5\n")
    assert "A = 2000000 in (0, 4000000)" in made.text
    assert "C = -1.5 in (-3, 10000)" in made.text
    assert made.theta.tolist() == [2e6] * 3 + [0.3] * 3 + [-1.5] * 3


def test_lines_without_effect_are_passed_over(tmp_path: Path) -> None:
    plain = potential_of(tmp_path, TYPES + LJ)
    script = (
        "units metal\nvariable T equal 300\natom_style atomic\nread_data x.data\n"
        + TYPES
        + LJ
        + "fix 1 all nve\nrun 100\n"
    )
    assert potential_of(tmp_path, script).text == plain.text


@pytest.mark.parametrize(
    "lines",
    ["mass 1 6.94\nmass 2 15.999\n", "labelmap atom 1 Li 2 O\n", "mass 1 1.0 # Li\nmass 2 1.0 # O\n"],
)
def test_elements_are_those_of_masses_labels_or_comments(lines: str, tmp_path: Path) -> None:
    assert potential_of(tmp_path, lines + LJ).species == ("Li", "O")


def test_lines_are_joined_and_comments_end_as_in_lammps(tmp_path: Path) -> None:
    """What LAMMPS makes of these lines is in tests/oracles/test_lammps_import.py."""
    odd = 'print """\npair_style zbl\n"""\npair_style lj/cut 5 # cut &\npair_coeff 1 1 9 9\n'
    odd += "pair_coeff 1 1 '0.1' 2.&\n5\npair_modify nofdotr shift on"
    plain = "pair_style lj/cut 5\npair_coeff 1 1 0.1 2.5\npair_modify shift yes"
    a, b = (potential_of(tmp_path, f"mass 1 6.94\n{text}\n") for text in (odd, plain))
    assert a.text == b.text


def test_the_command_line_imports_and_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, spec = written(tmp_path, "units metal\n" + TYPES + LJ), tmp_path / "my.pes"
    code, _, said = run(capsys, "import", str(path), "-o", str(spec))
    assert code == 0 and "read lj/cut of Li, O" in said
    assert (
        "lj(rc = 5 Å, switch = hard, epsilon = {Li-Li: 0.1, Li-O: 0.2, O-O: 0.3}, sigma = 2)"
        in spec.read_text()
    )
    again = tmp_path / "again.pair"
    assert run(capsys, "export", str(tmp_path / "my"), "--to", "pair_style", "-o", str(again))[0] == 0
    assert "pair_style lj/cut 5.0\npair_coeff 1 1 0.1 2.0\n" in again.read_text()


@pytest.mark.parametrize(
    "energy, files, help",
    [
        ("sw()", "formula.sw", "with these"),
        (
            "morse(switch = hard) + reference()",
            "formula.eam.fs, tables of reference",
            "energies of free atoms",
        ),
        ("morse()", "formula.eam.fs, tables of morse", "with these"),
    ],
)
def test_what_needs_a_file_beside_the_lines_is_not_exported(energy: str, files: str, help: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        format_of("pair_style").write(compile(f"species Si\nE = {energy}"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "not-native" and diagnostic.help is not None
    assert diagnostic.message == f"LAMMPS needs more than lines for it: {files}"
    assert diagnostic.help.endswith(help)

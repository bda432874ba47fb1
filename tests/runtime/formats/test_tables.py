"""Tables of LAMMPS that come in and go out: what is refused with its line, and what comes back unchanged.

Parity with LAMMPS is in tests/oracles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import run
from foreign_files import refused
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.foreign_format import Exported
from potentia.runtime.formats.registry import read, writer_of
from potentia.runtime.formats.setfl.tables import EamTables, knots
from potentia.runtime.formats.setfl.writing import setfl_text
from potentia.runtime.potential.potential import Potential, compile


def tables(species: tuple[str, ...], by_pair: bool = False) -> EamTables:
    """Of smooth functions that end at the cutoff, other ones for each species."""
    n, dr, n_rho, drho = 61, 0.08, 41, 0.5
    r, rho, k = dr * np.arange(n), drho * np.arange(n_rho), np.arange(1.0, len(species) + 1)
    end = (1.0 - r / r[-1]) ** 3
    pairs = k[:, None] + k[None, :]
    embedding = -np.sqrt(k[:, None] * rho)
    density = (k[:, None, None] + 0.1 * k[None, :, None]) * end if by_pair else k[:, None] * end
    return EamTables(species, float(r[-1]), dr, drho, embedding, density, pairs[:, :, None] * end * r)


SETFL = setfl_text(tables(("Ni", "Cu")))
HEAD = len("\n".join(SETFL.splitlines()[:5]))
FUNCFL = "copper\n29 63.55 3.6 fcc\n5 0.5 6 0.8 4.0\n0.0 -1 -2 -3 -4\n1 1 1 1 1 0\n1 1 1 1 1 0\n"
TABLE = "# points\n\nNB\nN 4\n\n1 1.0 3.0 2.0\n2 2.0 1.0 1.0\n3 3.0 0.5 0.2\n4 4.0 0 0\n"
LINES = "mass 1 92.906\npair_style table spline 9\npair_coeff 1 1 nb.table NB\n"

SHORTER = "pair_coeff 2 2 nb.table NB 3.0\n"
OF_LIKE_ATOMS = "pair_coeff 1 1 eam cu.eam\npair_coeff 2 2 eam ni.eam\npair_coeff 1 2 morse 0.3 1 2.5\n"


def changed(text: str, line: int, old: str, new: str) -> str:
    lines = text.splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


# file, text, code, message, line (0: the file as a whole)
BAD = {
    "cut off in a head": ("a.alloy", SETFL[: HEAD - 12], "malformed-input", "the line of the grids has", 5),
    "cut off in F": (
        "a.alloy",
        "\n".join(SETFL.splitlines()[:10]),
        "truncated-file",
        "the file ends after 4 of the 41 numbers of F of Ni",
        0,
    ),
    "cut off in the last pair": (
        "a.alloy",
        "\n".join(SETFL.splitlines()[:-3]),
        "truncated-file",
        "the file ends after 58 of the 61 numbers of r φ of Cu-Cu",
        0,
    ),
    "missing pairs": (
        "a.alloy",
        "\n".join(SETFL.splitlines()[:-61]),
        "truncated-file",
        "the file ends after 0 of the 61 numbers of r φ of Cu-Cu",
        0,
    ),
    "too few densities": (
        "a.alloy",
        changed(SETFL, 5, "41", "40"),
        "malformed-input",
        "the line of Cu is `",
        108,
    ),
    "goes on": ("a.alloy", SETFL + "1.0\n", "malformed-input", "the file goes on after the last", 395),
    "number of elements": ("a.alloy", changed(SETFL, 4, "2", "3"), "malformed-input", "the line names 2", 4),
    "element": ("a.alloy", changed(SETFL, 4, "Ni", "Nx"), "malformed-input", "there is no element `Nx`", 4),
    "NaN": ("a.alloy", changed(SETFL, 50, ".", "nan #"), "malformed-input", "", 50),
    "a word": ("a.alloy", changed(SETFL, 50, ".", ",5"), "malformed-input", "", 50),
    "a number of Python": ("a.alloy", changed(SETFL, 50, ".", "_0."), "malformed-input", "", 50),
    "too large": ("cu.eam", changed(FUNCFL, 5, "1", "1e200"), "malformed-input", "`1e200` is larger than", 5),
    "one of fs": (
        "a.alloy",
        setfl_text(tables(("Ni", "Cu"), by_pair=True)),
        "malformed-input",
        "the line of Cu is `",
        109,
    ),
    "cutoff": (
        "a.alloy",
        changed(SETFL, 5, "0.08 4.8", "0.08 4.9"),
        "malformed-input",
        "the tables end at 4.8 Å and do not reach the cutoff, 4.9 Å",
        5,
    ),
    "units": (
        "a.alloy",
        changed(SETFL, 1, "tables", "UNITS: real"),
        "unsupported-input",
        "the file is in units real",
        1,
    ),
    "funcfl, cut off": (
        "cu.eam",
        FUNCFL[:-4],
        "truncated-file",
        "the file ends after 4 of the 6 numbers of the density f",
        0,
    ),
    "funcfl, no element": (
        "cu.eam",
        changed(FUNCFL, 2, "29", "229"),
        "malformed-input",
        "the atomic number `229` is that of no element",
        2,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_of_embedded_atoms_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    file, text, code, message, line = BAD[name]
    found = refused(tmp_path / file, text)
    assert (found.code, found.message[: len(message)]) == (code, message)
    assert found.place == (f"{tmp_path / file}, line {line}" if line else str(tmp_path / file))
    assert found.help or name == "funcfl, no element"


# faults in the lines themselves
IN_LINES = (
    "`nb.table` has no section `NBX`",
    "the table ends at 4 Å and does not reach the cutoff, 5 Å",
    "`table bitmap` has its points by the bits",
    "`ewald` asks for a long-range part",
    "there are no coefficients of",
)
BAD_TABLES = {
    "cut off": (LINES, TABLE[:-10], "truncated-file", "the file ends after 3 of the 4 points of `NB`", 0),
    "section": (
        LINES.replace("NB", "NBX"),
        TABLE,
        "missing-entries",
        "`nb.table` has no section `NBX`",
        3,
    ),
    "keyword": (LINES, TABLE.replace("N 4", "N 4 RS 1 4"), "unknown-keyword", "unknown keyword `RS`", 4),
    "bits": (LINES, TABLE.replace("N 4", "N 4 BITMAP 1 4"), "unsupported-input", "tables by the bits", 4),
    "NaN": (LINES, TABLE.replace("0.5", "nan"), "malformed-input", "`nan` is not a finite number", 8),
    "words": (LINES, TABLE.replace("0.5 0.2", "0.5"), "malformed-input", "a point has 4 words", 8),
    "order": (LINES, TABLE.replace("2.0 1.0 1.0", "0.5 1 1"), "malformed-input", "distances do not grow", 7),
    "grid": (LINES, TABLE.replace("N 4", "N 4 R 1 5"), "malformed-input", "r is 2 Å, but the parameters", 7),
    "units": (LINES, TABLE.replace("# points", "# UNITS: real"), "unsupported-input", "the file is in", 1),
    "cutoff": (
        LINES.replace("NB", "NB 5.0"),
        TABLE,
        "malformed-input",
        "the table ends at 4 Å and does not reach the cutoff, 5 Å",
        3,
    ),
    "bitmap": (
        LINES.replace("spline", "bitmap"),
        TABLE,
        "unsupported-input",
        "`table bitmap` has its points by the bits",
        2,
    ),
    "long-range": (
        LINES.replace("spline 9", "spline 9 ewald"),
        TABLE,
        "unsupported-input",
        "`ewald` asks for a long-range part",
        2,
    ),
    "missing pair": ("mass 2 47.867\n" + LINES, TABLE, "missing-pairs", "there are no coefficients of", 0),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    lines, text, code, message, line = BAD_TABLES[name]
    (tmp_path / "nb.table").write_text(text, encoding="utf-8")
    found = refused(tmp_path / "in.pair", lines)
    assert (found.code, found.message[: len(message)]) == (code, message)
    file = "in.pair" if message in IN_LINES else "nb.table"
    assert found.place == (f"{tmp_path / file}, line {line}" if line else str(tmp_path / file))


def test_a_table_alone_and_an_element_that_a_file_has_not(tmp_path: Path) -> None:
    alone = refused(tmp_path / "nb.table", TABLE)
    assert alone.message.endswith("nb.table` is a table, which does not say whose energies it has")
    (tmp_path / "a.alloy").write_text(SETFL)
    lines = "pair_style eam/alloy\npair_coeff * * a.alloy Al\n"
    found = refused(tmp_path / "in.pair", "mass 1 26.98\n" + lines)
    assert (found.code, found.message) == ("missing-entries", "`a.alloy` has no Al")


def test_tables_of_pairs_that_a_spec_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    """Two types of one element with tables of other cutoffs; `eam` without the pairs of unlike atoms."""
    (tmp_path / "nb.table").write_text(TABLE)
    found = refused(tmp_path / "in.pair", LINES.replace("1 9", "*2 9").replace("1 1", "* *") + SHORTER)
    assert found.message.endswith("those of Nb-Nb are there twice")
    (tmp_path / "cu.eam").write_text(FUNCFL)
    (tmp_path / "ni.eam").write_text(FUNCFL.replace("29", "28"))
    found = refused(tmp_path / "in.pair", "pair_style hybrid eam morse 4\n" + OF_LIKE_ATOMS)
    assert found.message == "`eam` acts on Cu and on Ni, and not between them"
    assert found.place == f"{tmp_path / 'in.pair'}, line 1"


# --- there and back again ----------------------------------------------------------------------------


def exported(potential: Potential, name: str, style: str | None = None) -> Exported:
    found = writer_of(name, style)(potential)
    assert isinstance(found, Exported)
    return found


@pytest.mark.parametrize("by_pair", [False, True], ids=["alloy", "fs"])
def test_tables_come_back_number_by_number(by_pair: bool, tmp_path: Path) -> None:
    style = "fs" if by_pair else "alloy"
    path = tmp_path / f"nicu.eam.{style}"
    text = setfl_text(tables(("Ni", "Cu"), by_pair))
    path.write_text(text, encoding="utf-8")
    made = read(path)
    out = exported(made.potential, "setfl", style)
    assert out.sentence.endswith("number by number")
    assert out.text == text
    kind = "eam/fs" if by_pair else "eam"
    assert made.sentence == f"{kind} of Ni, Cu, tables of 41 densities and 61 distances"
    assert not any(made.potential.model.vector.free)


def test_knots_have_the_slopes_of_cubics() -> None:
    """Differences of five points are exact for polynomials of degree four."""
    x = np.arange(9.0)
    rows = knots(x**4 - 2.0 * x)
    np.testing.assert_allclose(rows[0::2], x**4 - 2.0 * x)
    np.testing.assert_allclose(rows[1::2][2:-2], (4.0 * x**3 - 2.0)[2:-2], rtol=1e-12)


def test_a_formula_goes_out_with_its_error() -> None:
    out = exported(compile("species Nb, W\nE = fs() + zbl() + reference(e0 = -1)"), "setfl", "fs")
    assert 0.0 < float(str(out.facts["energy_error"])) < 1e-9
    assert 0.0 < float(str(out.facts["force_error"])) < 1e-6
    by_pair = compile("species Nb, W\nE = fs(beta = {Nb-Nb: 0.1, Nb-W: 0.2, W-W: 0.3})")
    with pytest.raises(ArtifactError, match="a density depends on both species"):
        exported(by_pair, "setfl")
    with pytest.raises(ArtifactError, match="tables of embedded atoms do not hold it: it has angles"):
        exported(compile("species Si\nE = sw()"), "setfl")


def test_pairs_go_out_as_a_table_and_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nb.table").write_text(TABLE, encoding="utf-8")
    lines = tmp_path / "in.pair"
    lines.write_text(LINES.replace("NB", "Nb_Nb"), encoding="utf-8")
    (tmp_path / "nb.table").write_text(TABLE.replace("NB", "Nb_Nb"), encoding="utf-8")
    spec, again = tmp_path / "my.pes", tmp_path / "again.table"
    code, _, said = run(capsys, "import", str(lines), "-o", str(spec))
    assert code == 0 and "`table spline` of LAMMPS interpolates forces by themselves" in said
    code, _, said = run(capsys, "export", str(tmp_path / "my"), "--to", "table", "-o", str(again))
    assert code == 0 and "9 points; with `table spline 9` forces differ by up to" in said
    first = read(lines).potential
    again.replace(tmp_path / "nb.table")
    np.testing.assert_allclose(read(lines).potential.theta, first.theta, rtol=1e-9, atol=1e-12)
    with pytest.raises(ArtifactError, match="it has a function of a density"):
        exported(compile("species Nb\nE = fs()"), "table")

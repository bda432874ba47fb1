"""Files of SNAP: what is refused with its line, and what formulas go out. LAMMPS judges the numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from foreign_files import refused
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.foreign_format import ExportedFolder
from potentia.runtime.formats.registry import read, writer_of
from potentia.runtime.potential.potential import compile

COEFFICIENTS = "# UNITS: metal\n\n2 6 # counts\nW 0.5 1\n" + "0.1 # B\n" * 6 + "Be 0.4 0.9\n" + "-0.2\n" * 6
PARAMETERS = "# UNITS: metal\nrcutfac 4.8\ntwojmax 2\n"
LINES = (
    "variable z equal 74\nmass 1 183.84\nmass 2 9.012\npair_style snap\n"
    "pair_coeff * * a.snapcoeff a.snapparam W Be\n"
)


def files(folder: Path, coefficients: str = COEFFICIENTS, parameters: str = PARAMETERS) -> Path:
    (folder / "a.snapcoeff").write_text(coefficients, encoding="utf-8")
    (folder / "a.snapparam").write_text(parameters, encoding="utf-8")
    return folder / "a.snapcoeff"


# coefficients, code, message, line (0: the file as a whole)
BAD_COEFFICIENTS = {
    "empty": ("# nothing\n", "truncated-file", "the file ends before the numbers of elements", 0),
    "one count": (COEFFICIENTS.replace("2 6", "2"), "malformed-input", "the first line has the number of", 3),
    "no count": (COEFFICIENTS.replace("2 6", "2 x"), "malformed-input", "`x` is not a number", 3),
    "of another twojmax": (
        COEFFICIENTS.replace("2 6", "2 31"),
        "malformed-input",
        "`twojmax 2` and `quadraticflag 0` ask for 6 coefficients of an element, not 31",
        3,
    ),
    "cut off in a block": (
        COEFFICIENTS[:-5],
        "truncated-file",
        "the file ends after 5 of the 6 coefficients of Be",
        0,
    ),
    "cut off between": (COEFFICIENTS[:62], "truncated-file", "the file ends after", 0),
    "an element less": (
        COEFFICIENTS.replace("2 6", "3 6"),
        "truncated-file",
        "the file ends after 2 of its 3 elements",
        0,
    ),
    "an element more": (
        COEFFICIENTS.replace("2 6", "1 6"),
        "malformed-input",
        "the file goes on after the 6",
        11,
    ),
    "a number less": (
        COEFFICIENTS.replace("0.1 # B\nBe", "Be"),
        "malformed-input",
        "a coefficient is one number, not 3 words",
        10,
    ),
    "a number more": (
        COEFFICIENTS.replace("W 0.5 1\n", "W 0.5 1\n0.3\n"),
        "malformed-input",
        "a block begins with an element, its radius and its weight, not with 1 words",
        11,
    ),
    "no element": (COEFFICIENTS.replace("Be", "Bx"), "malformed-input", "there is no element `Bx`", 11),
    "twice": (COEFFICIENTS.replace("Be", "W"), "malformed-input", "W is there twice", 11),
    "no number": (
        COEFFICIENTS.replace("-0.2\n", "-0.2x\n", 1),
        "malformed-input",
        "`-0.2x` is not a number",
        12,
    ),
    "no radius": (COEFFICIENTS.replace("0.4 0.9", "0 0.9"), "malformed-input", "the radius of Be is 0", 11),
    "units": (COEFFICIENTS.replace("metal", "real"), "unsupported-input", "the file is in units real", 1),
}
BAD_PARAMETERS = {
    "keyword": ("rcutfac 4\ntwojmx 2\n", "unknown-keyword", "unknown keyword `twojmx`", 2),
    "no value": ("rcutfac\ntwojmax 2\n", "malformed-input", "`rcutfac` has 0 values, not 1", 1),
    "missing": ("rcutfac 4\n", "missing-entries", "the file has no line `twojmax`", 0),
    "half": ("rcutfac 4\ntwojmax 2.5\n", "malformed-input", "`2.5` is not a whole number", 2),
    "too high": ("rcutfac 4\ntwojmax 15\n", "unsupported-input", "`twojmax 15` is not possible", 2),
    "cutoff": ("rcutfac -4\ntwojmax 2\n", "malformed-input", "rcutfac is -4, but has to be positive", 1),
    "rmin0": ("rcutfac 4\ntwojmax 2\nrmin0 5\n", "malformed-input", "rmin0 is 5 Å, but should be", 0),
    "flag": ("rcutfac 4\ntwojmax 2\nbzeroflag 2\n", "malformed-input", "`bzeroflag` is 0 or 1, not 2", 3),
    "chemflag": ("rcutfac 4\ntwojmax 2\nchemflag 1\n", "unsupported-input", "`chemflag 1` asks for", 3),
    "bnormflag": ("bnormflag 1\n", "unsupported-input", "`bnormflag 1` asks for", 1),
    "inner": ("switchinnerflag 1\n", "unsupported-input", "`switchinnerflag 1` asks for a switch at", 1),
    "sinner": ("twojmax 2\nsinner 1.0 2.0\n", "unsupported-input", "`sinner` asks for a switch at", 2),
}


@pytest.mark.parametrize("name", BAD_COEFFICIENTS)
def test_bad_coefficients_are_refused_with_their_line(name: str, tmp_path: Path) -> None:
    text, code, message, line = BAD_COEFFICIENTS[name]
    found = refused(files(tmp_path, text))
    assert (found.code, found.message[: len(message)]) == (code, message)
    assert found.place == str(tmp_path / "a.snapcoeff") + (f", line {line}" if line else "")


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_bad_parameters_are_refused_with_their_line(name: str, tmp_path: Path) -> None:
    text, code, message, line = BAD_PARAMETERS[name]
    found = refused(files(tmp_path, parameters=text))
    assert (found.code, found.message[: len(message)]) == (code, message)
    assert found.place == str(tmp_path / "a.snapparam") + (f", line {line}" if line else "")


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("W Be\n", "W Mo\n", "malformed-input", "type 2 is Mo here, and Be in another line"),
        ("a.snapcoeff a.snapparam", "a.snapcoeff", "malformed-input", "`snap` takes FILE.snapcoeff and FILE"),
        ("pair_style snap", "pair_style snap 4", "malformed-input", "`snap` has no arguments, not `4`"),
        ("mass 2 9.012\n", "mass 2 95.95\n", "malformed-input", "type 2 is Be here, and Mo in another line"),
        ("a.snapparam", "b.snapparam", "missing-file", "there is no file"),
        ("snap\n", "snap ${z}${y}\n", "unsupported-input", "`74${y}` has a variable"),
    ],
)
def test_a_bad_input_is_refused(old: str, new: str, code: str, message: str, tmp_path: Path) -> None:
    files(tmp_path)
    path = tmp_path / "in.snap"
    path.write_text(LINES.replace(old, new, 1), encoding="utf-8")
    found = refused(path)
    assert (found.code, found.message[: len(message)]) == (code, message)


def test_an_element_that_the_file_lacks(tmp_path: Path) -> None:
    files(tmp_path)
    path = tmp_path / "in.snap"
    path.write_text("pair_style snap\npair_coeff * * a.snapcoeff a.snapparam W Ta\n", encoding="utf-8")
    found = refused(path)
    assert (found.code, found.message, found.help) == (
        "missing-entries",
        "`a.snapcoeff` has no Ta",
        "it has W, Be",
    )


def test_one_file_without_the_other(tmp_path: Path) -> None:
    path = files(tmp_path)
    (tmp_path / "a.snapparam").unlink()
    assert refused(path).code == "missing-file"


def test_variables_of_an_input_have_their_values(tmp_path: Path) -> None:
    files(tmp_path)
    path = tmp_path / "in.snap"
    head = "variable i index 4\nvariable i index 9\nvariable o equal 4.8\nvariable z string 74\n"
    style = "pair_style hybrid/overlay zbl $i ${o} snap\npair_coeff 1 1 zbl ${z} ${z}\n"
    path.write_text(f"{head}{style}pair_coeff * * snap a.snapcoeff a.snapparam W\n", encoding="utf-8")
    potential = read(path).potential
    assert potential.species == ("W",)
    assert "zbl(inner = 4 Å, outer = 4.8 Å, switch = lammps, a0 = 0.46850 Å)" in potential.text


def test_names_numbers_and_the_run_of_an_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, spec = files(tmp_path), tmp_path / "wbe.pes"
    code, _, said = run(capsys, "import", str(path), "-o", str(spec))
    assert code == 0 and "linear in 5 components (twojmax 2)" in said
    text = " ".join(spec.read_text(encoding="utf-8").split())
    assert "radius = {W: 2.4, Be: 1.92}, weight = {W: 1, Be: 0.9}" in text
    potential = read(path).potential
    numbers = dict(zip(potential.model.vector.names, potential.theta.tolist(), strict=True))
    assert (numbers["snap.c[W,0]"], numbers["snap.c[Be,4]"], numbers["reference.e0[Be]"]) == (0.1, -0.2, -0.2)
    assert potential.n_parameters == 12


# formula, message
NOT_SNAP = {
    "no snap": ("zbl(switch = lammps, a0 = 0.46850)", "the formula has no term `snap`"),
    "beside a fitted pair": ("snap(twojmax = 2) + morse()", "files of SNAP do not hold `morse`"),
    "a product": ("snap(twojmax = 2) * gate(morse())", "the energy, which is no plain sum of terms, has"),
    "too short": (
        "snap(twojmax = 2, radius = 2.6)",
        "the term `snap` has no style in LAMMPS: its rc cuts off",
    ),
}


@pytest.mark.parametrize("name", NOT_SNAP)
def test_other_formulas_are_refused(name: str) -> None:
    formula, message = NOT_SNAP[name]
    with pytest.raises(ArtifactError) as caught:
        writer_of("snapcoeff")(compile(f"species W\n# allow cutoff-discontinuity\nE = {formula}"))
    (found,) = caught.value.diagnostics
    assert (found.code, found.message[: len(message)]) == ("not-native", message)


def test_zbl_and_energies_of_atoms_go_out_too(tmp_path: Path) -> None:
    core = "zbl(inner = 1, outer = 2, switch = lammps, a0 = 0.46850)"
    own = "snap(rc = 4.7, twojmax = 2, c = keep(1, start = 0.3))"
    made = compile(f"species W\nE = {own} + {core} + reference(e0 = -2)")
    exported = writer_of("snapcoeff")(made)
    assert isinstance(exported, ExportedFolder)
    exported.fill(tmp_path)
    again = read(tmp_path / "formula.snap").potential
    numbers = dict(zip(again.model.vector.names, again.theta.tolist(), strict=True))
    assert [numbers[f"snap.c[{k}]"] for k in range(5)] == [0.0, 0.3, 0.0, 0.0, 0.0]
    assert numbers["reference.e0"] == -2.0
    assert [t.called for t in again.model.terms] == ["snap", "reference", "zbl"]

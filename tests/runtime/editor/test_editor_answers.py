"""Hover, definitions, references, layout, outline, hints, problems and their fixes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from editor_cases import MARK, MINE, edited, marked, mine, told, two_files
from potentia.compiler.declarations import library
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.formatting import formatted
from potentia.runtime.editor.inlay import inlay_hints
from potentia.runtime.editor.problems import problems
from potentia.runtime.editor.references import definition, references, symbol_at
from potentia.runtime.editor.symbols import document_symbols
from potentia.runtime.editor.workspace import Workspace
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact

# --- hover --------------------------------------------------------------------------------------


def test_hover_on_a_library_term() -> None:
    text = told(f"E = {MARK}lj(Nb)")
    assert "lj(rc = 6 Å, inner = 0.8 * rc, switch = smoothed)" in text
    assert "[doi:10.1098/rspa.1924.0081](https://doi.org/10.1098/rspa.1924.0081)" in text
    assert "v(r) = 4 * epsilon(i, j)" in text and "shifted(r)" not in text  # the formula at its defaults
    assert "| `epsilon` | 0.1 eV | 0 eV … 10 eV | pair |" in text


@pytest.mark.parametrize("name", library.term_names())
def test_hover_tells_of_every_library_term(name: str) -> None:
    text = told(f"E = {MARK}{name}()")
    assert f"```pes\n{name}(" in text and "standard library" in text


@pytest.mark.parametrize(
    ("at", "shift", "expected"),
    [
        ("cut =", 0, "= 4 Å\n\nshorter"),
        ("nm", 0, "1 nm = 10 Å"),
        ("Nb", 0, "**Nb**: element 41, covalent radius 1.64 Å"),
        ("mine(rc = 6", 0, "[doi:10.1103/PhysRev.34.57](https://doi.org/10.1103/PhysRev.34.57)."),
        ("D = 1)", 0, "unit: eV  \nbounds: 0 … 10\n\ndepth"),
        ("epsilon", 7, "parameter of `lj`, one for each pair"),
        ("slow, D", 0, "slow(r) = cosine(r, rc)"),
        ("smooth", 0, "quintic switch"),
        ("rc=rc", 0, "argument of `lj`, in Å"),
        ("param", 0, "a number that a fit changes"),
    ],
)
def test_hover(at: str, shift: int, expected: str) -> None:
    assert expected in told(mine(at, shift))


def test_hover_tells_of_a_fixed_parameter_that_a_call_does_not_free_it() -> None:
    assert "one for each pair, not fitted  \n" in told(f"E = sw(Si, {MARK}a = 1.7)")


@pytest.mark.parametrize(("at", "shift"), [(" = 0.8", 1), ("# shorter", 3), ("0.5 nm", 0)])
def test_nothing_is_told_of_the_rest(at: str, shift: int) -> None:
    assert told(mine(at, shift)) == ""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the run of a spec of two species in it, and the spec."""
    folder = tmp_path_factory.mktemp("specs")
    text = "species Nb, W\nE = lj(epsilon = fixed 0.2, rc = 5)\n"
    made = compile(text)
    rng = np.random.default_rng(3)
    root = np.diag([0.5, 0.25, 0.0])
    made = made.with_theta(np.array([0.2, 0.2, 0.2, *rng.uniform(2.0, 3.0, 3)]))
    artifact.save(folder / "runs" / "a", made, covariance=root**2, root=root)
    return folder, text


def test_hover_tells_what_a_run_beside_the_spec_found(run: tuple[Path, str]) -> None:
    folder, text = run
    spec = str(folder / "nb.pes")
    theta = artifact.load(folder / "runs" / "a").theta
    shown = told(text.replace("lj(", f"{MARK}lj("), spec)
    assert "fitted in `runs/a`:" in shown
    assert "| `lj.epsilon[Nb-Nb]` | 0.2 eV | fixed |" in shown
    assert f"| `lj.sigma[Nb-W]` | {theta[4]:.6g} Å | 0.25 |" in shown
    assert f"| `lj.sigma[W-W]` | {theta[5]:.6g} Å | no label depends on it |" in shown
    named = "let core = lj(epsilon = fixed 0.2, rc = 5)\nE = core\n"
    assert "fitted" not in told(f"species Nb, W\n{named.replace('E = core', f'E = {MARK}core')}", spec)
    shown = told(text.replace("epsilon", f"{MARK}epsilon"), spec)
    assert "lj.epsilon[Nb-W]" in shown and "lj.sigma" not in shown


def test_hover_on_a_name_of_a_term_tells_what_was_found_for_it(tmp_path: Path) -> None:
    text = "species Nb\nlet core = lj(rc = 5)\nE = core\n"
    artifact.save(tmp_path / "run", compile(text))
    shown = told(text.replace("E = core", f"E = {MARK}core"), str(tmp_path / "nb.pes"))
    assert "fitted in `run`:" in shown and "| `core.sigma` | 2.5 Å | not known |" in shown


def test_a_run_of_an_older_text_is_said_to_be_one(run: tuple[Path, str]) -> None:
    folder, text = run
    shown = told(text.replace("rc = 5", "rc = 6").replace("lj(", f"{MARK}lj("), str(folder / "nb.pes"))
    assert "fitted in `runs/a`, from another text of this spec:" in shown


@pytest.mark.parametrize("other", ["morse", "eam"])
def test_a_run_of_another_spec_is_not_taken(run: tuple[Path, str], other: str) -> None:
    folder, _ = run
    assert "fitted" not in told(f"species Nb, W\nE = {MARK}{other}()\n", str(folder / "nb.pes"))


def test_a_damaged_run_is_passed_over(run: tuple[Path, str], tmp_path: Path) -> None:
    folder, text = run
    other = tmp_path / "runs" / "a"
    other.mkdir(parents=True)
    for path in (folder / "runs" / "a").iterdir():
        (other / path.name).write_bytes(path.read_bytes()[: 900 if path.suffix == ".npz" else None])
    (other / "parameters.npz").write_bytes(b"no numbers")
    assert "fitted" not in told(text.replace("lj(", f"{MARK}lj("), str(tmp_path / "nb.pes"))


# --- definitions and references -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "shift", "lands"),
    [
        ("cut, fade", 0, "cut ="),
        ("mine(rc = cut", 2, "mine(rc = 6"),
        ("fade = slow", 0, "fade = quick"),
        ("slow, D", 0, "slow(r)"),
        ("D = 1)", 0, "D = 0.5"),
        ("rc)\n  slow", 0, "rc = 6"),
        ("fade(r)\n", 0, "fade = quick"),
    ],
)
def test_definition(at: str, shift: int, lands: str) -> None:
    found = definition(*marked(mine(at, shift)))
    assert found is not None and found.start == MINE.index(lands)


def test_definition_of_a_library_term_is_its_file() -> None:
    found = definition(*marked(f"E = {MARK}eam(Nb)"))
    assert found is not None and Path(found.document.name) == library.folder() / "eam.pes"
    assert found.document.text[found.start : found.end] == "eam"


def test_definition_of_a_parameter_of_a_library_term() -> None:
    found = definition(*marked(f"E = lj(Nb, {MARK}epsilon = 1)"))
    assert found is not None and found.document.text[found.start - 6 : found.end] == "param epsilon"


def test_definitions_in_other_files(tmp_path: Path) -> None:
    document, workspace = two_files(tmp_path)
    for at, expected in (("core(", "core"), ("reach)", "reach"), ("rc =", "rc"), ('core.pes"', "")):
        found = definition(document, workspace, document.text.index(at))
        assert found is not None and Path(found.document.name) == tmp_path / "core.pes"
        assert found.document.text[found.start : found.end] == expected


def test_references_in_all_files(tmp_path: Path) -> None:
    document, workspace = two_files(tmp_path)
    core = workspace.document(tmp_path / "core.pes")
    assert core is not None
    found = symbol_at(core, workspace, core.text.index("reach"))
    assert found is not None
    places = [(Path(t.document.name).name, t.start) for t in references(core, workspace, found[1])]
    used = [("core.pes", core.text.index("reach)")), ("nb.pes", document.text.index("reach"))]
    assert places == [("core.pes", 4), *used]


# --- layout, outline, hints ---------------------------------------------------------------------


def test_format_is_one_edit_or_none() -> None:
    (edit,) = formatted(Document("E=lj( Nb )"))
    assert (edit.start, edit.end, edit.text) == (0, 10, "E = lj(Nb)\n")
    assert formatted(Document("E = lj(Nb)\n")) == []
    assert formatted(Document("E = lj(Nb")) == []


def test_document_symbols() -> None:
    found = document_symbols(Document(MINE))
    assert [(s.name, s.kind, s.detail) for s in found] == [
        ("rc", "let", "5 Å"),
        ("cut", "let", "4 Å"),
        ("mine", "term", "(rc = 6 Å, fade = quick)"),
        ("E", "energy", ""),
    ]
    assert [c.name for c in found[2].children] == ["rc", "fade", "D", "quick", "slow", "pair"]
    assert all(s.start <= s.name_start <= s.name_end <= s.end for s in found)


def hinted(text: str) -> str:
    """The text with its hints in »«."""
    document, workspace = Document(text), Workspace()
    for hint in reversed(inlay_hints(document, workspace)):
        text = f"{text[: hint.offset]}»{hint.text}«{text[hint.offset :]}"
    return text


HINTED = [  # what » « hold is a hint
    "E = eam(Nb, rc=5» Å«)",
    "E = eam(Nb, rc = 5 Å)",
    "E = eam(Nb, 5» Å«)",
    "E = morse(Nb, a=1.5» /Å«, D = 2 * 0.1» eV«)",
    "E = lj(epsilon={Nb-Nb: 1» eV«, Nb-W = W-W: fixed 2» eV« in (0» eV«, 3» eV«)})",
    "E = pair(Nb, bessel4, c = keep(0, start = 2» eV«))",
    "E = nn(Nb, hidden=[8, 8])",
    "let a = 0.5 nm\nlet b» = 4 Å« = 0.8 * a\nE = lj(Nb, rc = b)",
    "let a = 5\nE = lj(Nb, rc = a» Å«)",
    "let a = 5 Å\nlet b» = 10 Å« = 2 * a\nE = lj(Nb, rc=",
]


@pytest.mark.parametrize("expected", HINTED)
def test_hints(expected: str) -> None:
    assert hinted(re.sub("».*?«", "", expected)) == expected


def test_hints_in_a_term() -> None:
    text = (
        "species Nb, W\n"
        "term t(rc = 6 Å, inner = 0.5 * rc) {\n"
        "  param D = 1 eV in (0, 10)\n"
        "  width = rc - inner\n"
        "  rho(i) = sum(j) r_ij\n"
        "  x(i) = sum(j) by_species(j) * smooth(r_ij, rc)\n"
        "  pair(r) = D * smooth(r, rc)\n"
        "}\n"
        "E = t()\n"
    )
    expected = (
        text.replace("inner =", "inner» = 3 Å« =")
        .replace("(0, 10)", "(0» eV«, 10» eV«)")
        .replace("width =", "width» = 3 Å« =")
        .replace("rho(i) =", "rho(i)»: Å« =")
        .replace("x(i) =", "x(i)»: [2]« =")
    )
    assert hinted(text) == expected


# --- problems -----------------------------------------------------------------------------------


def found(text: str, name: str = "spec.pes") -> list[tuple[str, str, str]]:
    document = Document(text, name)
    return [(p.severity, p.code, text[p.start : p.end]) for p in problems(document)]


def test_problems_of_a_sound_spec_are_its_warnings() -> None:
    assert found("E = pin zbl(Nb)\n") == []
    assert ("warning", "unused-let", "unused") in found("let unused = 3\nE = pin zbl(Nb)\n")
    assert problems(Document("let unused = 3\nE = pin zbl(Nb)\n"), warn=False) == []


def test_problems_of_a_half_typed_spec_do_not_follow_from_it() -> None:
    assert found("let rc = \nE = lj(Nb, rc=rc) + eem(Nb)\n") == [
        ("error", "unexpected-end", ""),
        ("error", "unknown-term", "eem"),
    ]


def test_a_file_to_import_needs_no_energy() -> None:
    assert found("let rc = 5 Å\n") == [("note", "no-energy", "Å")]
    assert found("species Nb\n") == [("error", "no-energy", "b")]
    assert found("") == [("error", "empty-spec", "")]


def test_a_fault_of_an_imported_file_is_told_at_the_import(tmp_path: Path) -> None:
    (tmp_path / "core.pes").write_text("let a = \n", "utf-8")
    text = '# first\nimport "core.pes"\nE = lj(Nb)\n'
    assert found(text, str(tmp_path / "nb.pes"))[0][2] == 'import "core.pes"'


def mended(text: str) -> str:
    document = Document(text)
    return edited(text, [p.fix for p in problems(document) if p.fix is not None])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E = eem(Nb)", "E = eam(Nb)"),
        ("E = lj(Nb, epsilom = 1)", "E = lj(Nb, epsilon = 1)"),
        ("E = lj(Nb, rc = 5 angstrm)", "E = lj(Nb, rc = 5 angstrom)"),
        ("species Nbb\nE = lj()", "species Nb\nE = lj()"),
        ("E = lj(Nb, switch = shiftd)", "E = lj(Nb, switch = shifted)"),
    ],
)
def test_fixes(text: str, expected: str) -> None:
    assert mended(text) == expected
    assert "error" not in {severity for severity, _, _ in found(expected)}

"""`potentia diff` and `check --conflicts` on the command line; the page about them."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from commands import imported_by, run
from documents import blocks, write_specs
from places import ROOT
from potentia.compiler.difference.operations import Operation
from potentia.runtime.comparison.diff_answer import SCHEMA
from potentia.runtime.comparison.difference_text import WIDTH
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.formats import FORMAT
from potentia.runtime.runs.run_folder import _version, save

PAGE = (ROOT / "docs" / "diffing.md").read_text(encoding="utf-8")
NB = "E = zbl(Nb) + eam(rc=5) + nn(bessel8)\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the specs of the page."""
    monkeypatch.chdir(tmp_path)
    write_specs(PAGE, tmp_path)
    return tmp_path


def test_a_file_that_is_no_spec(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "nb.xyz").write_text("2\nproperties=species:S:1:pos:R:3\nNb 0 0 0\nNb 1 1 1\n", "utf-8")
    code, out, err = run(capsys, "diff", "nb.xyz", "nb.pes")
    assert (code, out) == (2, "")
    assert err == (
        "error[not-a-spec]: `nb.xyz` is not a spec: no line of it begins a statement of the language\n"
        "  --> nb.xyz\n"
        "  help: a spec has a line `E = …`\n"
    )


def test_terms_of_the_library_are_not_taken_for_each_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "other.pes").write_text("E = zbl(Nb) + eam(rc=5) + nn_angular(bessel8)\n", "utf-8")
    code, out, _ = run(capsys, "diff", "nb.pes", "other.pes")
    assert code == 1
    marks = [line.split(":")[0].strip() for line in out.splitlines()[1:3]]
    assert marks == ["- nn", "+ nn_angular"]


# --- the page ----------------------------------------------------------------------------------


def shown() -> list[tuple[list[str], list[str]]]:
    """Command lines of the page, each with the lines that it prints first."""
    found: list[tuple[list[str], list[str]]] = []
    for block in blocks(PAGE):
        for line in block.text.splitlines() if block.mark == "console" else ():
            if line.startswith("$ "):
                found.append((line.split()[2:], []))
            else:
                found[-1][1].append(line)
    return found


@pytest.mark.parametrize(("arguments", "lines"), shown(), ids=lambda x: "-".join(x[:3]))
def test_an_example_prints_what_the_page_shows(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], lines: list[str]
) -> None:
    code, out, _ = run(capsys, *arguments)
    assert out.splitlines()[: len(lines)] == lines
    assert out.splitlines()[len(lines) : len(lines) + 1] in ([], [""])  # then comes the table
    assert code == int(not lines[0].startswith("="))


def test_every_kind_of_operation_is_on_the_page_with_its_fields() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (`.*) \|$", PAGE, re.MULTILINE))
    for kind in Operation.__subclasses__():
        fields = [field.name for field in dataclasses.fields(kind)]
        assert re.findall(r"`(\w+)`", rows[kind.kind])[: len(fields)] == fields


# --- answers -----------------------------------------------------------------------------------


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "nb.pes", "nb2.pes", "--json")
    data = json.loads(out)
    assert (code, err, data["schema"]) == (1, "", SCHEMA)
    assert (data["verdict"], data["level"]) == ("different", "meaning")
    changed = {"kind": "argument_changed", "term": "eam", "argument": "rc", "before": "5 Å", "after": "5.5 Å"}
    assert changed in data["operations"]
    assert data["effect"]["before"]["trained"] == 89 and data["effect"]["after"]["trained"] == 95
    assert data["effect"]["after"]["cutoff"] == 5.5
    fields = set(re.findall(r"`(\w+)`", PAGE.partition("| field |")[2].partition("Texts in")[0]))
    assert set(data) | set(data["effect"]) | set(data["effect"]["before"]) <= fields
    same = json.loads(run(capsys, "diff", "nb.pes", "other_words.pes", "--json")[1])
    assert (same["verdict"], same["operations"], same["effect"]) == ("same", [], None)


def test_json_of_what_is_not_valid(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "nb.pes", "wrong.pes", "--json")
    data = json.loads(out)
    assert (code, err, data["level"], data["diagnostics"][0]["code"]) == (1, "", "syntax", "unknown-term")


def test_words_alone_say_the_same_only_of_the_same_words(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (here / "wrong.pes").read_text(encoding="utf-8")
    (here / "spaced.pes").write_text(text.replace("+", "  +  ") + "# a comment\n", encoding="utf-8")
    code, out, err = run(capsys, "diff", "wrong.pes", "spaced.pes")
    assert (code, out) == (0, "= the same words: wrong.pes and spaced.pes\n")
    assert err.count("error[unknown-term]") == 2


def test_numbers_are_compared(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text("E = lj(rc = 4)", encoding="utf-8")
    (here / "b.pes").write_text("E = lj(rc = 4, sigma = 2.4 in (0.5, 6))", encoding="utf-8")
    (here / "c.pes").write_text("let x = lj(rc = 400 pm)\nE = 2 * x - x", encoding="utf-8")
    other = json.loads(run(capsys, "diff", "a.pes", "b.pes", "--json", "--numeric")[1])["numeric"]
    same = json.loads(run(capsys, "diff", "a.pes", "c.pes", "--json", "--numeric")[1])["numeric"]
    # parameters that correspond have the same value, whatever their starts
    assert other["energy"] < 1e-9 * other["energy_size"]
    assert same["force"] < 1e-9 * same["force_size"] and same["force_size"] > 1e-3
    (here / "d.pes").write_text("E = lj(rc = 4) + zbl(outer = 3)", encoding="utf-8")
    out = run(capsys, "diff", "a.pes", "d.pes", "--numeric")[1]
    found = re.search(r"largest difference in 4 random structures: (\S+) of (\S+) eV/atom", out)
    assert found is not None and float(found[1]) > 1e-3 * float(found[2])


def test_no_structure_for_nothing_in_common(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "w.pes").write_text("species W\nE = lj()", encoding="utf-8")
    code, _, err = run(capsys, "diff", "nb.pes", "w.pes", "--numeric")
    assert code == 2
    assert err == (
        "error[no-common-species]: the two specs have no species in common: "
        "there is no structure to compare them on\n"
    )


def test_colours(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run(capsys, "diff", "nb.pes", "nb2.pes")[1]
    colour = run(capsys, "diff", "nb.pes", "nb2.pes", "--color")[1]
    assert "\x1b" not in plain and "\x1b[32m+\x1b[0m pair" in colour
    assert re.sub(r"\x1b\[[\d;]*m", "", colour) == plain
    monkeypatch.setenv("GIT_PAGER_IN_USE", "true")
    assert "\x1b" in run(capsys, "diff", "nb.pes", "nb2.pes")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(capsys, "diff", "nb.pes", "nb2.pes")[1] == plain


def test_species_of_specs_that_name_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "term own() {{\n param e = 1 eV per {}\n site(i) = {}\n}}\nE = own()"
    (here / "a.pes").write_text(own.format("species", "e(i)"), encoding="utf-8")
    (here / "b.pes").write_text(own.format("model", "e"), encoding="utf-8")
    assert run(capsys, "diff", "a.pes", "b.pes", "--species", "Nb")[0] == 0
    assert run(capsys, "diff", "a.pes", "b.pes")[0] == 1


def test_no_numerical_library_is_imported(here: Path) -> None:
    heavy = {"jax", "ase", "scipy", "matplotlib", "numpy", "rich", "pydantic"}
    code = "diff", "nb.pes", "other_words.pes"
    assert imported_by(*code) & heavy == set()


# --- runs --------------------------------------------------------------------------------------


def a_run(folder: Path, text: str) -> None:
    save(folder, compile(text))


def test_the_specs_of_runs_are_compared(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_run(here / "runs" / "nb", "species Nb\n" + NB.replace("(Nb)", "()"))
    code, out, _ = run(capsys, "diff", "nb.pes", "runs/nb")
    assert (code, out) == (0, "= the same, proved: nb.pes and runs/nb\n")


def test_runs_that_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_run(here / "runs" / "nb", NB)
    a_run(here / "newer", NB)
    about = here / "newer" / "metadata.json"
    later = json.loads(about.read_text("utf-8")) | {"format": FORMAT + 1}
    about.write_text(json.dumps(later), "utf-8")
    (here / "runs" / "nc").mkdir()
    a_run(here / "runs" / "nc2", NB)
    assert run(capsys, "diff", "nb.pes", "runs/nc") == (
        2,
        "",
        "error[not-a-run]: `runs/nc` is not a run: it holds no metadata.json\n"
        "  --> runs/nc\n  help: did you mean `nc2`?\n",
    )
    assert run(capsys, "diff", "nb.pes", "newer") == (
        2,
        "",
        f"error[newer-artifact]: `newer` has format {FORMAT + 1}; "
        f"this potentia ({_version()}) reads {FORMAT}\n"
        "  --> newer\n  help: it was written by a newer potentia: upgrade\n",
    )
    (here / "newer" / "metadata.json").write_text("{", encoding="utf-8")
    assert run(capsys, "diff", "nb.pes", "newer") == (
        2,
        "",
        "error[damaged-artifact]: newer/metadata.json is damaged: it is not JSON\n"
        "  --> newer/metadata.json\n"
        "  help: it was cut short or changed since it was written: fit again, or copy it again\n",
    )
    (here / "runs" / "nb" / "spec.pes").write_text("E = lj(Nb)\n", encoding="utf-8")
    code, out, err = run(capsys, "diff", "nb.pes", "runs/nb")
    assert (code, out) == (2, "")
    message = "runs/nb/spec.pes is damaged: it is not what the fit wrote"
    assert err.startswith(f"error[damaged-artifact]: {message}\n")


# --- usage -------------------------------------------------------------------------------------


def test_a_file_that_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "diff", "nb.pes", "wrongly.pes") == (
        2,
        "",
        "error[cannot-read]: the spec cannot be read: No such file or directory\n"
        "  --> wrongly.pes\n  help: did you mean `wrong.pes`?\n",
    )


@pytest.mark.parametrize("words", [("nb.pes",), ("nb.pes", "nb2.pes", "wrong.pes")])
def test_two_versions_are_needed(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, _, err = run(capsys, "diff", *words)
    assert (code, err.splitlines()[0]) == (
        2,
        "error[usage]: two versions are compared: `potentia diff A B`",
    )


def test_what_git_does_not_call_it_with(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Answered with a message and 0: git gives up where its command fails."""
    setup = "  help: `potentia git-setup` sets git up to call this\n"
    assert run(capsys, "diff", "--git", "a", "b", "c") == (
        0,
        f"error[usage]: git gives 7 arguments to a diff command, not 3\n{setup}",
        "",
    )
    assert run(capsys, "diff", "--textconv", "a", "b") == (
        0,
        f"error[usage]: git gives one file to be listed, not 2\n{setup}",
        "",
    )
    (here / "bytes.pes").write_bytes(b"E = lj() # \xff")
    code, out, _ = run(capsys, "diff", "--git", "n.pes", "nb.pes", ".", ".", "bytes.pes", ".", ".")
    assert code == 0 and out.startswith("error[not-utf8]")


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden" / "diagnostics").glob("*.pes")))
def test_nothing_that_is_not_valid_is_a_fault_of_ours(
    here: Path, capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    assert run(capsys, "diff", "nb.pes", str(path))[0] in (1, 2)


# --- conflicts ---------------------------------------------------------------------------------

MERGE = """species Nb
<<<<<<< HEAD
E = zbl() + eam(rc=5.5) + nn(bessel8)
{base}=======
E = zbl() + eam(rc=5) + nn(bessel12)
>>>>>>> feature
"""
BASE = "||||||| base\nE = zbl() + eam(rc=5) + nn(bessel8)\n"


def test_both_sides_of_a_conflict_with_their_ancestor(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "m.pes").write_text(MERGE.format(base=BASE), encoding="utf-8")
    code, out, err = run(capsys, "check", "--conflicts", "m.pes")
    assert (code, err) == (1, "")
    told = [line for line in out.splitlines() if re.match(r"\S|  ~", line)]
    assert told == [
        "m.pes: 1 conflict",
        "m.pes (HEAD): 3 terms, 89 trainable parameters, cutoffs 1.8, 5 and 5.5 Å, species Nb",
        "m.pes (feature): 3 terms, 121 trainable parameters, cutoffs 1.8 and 5 Å, species Nb",
        "m.pes (common ancestor) → m.pes (HEAD): 1 change",
        "  ~ eam: rc 5 Å → 5.5 Å",
        "m.pes (common ancestor) → m.pes (feature): 1 change",
        "  ~ nn: features bessel(8) → bessel(12)",
    ]
    assert max(map(len, out.splitlines())) <= WIDTH


def test_a_conflict_without_an_ancestor_and_a_side_that_is_wrong(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "m.pes").write_text(MERGE.format(base=""), encoding="utf-8")
    out = run(capsys, "check", "--conflicts", "m.pes")[1]
    assert "m.pes (HEAD) → m.pes (feature): 2 changes\n" in out
    text = MERGE.format(base="").replace("nn(bessel12)", "n(bessel12)")
    (here / "m.pes").write_text(text, encoding="utf-8")
    code, out, err = run(capsys, "check", "--conflicts", "m.pes")
    assert code == 1 and "m.pes (feature): not valid\n" in out and "words only" in out
    assert err.startswith("error[unknown-term]: there is no term `n`")


def test_conflicts_as_json_and_files_without(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "m.pes").write_text(MERGE.format(base=BASE), encoding="utf-8")
    code, out, _ = run(capsys, "check", "--conflicts", "nb.pes", "m.pes", "--json")
    clean, merge = json.loads(out)["specs"]
    assert code == 1 and not json.loads(out)["ok"]
    assert (clean["ok"], clean["conflicts"]) == (True, 0)
    assert (merge["ok"], merge["conflicts"], [s["valid"] for s in merge["sides"]]) == (False, 1, [True, True])
    assert [c["operations"][0]["kind"] for c in merge["changes"]] == ["argument_changed"] * 2
    assert run(capsys, "check", "--conflicts", "nb.pes")[0] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "E = lj()\n=======\n",
            "error[broken-conflict]: the conflict marker `=======` has no place here\n"
            "  --> m.pes, line 2\n"
            "  help: a conflict is `<<<<<<<`, `=======`, `>>>>>>>`, each on a line\n",
        ),
        (
            "<<<<<<< HEAD\nE = lj()\n=======\n",
            "error[broken-conflict]: the last conflict does not end\n"
            "  --> m.pes\n  help: it ends with `>>>>>>>`\n",
        ),
    ],
)
def test_markers_that_are_not_whole(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (here / "m.pes").write_text(text, encoding="utf-8")
    assert run(capsys, "check", "--conflicts", "m.pes") == (1, "", message)

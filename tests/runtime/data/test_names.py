"""Names of files: those of a pattern, and those that results go by."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data.names import distinct_names, given_twice, matching

CASES = {
    ("runs/nb.cif", "w.cif"): ["nb", "w"],
    ("A/POSCAR", "B/POSCAR"): ["A/POSCAR", "B/POSCAR"],
    ("x/A/POSCAR", "y/A/POSCAR", "w.cif"): ["x/A/POSCAR", "y/A/POSCAR", "w"],
    ("bcc.xyz",): ["bcc_xyz"],
    ("a/bcc.xyz", "b/bcc.xyz"): ["a/bcc_xyz", "b/bcc_xyz"],
    ("nb.vasp", "nb.cif"): ["nb_vasp", "nb_cif"],
    ("many.xyz@0", "many.xyz@1"): ["many@0", "many@1"],
    ("a.b.xyz", "a_b.xyz"): ["a_b_xyz", "a_b_xyz#2"],
}


@pytest.mark.parametrize("files", CASES)
def test_no_two_names_are_alike(files: tuple[str, ...]) -> None:
    assert distinct_names(files, ("bcc", "fcc")) == CASES[files]


def test_a_file_by_two_paths_is_given_twice(tmp_path: Path) -> None:
    file = f"{tmp_path}/a.xyz"
    assert given_twice([f"{file}@0", f"{file}@1"]) is None
    again = f"{tmp_path}/../{tmp_path.name}/a.xyz"
    assert given_twice([file, again]) == again


@pytest.fixture
def calculations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("vasp/b/OUTCAR", "vasp/a/OUTCAR", "vasp/a/run/OUTCAR", "vasp/a/vasprun.xml", "s*.xyz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_a_pattern_stands_for_the_files_that_match(calculations: Path) -> None:
    two = ["vasp/a/OUTCAR", "vasp/b/OUTCAR"]
    assert matching(["./vasp/*/OUTCAR", "no.xyz"]) == [*two, "no.xyz"]
    assert matching(["vasp/*/OUTCAR@-1", "s*.xyz"]) == [*(f"{name}@-1" for name in two), "s*.xyz"]
    assert set(matching(["vasp/**/OUTCAR"])) == {*two, "vasp/a/run/OUTCAR"}
    with pytest.raises(DataError, match="no file matches `vasp/c/\\*`"):
        matching(["vasp/c/*"])


def test_many_files_on_the_command_line(calculations: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (calculations / "nb.pes").write_text("E = pair(bessel4, rc = 5)")
    fit = ("fit", "nb.pes", "-o", "nb", "--data")
    empty = "error[no-structures]: the file is empty\n  --> vasp/a/OUTCAR\n"
    assert run(capsys, *fit, "vasp/*/OUTCAR") == (1, "", empty)
    code, _, told = run(capsys, *fit, "vasp/a/OUTCAR", "vasp/b/OUTCAR")
    assert code == 2 and "help: a pattern that stands for several files needs quotes" in told
    code, _, told = run(capsys, *fit, "vasp")
    assert code == 1 and "help: its files are named by a pattern: `--data 'vasp/*/OUTCAR'`" in told

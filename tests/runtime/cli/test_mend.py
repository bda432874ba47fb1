"""Fixes that diagnostics suggest, and `check --fix`, which applies them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.runtime.cli.main import main
from potentia.runtime.cli.mend import mend

TERM = "term t(rc = 5 Å) {{\n  param D = 1 eV per model\n  pair(r) = {} * smooth(r, rc)\n}}\nE = t(Nb)"

MENDED = {
    # misspelt
    "E = zbl(Nb) + eem(rc=5)": "E = zbl(Nb) + eam(rc=5)",
    "E = lj(Nb, epsilo=1)": "E = lj(Nb, epsilon=1)",
    "species Nbb\nE = lj()": "species Nb\nE = lj()",
    "E = lj(Nb, rc = 5 angstrm)": "E = lj(Nb, rc = 5 angstrom)",
    "let cutoff = 5 Å\nE = lj(Nb, rc=cutof)": "let cutoff = 5 Å\nE = lj(Nb, rc=cutoff)",
    "E = zbl(Nb, switch=cosin)": "E = zbl(Nb, switch=cosine)",
    "E = nn(Nb, features=besel8)": "E = nn(Nb, features=bessel8)",
    # several, and one that hides another
    "E = zbk(Nb) + eem(rcc=5) + 2 * lj(sigm=2.5)": "E = zbl(Nb) + eam(rc=5) + 2 * lj(sigma=2.5)",
    # punctuation
    "E = lj(Nb))": "E = lj(Nb)",
    "E = lj(Nb": "E = lj(Nb)",
    "E = lj(Nb # a remark\n": "E = lj(Nb # a remark\n)\n",
    "term t(rc = 5 Å) {\n  pair(r) = 1 eV * smooth(r, rc)\nE = t(Nb)": None,
    "E = 1 eV * (lj(Nb) / 1 eV)**2": "E = 1 eV * (lj(Nb) / 1 eV)^2",
    "E = lj(Nb, rc=5 inner=4)": "E = lj(Nb, rc=5, inner=4)",
    "E = nn(Nb bessel8)": "E = nn(Nb, bessel8)",
    "cut = 5 Å\nE = lj(Nb, rc=cut)": "let cut = 5 Å\nE = lj(Nb, rc=cut)",
    "E = zbl + lj(Nb)": "E = zbl() + lj(Nb)",
    "E = nn(Nb, features=bessel)": "E = nn(Nb, features=bessel8)",
    "species Nb, W, Nb\nE = lj()": "species Nb, W\nE = lj()",
    "E = lj(Nb, sigma = 2.5 in (3 Å, 2 Å))": "E = lj(Nb, sigma = 2.5 in (2 Å, 3 Å))",
    # units
    TERM.format("D / 1 Å * (r - 2)"): TERM.format("D / 1 Å * (r - 2 Å)"),
    TERM.format("D / 1 Å * (2 - r)"): TERM.format("D / 1 Å * (2 Å - r)"),
    TERM.format("(D + 2)"): TERM.format("(D + 2 eV)"),
    TERM.format("D * (1 /r + 2) * 1 Å"): TERM.format("D * (1 /r + 2 /Å) * 1 Å"),
    # warnings
    "let a = 3 Å\nE = lj(Nb)\n": "E = lj(Nb)\n",
    "let a = 3 Å  # why\nE = lj(Nb)": "  # why\nE = lj(Nb)",
    "let a = 3 Å let b = a E = lj(Nb)": "  E = lj(Nb)",
    "E = born_mayer(Nb, rc=2) + eam()": "E = pin born_mayer(Nb, rc=2) + eam()",
    "E = pair(bessel(n = 8 rad), Nb)": "E = pair(bessel(n = 8), Nb)",
    "E = eam(Nb, w = 1 Å)": "E = eam(Nb)",
    "E = eam(w = 1 Å, m = 0.4, rc = 4)": "E = eam(rc = 4)",
    # nothing to mend
    "E = lj(Nb)": "E = lj(Nb)",
    "E = lj(Nb, D=1)": "E = lj(Nb, D=1)",
    "E = lj(Nb) @ 3": "E = lj(Nb) @ 3",
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return tmp_path / "a.pes"


@pytest.mark.parametrize("text", MENDED)
def test_what_can_be_mended_is(text: str, spec: Path) -> None:
    spec.write_text(text, encoding="utf-8")
    changes = mend(spec)
    mended = spec.read_text(encoding="utf-8")
    expected = MENDED[text]
    if expected is not None:
        assert mended == expected
    assert bool(changes) == (mended != text)
    assert mend(spec) == ()


def parses(text: str) -> bool:
    try:
        pipeline.parse(text)
    except SpecError:
        return False
    return True


NAMES = st.sampled_from(["lj", "ljj", "eem", "Nb", "Nbb", "rc", "rcc", "bessel", "pin", "zbl", "x"])
WORDS = st.lists(st.one_of(NAMES, st.sampled_from("()+*-,=3").map(str), st.just("let x = 3 Å\n")), max_size=8)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_what_parses_goes_on_to_parse(words: list[str]) -> None:
    import tempfile

    text = "E = lj(Nb) + " + " ".join(words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.pes"
        path.write_text(text, encoding="utf-8")
        mend(path)
        assert parses(path.read_text(encoding="utf-8")) or not parses(text)


def test_check_fix_says_what_it_did(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(spec.parent)
    spec.write_text("let a = 3 Å\nE = zbl(Nb) + eem(rc=5)\n", encoding="utf-8")
    spec.chmod(0o640)
    assert main(["check", "a.pes", "--fix"]) == 0
    assert capsys.readouterr() == (
        "a.pes: 2 terms, 9 trainable parameters, cutoffs 1.8 and 5 Å, species Nb\n",
        "a.pes:2:15: `eem` is now `eam` (unknown-term)\na.pes:1:1: `let a = 3 Å` taken out (unused-let)\n",
    )
    assert spec.read_text(encoding="utf-8") == "E = zbl(Nb) + eam(rc=5)\n"
    assert spec.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in spec.parent.iterdir()] == ["a.pes"]


def test_check_fix_as_json(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text("E = born_mayer(Nb, rc=2) + eam()", encoding="utf-8")
    assert main(["check", str(spec), "--fix", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["specs"]
    assert found["fixed"] == [{"code": "unpinned-core", "line": 1, "column": 5, "old": "", "new": "pin "}]


def test_check_fix_tells_what_is_left(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text("E = eem(Nb) + lj(rc = 5 eV)", encoding="utf-8")
    assert main(["check", str(spec), "--fix"]) == 1
    err = capsys.readouterr().err
    assert "`eem` is now `eam`" in err and "error[wrong-unit]" in err
    assert spec.read_text(encoding="utf-8") == "E = eam(Nb) + lj(rc = 5 eV)"


def test_ends_of_lines_and_marks_stay(spec: Path) -> None:
    spec.write_bytes("\ufefflet a = 3 Å\r\nE = eem(Nb)\r\n".encode())
    mend(spec)
    assert spec.read_bytes() == "\ufeffE = eam(Nb)\r\n".encode()


def test_a_file_that_cannot_be_written(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec.write_text("E = eem(Nb)", encoding="utf-8")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    assert main(["check", str(spec), "--fix"]) == 1
    assert capsys.readouterr().err == (
        f"error[unwritable]: cannot write {spec}: Permission denied\n  --> {spec}\n"
    )
    assert spec.read_text(encoding="utf-8") == "E = eem(Nb)"
    assert [p.name for p in spec.parent.iterdir()] == ["a.pes"]

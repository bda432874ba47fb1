"""What is said about bad specs, word for word: `golden/diagnostics/*.pes`, and a text beside each.

POTENTIA_UPDATE=1 writes the texts anew: read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from places import GOLDEN, ROOT
from potentia.compiler import pipeline
from potentia.compiler.diagnostics import diagnostic
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.program import Program
from potentia.compiler.warnings import warnings_of
from potentia.grammar.mistakes import MISTAKES

FOLDER = GOLDEN / "diagnostics"
PAGES = ROOT / "docs" / "errors"
CODE = re.compile(r"^(?:error|warning)\[([\w-]+)\]", re.MULTILINE)
DEEP = 10_000
LONG = {
    "too_deep.pes": f"E = {'(' * DEEP}lj(Nb){')' * DEEP}\n",
    "too_deep_calls.pes": f"E = {'exp(' * DEEP}lj(Nb){')' * DEEP}\n",
    "too_deep_lists.pes": f"E = {'[' * DEEP}\n",
    "too_many_signs.pes": f"E = {'-' * DEEP}lj(Nb)\n",
    "too_deep_lets.pes": "species Nb\nlet a0 = 2 Å\n"
    + "".join(f"let a{k + 1} = a{k} + 0.01 Å\n" for k in range(600))
    + "E = lj(rc = a600)\n",
    "too_deep_definitions.pes": "species Nb\nterm t() {\n  f0(i) = 1 eV\n"
    + "".join(f"  f{k + 1}(i) = f{k}(i) + 1 eV\n" for k in range(600))
    + "  site(i) = f600(i)\n}\nE = t()\n",
    "too_many_powers.pes": f"E = lj(Nb) * 2{'^2' * DEEP}\n",
}
TEXTS = LONG | {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.pes"))}


def said(name: str) -> str:
    """The errors of a spec, or else its warnings, as text."""
    try:
        checked = pipeline.check(pipeline.parse(Source(TEXTS[name], name)))
        found = warnings_of(checked, pipeline.build(checked))
    except SpecError as error:
        found = error.diagnostics
    return (report.as_text(found) or "no fault is found") + "\n"


@pytest.mark.parametrize("name", TEXTS)
def test_the_message_is_the_one_agreed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)  # imports are relative to the file, which is named without its folder
    golden = FOLDER / name.replace(".pes", ".txt")
    if os.environ.get("POTENTIA_UPDATE"):
        golden.write_text(said(name), encoding="utf-8")
    assert said(name) == golden.read_text(encoding="utf-8")


def test_every_text_has_its_spec() -> None:
    assert {p.stem for p in FOLDER.glob("*.txt")} == {Path(name).stem for name in TEXTS}


def test_every_code_of_the_language_has_its_message_here() -> None:
    """Those whose page has a spec that is wrong."""
    agreed = {code for path in FOLDER.glob("*.txt") for code in CODE.findall(path.read_text("utf-8"))}
    wrong = re.compile(r"^```pes-(error|warning)$", re.MULTILINE)
    pages = {path.stem for path in PAGES.glob("*.md") if wrong.search(path.read_text("utf-8"))}
    assert pages and pages - agreed == set()


@pytest.mark.parametrize(
    ("slug", "snippet"),
    [(slug, s) for slug, mistake in MISTAKES.items() for s in mistake.snippets],
    ids=lambda value: value,
)
def test_a_mistake_is_recognised_by_its_snippets(slug: str, snippet: str) -> None:
    with pytest.raises(SpecError) as caught:
        pipeline.parse(snippet)
    assert caught.value.diagnostics[0].code == slug


def test_diagnostics_are_plain_data_too() -> None:
    with pytest.raises(SpecError) as caught:
        pipeline.build(pipeline.check(pipeline.parse("E = lj(Nb, epsilo=1)")))
    (data,) = report.as_json(caught.value.diagnostics)
    assert data["code"] == "unknown-argument" and data["severity"] == "error"
    assert (data["span"]["line"], data["span"]["column"], data["span"]["end_column"]) == (1, 12, 18)
    assert data["help"] == "did you mean `epsilon`?"


def test_a_long_formula_is_no_deep_one() -> None:
    """Sums are flat: ten thousand operands are a formula like any other."""
    model = pipeline.build(
        pipeline.check(
            pipeline.parse("let a = " + " + ".join(["1 eV"] * 10_000) + "\nE = reference(Nb, e0 = a)")
        )
    )
    assert model.parameters[0].start == (10_000.0,)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("E = lj(Nb)" + "".join(f" + some{k}()" for k in range(3000)), "and at least 50 more"),
        ("species Nb" + "".join(f", X{k}" for k in range(3000)) + "\nE = lj()", "and 2950 more"),
    ],
    ids=["terms", "species"],
)
def test_faults_by_the_thousand_are_not_all_compared_with_known_words(
    text: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    monkeypatch.setattr(diagnostic, "get_close_matches", lambda word, *_, **__: compared.append(word) or [])
    with pytest.raises(SpecError) as caught:
        _ = Program.of(text).model
    assert caught.value.diagnostics[-1].message == last
    assert len(compared) <= diagnostic.MOST_FOUND + 1

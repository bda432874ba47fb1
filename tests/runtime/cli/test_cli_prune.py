"""The command `prune`: what it writes and says, and every bad input with its message."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from commands import run
from potentia.runtime.cli.main import main
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact

SPEC = """# pairs, twice
E = reference()  # free atoms
  + pin pair(bessel2, rc=4)  # left alone
  + pair(gaussian6, rc=4)
"""


def labelled() -> list[Atoms]:
    calculator = compile("species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4 Å)\n").calculator()
    found = []
    for k in range(8):
        atoms = bulk("Nb", "bcc", 2.9 + 0.04 * k, cubic=True)
        atoms.rattle(0.05, seed=k)
        atoms.info["split"] = "test" if k in (2, 5) else "train"
        atoms.calc = calculator
        results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        atoms.calc = SinglePointCalculator(atoms, **results)
        found.append(atoms)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, its data, and other data."""
    folder = tmp_path_factory.mktemp("prune")
    (folder / "twice.pes").write_text(SPEC, encoding="utf-8")
    write(folder / "nb.xyz", labelled())
    write(folder / "other.xyz", labelled()[:6])
    here = os.getcwd()
    os.chdir(folder)
    try:
        assert main(["fit", "twice.pes", "--data", "nb.xyz", "--test", "split=test", "--quiet"]) == 0
    finally:
        os.chdir(here)
    return folder


def test_a_smaller_run_with_its_history(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["prune", "runs/twice", "--data", "nb.xyz", "--target-parameters", "5", "-o", "runs/small"]
    code, out, err = run(capsys, *arguments, "--json", "--quiet")
    assert (code, err) == (0, "")
    content: dict[str, Any] = json.loads(out)
    assert content["n_parameters"] <= 5
    assert {part["name"]: part["why"] for part in content["kept"]} == {"pair.c": "pinned"}
    first, *steps = content["history"]
    assert first["parameters"] == 9 and first["rewrites"] == [] and steps[-1]["parameters"] <= 5
    assert all(step["cost"] > 0 and step["rewrites"] for step in steps)
    assert sum(s["actual"] for s in steps) == pytest.approx(steps[-1]["loss"] - first["loss"], rel=1e-6)
    small = artifact.load("runs/small")
    history = small.metadata.history
    assert [s.origin for s in history] == [
        "fitted from twice.pes",
        f"pruned from runs/twice: 9 to {small.n_parameters} parameters",
    ]
    assert [s.n_parameters for s in history] == [9, content["n_parameters"]]
    assert history[0].spec == artifact.load("runs/twice").metadata.digests["spec.pes"]
    assert small.n_parameters == content["n_parameters"]
    for comment in ("# pairs, twice", "# free atoms", "# left alone"):
        assert comment in small.text
    assert "pin pair(bessel2, rc=4)" in small.text
    assert json.loads((here / "runs/small/pruning.json").read_text("utf-8")) == content


def test_a_table_of_the_steps(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["prune", "runs/twice", "--data", "nb.xyz", "--max-loss-increase", "0.5", "--no-cost"]
    code, out, err = run(capsys, *arguments)
    assert code == 0 and "saved in runs/twice-pruned" in err
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["step", "parameters", "predicted", "ΔL"]
    assert lines[2].split()[:2] == ["0", "9"]
    assert "kept `pair.c` (2 numbers): pinned" in lines
    code, _, err = run(capsys, *arguments)
    assert code == 1 and "there is a run in runs/twice-pruned already" in err


def test_a_run_that_has_not_converged(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/twice", "runs/cut")
    about = Path("runs/cut/metadata.json")
    content = json.loads(about.read_text("utf-8")) | {"converged": False, "reason": "iterations"}
    about.write_text(json.dumps(content), encoding="utf-8")
    arguments = ["prune", "runs/cut", "--data", "nb.xyz", "--max-loss-increase", "0.1", "--no-cost"]
    code, _, err = run(capsys, *arguments)
    assert code == 0
    assert "warning[not-at-optimum]: the information is not at an optimum: residuals and derivatives" in err


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (
            ["--data", "other.xyz"],
            "data-changed",
            "`other.xyz` is not the data that `runs/twice` was fitted to",
        ),
        (["--data", "nb.xyz", "--criterion", "bci"], "bad-value", "there is no criterion `bci`"),
        (
            ["--data", "nb.xyz", "--target-parameters", "1"],
            "target-too-small",
            "2 parameters are pinned or reached by no data: 1 are too few",
        ),
        (
            ["--data", "nb.xyz", "--target-parameters", "9"],
            "nothing-to-prune",
            "the run has 9 trained parameters, no more than the 9 asked for",
        ),
        (["--data", "nb.xyz", "--resume"], "nothing-to-resume", "there is no interrupted pruning to resume"),
    ],
)
def test_what_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], more: list[str], code: str, message: str
) -> None:
    status, out, err = run(capsys, "prune", "runs/twice", *more, "-o", "runs/none", "--json")
    assert (status, out) == (1, "") and not (here / "runs/none").exists()
    found = json.loads(err)["diagnostics"]
    assert [(d["code"], d["message"]) for d in found] == [(code, message)]


# --- grow --------------------------------------------------------------------------------------

GROW = ("grow", "runs/twice", "--data", "nb.xyz", "--candidate")


def test_candidates_are_ranked_without_a_fit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {p.name: p.read_bytes() for p in Path("runs/twice").iterdir()}
    more = ("pair(gaussian2, rc=3.5)", "--candidate", "morse(rc=4)")
    code, out, err = run(capsys, *GROW, *more, "--json", "-q")
    assert (code, err) == (0, "")
    content: dict[str, Any] = json.loads(out)
    found = content["candidates"]
    assert {c["term"]: c["numbers"] for c in found} == {"pair(gaussian2, rc=3.5)": 2, "morse(rc=4)": 3}
    assert content["loss"] > found[0]["gain"] >= found[1]["gain"] >= 0
    code, out, err = run(capsys, *GROW, *more, "--candidate", "( morse( rc = 4 ) ) # again", "-q")
    head, *rows = out.splitlines()
    assert (code, err, head.split()) == (0, "", ["term", "numbers", "gain:", "ΔL", "of", "L", "ΔBIC"])
    assert [row.partition("  ")[0] for row in rows] == [c["term"] for c in found]
    assert {p.name: p.read_bytes() for p in Path("runs/twice").iterdir()} == before


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (
            "morse(rc=4) + lj(rc=4)",
            "error[bad-value]: the candidate `morse(rc=4) + lj(rc=4)` is not one term\n"
            "  help: write a call, such as `eam(rc=5)`\n",
        ),
        ("pin morse(rc=4)", "error[bad-value]: the candidate `pin morse(rc=4)` is not one term\n"),
        ("morse(rc=4)\nlet a = 1", "error[bad-value]: "),
        ("zbl()", "error[nothing-to-select]: `zbl()` has no parameters that enter the energy linearly: "),
        ("mors(rc=4)", "error[unknown-term]: "),
        ("morse(rc=", "error["),
    ],
)
def test_a_candidate_is_a_term(
    here: Path, capsys: pytest.CaptureFixture[str], candidate: str, message: str
) -> None:
    code, out, err = run(capsys, *GROW, candidate, "-q")
    assert (code, out) == (1, "") and err.startswith(message)

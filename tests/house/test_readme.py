"""The commands of the README, word for word and in their order, in a folder that holds the files they name.

What takes long is stood in for: the command reads its options, files and data, and its work then has begun.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from commands import run
from places import ROOT
from potentia.runtime.fitting.result import FitResult
from potentia.runtime.potential.potential import Potential

COMMANDS = [
    match[1].partition(" #")[0].strip()
    for match in re.finditer(r"^ {4}(potentia [a-z-]+ .*)$", (ROOT / "README.md").read_text("utf-8"), re.M)
]
ACTIVE = 'spec = "nb.pes"\ndata = ["nb.xyz"]\n[explore]\ntemperatures = [300]\n[label]\ncalculator = "emt"\n'
BEGUN = 130  # of an exception that no command catches


class Begun(KeyboardInterrupt):
    """The work of a command would begin."""


def begun(*_: Any, **__: Any) -> None:
    raise Begun


def fitted(potential: Potential, *_: Any, **__: Any) -> FitResult:
    return FitResult(potential, True, "stood in for", 0.0, (), None)


def pruned(*_: Any, folder: Path, **__: Any) -> None:
    shutil.copytree("runs/nb", folder)
    raise Begun


def simulated(*_: Any, folder: Path, **__: Any) -> None:
    folder.mkdir(parents=True)
    write(folder / "trajectory.xyz", [crystal(k) for k in range(20)])
    raise Begun


WORK: dict[str, Callable[..., Any]] = {
    "report.content.survey": begun,  # first: the module is imported with the function of its own
    "fitting.fit.fit": fitted,
    "information.cross_validation.quadratic_model_and_errors": begun,
    "information.growth.ranked": begun,
    "pruning.prune.prune": pruned,
    "design.loop.design": begun,
    "properties.measurement.survey": begun,
    "dynamics.simulation.simulate": simulated,
    "active.study.agreement": begun,
    "cli.checkup.findings": begun,
    "editor.server.make_server": begun,
}


def crystal(seed: int) -> Atoms:
    atoms = bulk("Cu", "fcc", 3.6, cubic=True)
    atoms.rattle(0.05, seed=seed)
    atoms.info |= {"split": "train" if seed % 2 else "test", "time": 0.1 * seed}
    atoms.calc = EMT()
    atoms.get_stress()
    return atoms


def repository() -> None:
    for number in range(4):
        Path("nb.pes").write_text(f"E = lj(Cu, epsilon = 0.{number + 1} eV, rc = 4 Å)\n", encoding="utf-8")
        for words in (("init", "-q"), ("add", "nb.pes"), ("commit", "-q", "-m", f"{number}")):
            about = ("-c", "user.name=x", "-c", "user.email=x@x")
            subprocess.run(["git", *about, *words], check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    repository()
    write("nb.xyz", [crystal(k) for k in range(6)])
    write("new.xyz", [crystal(7)])
    shutil.copy(ROOT / "tests" / "stored" / "data" / "nep.txt", "nep.txt")
    for name in ("design", "properties"):
        shutil.copytree(ROOT / "specs" / name, tmp_path / "specs" / name)
    Path("llzo.toml").write_text(ACTIVE, encoding="utf-8")
    for name, function in WORK.items():
        monkeypatch.setattr(f"potentia.runtime.{name}", function)
    return tmp_path


def test_the_commands_of_the_readme_run_in_their_order(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(COMMANDS) > 20
    for line in COMMANDS:
        _, command, *words = shlex.split(line)
        if command == "export" and "nep" not in words:  # compilers and LAMMPS have tests of their own
            monkeypatch.setattr("potentia.runtime.api.export.writer_of", lambda *_: begun)
        code, _, err = run(capsys, command, *words)
        ended = code == (command == "diff")  # which tells that there are differences
        assert ended or (code == BEGUN and "interrupted" in err), f"{line}\n{err}"
    assert {p.name for p in folder.glob("runs/*")} == {"nb", "small"}
    assert {p.name for p in folder.glob("*.txt")} == {"nep.txt", "again.txt"}

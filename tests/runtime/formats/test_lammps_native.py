"""Formulas by LAMMPS's own styles: exact where one has the formula, tables elsewhere, or refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from lammps_export import require_tools
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.cli.main import main
from potentia.runtime.formats.lammps import installation
from potentia.runtime.formats.lammps.folder import CERTIFICATE, Export, write_folder
from potentia.runtime.formats.lammps.native import native_of
from potentia.runtime.formats.registry import writer_of
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save
from registry import random_theta

PAIRS = "species Nb, W\nE = morse(switch = shifted) + born_mayer(switch = hard) + buckingham(switch = hard)\n"
EXACT = {
    "pairs": PAIRS,
    "lj": "species Nb, W\nE = lj(switch = shifted)\n",
    "sw": "species Nb, W\nE = sw(rc = 4.6)\n",
    "tersoff": "species Si, Ge\nE = tersoff(rc = 3.1) + zbl(switch = lammps, a0 = 0.46850 Å)\n",
    "uf3": "species Nb, W\nE = uf_pair() + uf_triple() + zbl(switch = lammps, a0 = 0.46850 Å)\n",
}
# of both directions of a bond, and of a bond and its triples, these are one number in LAMMPS
KEPT = re.compile(r"tersoff\.(A|lambda1|R|D|R2|D2)\b")
TABLES = {
    "eam": "species Nb, O\nE = lj(switch = hard) + eam(rc = 5) + reference()\n",
    "two densities": "species Nb\nE = zbl(4.5, 5) + eam(rc = 5) + fs()\n",
    "no plain sum": "species Nb, W\nE = 0.5 * pair(bessel(4), rc = 5) - lj()\n",
}


def differences(text: str, folder: Path) -> dict[str, dict[str, float]]:
    """Exported with random parameters, and run by LAMMPS."""
    require_tools()
    start = compile(text)
    kept = [KEPT.match(name) is not None for name in start.model.vector.names]
    potential = start.with_theta(np.where(kept, start.theta, random_theta(start.model, 5)))
    written = write_folder(folder, Export(potential, native_of(potential), "a test"))
    assert written.warnings == ()
    return json.loads((folder / CERTIFICATE).read_text())["largest_differences"]


@pytest.mark.parametrize("name", EXACT)
def test_a_style_of_the_same_formula_is_exact(name: str, tmp_path: Path) -> None:
    assert native_of(compile(EXACT[name])).tabulated == ()
    near = 1e-11 if name == "uf3" else 1e-12  # LAMMPS has its splines as polynomials of r, not of r − knot
    for found in differences(EXACT[name], tmp_path).values():
        assert found["energy"] < near and found["virial"] < near and found["forces"] < 1e-10


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_near_and_say_how_near(name: str, tmp_path: Path) -> None:
    for found in differences(TABLES[name], tmp_path).values():
        assert found["energy"] < 1e-11 and found["virial"] < 1e-7 and found["forces"] < 1e-6
    about = json.loads((tmp_path / CERTIFICATE).read_text())["form"]
    assert "as tables of 10001 points" in about and about in (tmp_path / "README.md").read_text()


REFUSED = {
    "E = zbl() + nn(bessel8)": "it is a function of several sums over neighbours",
    "E = three_body(bessel(2), rc = 4)": "tables do not hold it: it has ",
    "E = zbl(4.5, 5) * eam(rc = 5) / 1 eV": "the energy, which is no plain sum of terms, has no style",
}


@pytest.mark.parametrize("formula", REFUSED)
def test_what_has_no_style_is_refused_with_the_reason(formula: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        native_of(compile(f"species Nb\n{formula}\n"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "not-native"
    assert REFUSED[formula] in diagnostic.message


def test_tersoff_that_is_not_of_one_file_is_refused() -> None:
    potential = compile("species Si\nE = tersoff()\n")
    names = potential.model.vector.names
    theta = potential.theta + 0.01 * np.array(["R2" in name for name in names])
    with pytest.raises(ArtifactError) as caught:
        native_of(potential.with_theta(theta))
    assert "R2 and D2 of a bond i-j are not R and D of i-j-j" in caught.value.diagnostics[0].message


def test_an_unknown_style_is_told() -> None:
    for name, help in (("lammps", "known: single, native"), ("nep", "leave `--style` out")):
        with pytest.raises(ArtifactError) as caught:
            writer_of(name, "nativ")
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, diagnostic.help) == ("unknown-style", help)


def test_a_run_is_exported_and_verified_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_tools()
    save(tmp_path / "run", compile("species Nb\nE = lj(switch = hard)\n"))
    folder = tmp_path / "out"
    assert (
        main(["export", str(tmp_path / "run"), "--to", "lammps", "--style", "native", "-o", str(folder)]) == 0
    )
    assert "styles of LAMMPS for Nb; LAMMPS" in capsys.readouterr().err
    assert "pair_style lj/cut 6.0\npair_coeff 1 1 0.1 2.5\n" in (folder / "in.potentia").read_text()
    variables = installation.environment(require_tools(), None)
    assert subprocess.run(["sh", str(folder / "verify.sh"), "2"], env=variables, check=False).returncode == 0

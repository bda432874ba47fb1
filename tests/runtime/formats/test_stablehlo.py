"""`export --to stablehlo`: functions that jax alone runs, with a description and a proof."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import potentia
import pytest
from potentia.compiler.diagnostics.diagnostic import ArtifactError, ToolError
from potentia.runtime.formats.foreign_format import Written
from potentia.runtime.formats.lammps.parity import parity_structures
from potentia.runtime.formats.stablehlo import folder as writing
from potentia.runtime.formats.stablehlo.format import FORMAT
from potentia.runtime.formats.stablehlo.rows import rows_of, structure_of, together
from potentia.runtime.potential.potential import compile

pytest.importorskip("flatbuffers", reason="the package flatbuffers is absent: no serialized StableHLO")

SPECIES = ("Nb", "O")
SPEC = "species Nb, O\nE = zbl(Nb, O) + eam(rc = 4) + three_body(bessel2, l = 1, rc = 3.6) + reference()\n"


def a_potential() -> potentia.Potential:
    made = compile(SPEC)
    theta = made.theta + 0.1 * np.random.default_rng(5).normal(size=len(made.theta)) * (made.theta == 0)
    return made.with_theta(theta)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("stablehlo")
    return folder, FORMAT.write(a_potential()).fill(folder)


def test_it_agrees_with_the_formula(exported: tuple[Path, Written]) -> None:
    _, written = exported
    found = written.facts["differences"]
    assert max(found["float64"].values()) < 1e-12
    assert max(found["float32"].values()) < 1e-4
    assert written.sentence.startswith("StableHLO for Nb, O; run here by jax alone it agrees: float64 ")


def test_it_runs_without_potentia(exported: tuple[Path, Written], tmp_path: Path) -> None:
    folder, _ = exported
    code = (
        "import sys, runpy; sys.modules['potentia'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(folder / "verify.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 8 and all(line.endswith(": the same") for line in lines)


def test_it_says_what_goes_in_and_comes_out(exported: tuple[Path, Written]) -> None:
    folder, _ = exported
    about = json.loads((folder / "model.json").read_text("utf-8"))
    assert about["species"] == ["Nb", "O"] and about["cutoff"] == 4.0
    assert [a["name"] for a in about["inputs"]] == ["positions", "species", "neighbours", "shifts"]
    assert [a["name"] for a in about["outputs"]] == ["energy", "site_energy", "forces", "virial"]
    assert about["platforms"] == ["cpu", "cuda"]
    for name, digest in about["digests"].items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
    names = {path.name for path in folder.iterdir()}
    assert names == {*about["digests"], "model.json", "parity.json", "README.md", "verify.py"}
    assert "@" not in (folder / "README.md").read_text("utf-8")


def test_padding_skins_and_the_order_of_neighbours_change_nothing(exported: tuple[Path, Written]) -> None:
    from potentia.compiler.backends.xla.portable import loaded

    folder, _ = exported
    call = loaded((folder / "float64.jax_export").read_bytes())
    crystal = parity_structures(("Nb", "O"))[0]
    bare, far = (rows_of(structure_of(crystal, SPECIES), SPECIES, cutoff) for cutoff in (4.0, 5.0))
    one, other = (call(*rows.arguments("float64")) for rows in together([bare, far]))
    roomy = call(*far.padded(len(crystal.species) + 3, far.neighbours.shape[1] + 2).arguments("float64"))
    assert abs(float(one["energy"]) - float(other["energy"])) < 1e-12
    for found in (other, roomy):
        n = len(crystal.species)
        np.testing.assert_allclose(found["forces"][:n], one["forces"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(found["virial"], one["virial"], rtol=0, atol=1e-11)
        np.testing.assert_allclose(found["site_energy"][:n], one["site_energy"], rtol=0, atol=1e-12)
    assert not np.asarray(roomy["forces"])[n:].any()


def test_atoms_without_a_row_are_ghosts() -> None:
    """A row that is left out takes the energy of its site, and its pulls on neighbours, with it."""
    from potentia.compiler.backends.xla.portable import Portable

    potential = a_potential()
    call = Portable(potential.model, potential.theta)
    crystal = parity_structures(("Nb", "O"))[0]
    (rows,) = together([rows_of(structure_of(crystal, SPECIES), SPECIES, 4.0)])
    whole = call(*rows.arguments("float64"))
    halves = []
    for keep in (np.arange(len(rows.species)) % 2 == 0, np.arange(len(rows.species)) % 2 == 1):
        neighbours = np.where(keep[:, None], rows.neighbours, -1)
        positions, species, _, shifts = rows.arguments("float64")
        halves.append(call(positions, species, neighbours.astype(np.int32), shifts))
    np.testing.assert_allclose(halves[0].forces + halves[1].forces, whole.forces, rtol=0, atol=1e-12)
    np.testing.assert_allclose(halves[0].virial + halves[1].virial, whole.virial, rtol=0, atol=1e-11)


def test_a_formula_without_neighbours(tmp_path: Path) -> None:
    potential = compile("species Nb\nE = reference()\n").with_theta(np.array([-3.5]))
    written = FORMAT.write(potential).fill(tmp_path)
    assert written.facts["cutoff"] == 0.0
    assert written.facts["differences"]["float64"]["energy"] < 1e-15


def test_without_flatbuffers_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    monkeypatch.delitem(sys.modules, "jax._src.export.serialization", raising=False)
    with pytest.raises(ToolError) as caught:
        writing.functions(compile("species Nb\nE = reference()\n"))
    (found,) = caught.value.diagnostics
    assert found.code == "missing-package"
    assert found.help == "`pip install 'potentia[stablehlo]'`"


def test_what_differs_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    potential = compile("species Nb\nE = reference()\n").with_theta(np.array([-3.5]))
    made = writing.functions(potential.with_theta(np.array([-3.5 + 1e-6])))
    with pytest.raises(ArtifactError) as caught:
        writing.write_folder(tmp_path, potential, made)
    (found,) = caught.value.diagnostics
    assert found.code == "export-differs"
    assert found.message.startswith("StableHLO does not give what the formula gives: energy, float64: ")

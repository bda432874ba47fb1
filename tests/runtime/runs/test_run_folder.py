"""A run comes back as it was saved, and every damage is told."""

from __future__ import annotations

from places import GOLDEN

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.files.npz import npz_bytes
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact

SPEC = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "nb"
    potential = compile(SPEC)
    potential = potential.with_theta(potential.theta * 1.01)
    errors = {"n_structures": 3, "energy_rmse_ev_per_atom": 0.001}
    artifact.save(folder, potential, covariance=np.eye(2), train=errors, labels="energy `energy` (eV)")
    return folder


def fault(folder: Path, load: Callable[[Path], Any] = artifact.load) -> tuple[str, str, str | None]:
    with pytest.raises(ArtifactError) as caught:
        load(folder)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message.replace(str(folder), "RUN"), diagnostic.help


def change(folder: Path, **values: Any) -> None:
    path = folder / "metadata.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **values}), encoding="utf-8")


def sign(folder: Path, name: str, content: bytes) -> None:
    """Put other content into a file with a digest that fits, to reach the checks behind it."""
    (folder / name).write_bytes(content)
    digests = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))["digests"]
    change(folder, digests={**digests, name: artifact._digest(content)})


DAMAGED = "it was cut short or changed since it was written: fit again, or copy it again"


def test_a_run_comes_back(run: Path) -> None:
    loaded = artifact.load(run)
    assert loaded.text == SPEC
    assert loaded.theta.tolist() == (compile(SPEC).theta * 1.01).tolist()
    assert loaded.species == ("Nb",)
    assert loaded.metadata.train == {"n_structures": 3, "energy_rmse_ev_per_atom": 0.001}
    assert loaded.metadata.n_parameters == 2
    assert [(p.name, p.unit, p.lower, p.upper, p.free) for p in loaded.metadata.parameters] == [
        ("lj.epsilon", "eV", [0.0], [10.0], [True]),
        ("lj.sigma", "Å", [0.5], [6.0], [True]),
    ]
    assert artifact.covariance(run).tolist() == np.eye(2).tolist()  # type: ignore[union-attr]
    assert sorted(p.name for p in run.iterdir()) == [
        "certificates.json",
        "covariance.npz",
        "metadata.json",
        "parameters.npz",
        "spec.pes",
    ]


def test_a_shared_parameter_is_stored_once(tmp_path: Path) -> None:
    spec = "species Nb\nlet core = lj(rc = 4, epsilon = 0.4 eV)\nE = morse(rc = 4, r0 = core.sigma) + core\n"
    potential = compile(spec)
    artifact.save(tmp_path / "nb", potential.with_theta(potential.theta * 1.01))
    loaded = artifact.load(tmp_path / "nb")
    assert loaded.text == spec and loaded.theta.tolist() == (potential.theta * 1.01).tolist()
    assert [p.name for p in loaded.metadata.parameters] == ["morse.D", "morse.a", "core.sigma", "core.epsilon"]


def test_it_is_a_calculator(run: Path) -> None:
    import potentia
    from ase.build import bulk

    atoms = bulk("Nb", "bcc", 3.3)
    atoms.calc = potentia.load(run).calculator()
    assert np.isfinite(atoms.get_potential_energy())


def test_there_may_be_no_covariance(tmp_path: Path) -> None:
    artifact.save(tmp_path / "a", compile(SPEC))
    assert artifact.covariance(tmp_path / "a") is None


def test_no_run_is_replaced_unasked(run: Path) -> None:
    with pytest.raises(ArtifactError, match="it exists already"):
        artifact.save(run, compile(SPEC))
    artifact.save(run, compile(SPEC), replace=True)
    assert artifact.load(run).theta.tolist() == compile(SPEC).theta.tolist()


def test_what_is_not_a_run(run: Path, tmp_path: Path) -> None:
    help = "a run is a folder that `potentia fit -o FOLDER` writes"
    assert fault(tmp_path / "nbb") == ("missing-artifact", "there is no run `RUN`", "did you mean `nb`?")
    assert fault(tmp_path) == ("not-a-run", "`RUN` is not a run: it holds no metadata.json", help)
    spec = run / "spec.pes"
    assert fault(spec) == ("not-a-run", "`RUN` is not a run: it holds no metadata.json", help)


def test_a_newer_format(run: Path) -> None:
    change(run, format=3, something_new=1)
    code, message, help = fault(run)
    assert code == "newer-artifact"
    assert message == f"`RUN` has format 3; this potentia ({artifact._version()}) reads 2"
    assert help == "it was written by a newer potentia: upgrade"


@pytest.mark.parametrize(
    ("damage", "message", "help"),
    [
        (lambda r: (r / "spec.pes").unlink(), "RUN is damaged: spec.pes is missing", DAMAGED),
        (lambda r: (r / "parameters.npz").unlink(), "RUN is damaged: parameters.npz is missing", DAMAGED),
        (
            lambda r: (r / "spec.pes").write_text("E = lj()"),
            "RUN/spec.pes is damaged: it is not what the fit wrote",
            DAMAGED,
        ),
        (
            lambda r: os.truncate(r / "parameters.npz", 100),
            "RUN/parameters.npz is damaged: it is not what the fit wrote",
            DAMAGED,
        ),
        (
            lambda r: (r / "parameters.npz").write_bytes(npz_bytes({"theta": np.zeros(2)})),
            "RUN/parameters.npz is damaged: it is not what the fit wrote",
            DAMAGED,
        ),
        (
            lambda r: sign(r, "parameters.npz", npz_bytes({"theta": np.zeros(2)})),
            "RUN/parameters.npz is damaged: it lacks `theta` or `names`",
            DAMAGED,
        ),
        (
            lambda r: sign(r, "parameters.npz", npz_bytes({"theta": np.zeros(3), "names": np.array(["a"])})),
            "RUN/parameters.npz is damaged: it has 3 parameters, and the spec has 2",
            DAMAGED,
        ),
        (
            lambda r: sign(
                r,
                "parameters.npz",
                npz_bytes({"theta": np.zeros(2), "names": np.array(["lj.epsilon", "lj.s"])}),
            ),
            "RUN/parameters.npz is damaged: its parameter `lj.s` is not one of the spec",
            DAMAGED,
        ),
        (
            lambda r: sign(
                r,
                "parameters.npz",
                npz_bytes({"theta": np.array([1, np.nan]), "names": np.array(["lj.epsilon", "lj.sigma"])}),
            ),
            "RUN/parameters.npz is damaged: its parameter `lj.sigma` is not a number",
            DAMAGED,
        ),
        (lambda r: sign(r, "spec.pes", b"\xff"), "RUN/spec.pes is damaged: it is not UTF-8 text", DAMAGED),
        (
            lambda r: os.truncate(r / "metadata.json", 50),
            "RUN/metadata.json is damaged: it is not JSON",
            DAMAGED,
        ),
        (
            lambda r: (r / "metadata.json").write_text("[]"),
            "RUN/metadata.json is damaged: it is not a table",
            DAMAGED,
        ),
        (
            lambda r: change(r, species=3),
            "RUN/metadata.json is damaged: `species`: input should be a valid list",
            DAMAGED,
        ),
        (
            lambda r: change(r, extra=3),
            "RUN/metadata.json is damaged: `extra`: extra inputs are not permitted",
            DAMAGED,
        ),
        (
            lambda r: change(r, train={"energy_rmse_ev_per_atom": "/dev/zero"}),
            "RUN/metadata.json is damaged: `train`: value error, energy_rmse_ev_per_atom is no number",
            DAMAGED,
        ),
        (
            lambda r: change(r, calibration={"forces": {"floor": 0.0, "factor": 1.0, "errors": 3}}),
            "RUN/metadata.json is damaged: `calibration.energy`: field required",
            DAMAGED,
        ),
    ],
)
def test_damage(run: Path, damage: Callable[[Path], Any], message: str, help: str) -> None:
    damage(run)
    assert fault(run) == ("damaged-artifact", message, help)


def test_a_spec_that_is_no_longer_valid(run: Path) -> None:
    sign(run, "spec.pes", b"species Nb\nE = gone()\n")
    code, message, _ = fault(run)
    version = artifact._version()
    assert code == "damaged-artifact"
    assert message == f"the spec of RUN is not valid in potentia {version}: there is no term `gone`"


def test_a_covariance_of_another_size(run: Path) -> None:
    sign(run, "covariance.npz", npz_bytes({"covariance": np.eye(3)}))
    assert fault(run, artifact.covariance) == (
        "damaged-artifact",
        "RUN/covariance.npz is damaged: it does not have a row for each trained number",
        DAMAGED,
    )


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        artifact.save(tmp_path / "a", compile(SPEC))
    assert list(tmp_path.iterdir()) == []


def test_a_run_may_be_moved(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "elsewhere")
    assert artifact.load(tmp_path / "elsewhere").text == SPEC


def test_a_run_of_the_first_format() -> None:
    """Written before steps of the lineage had a table of their own."""
    old = artifact.load(GOLDEN / "runs" / "format1")
    assert old.metadata.format == artifact.FORMAT
    assert old.metadata.origin == "pruned from runs/twice: 9 to 5 parameters"
    assert old.metadata.lineage == [] and len(old.metadata.history) == 1
    assert old.metadata.history[0].test is not None

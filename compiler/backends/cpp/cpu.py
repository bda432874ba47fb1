"""The instruction sets of this machine's processor, as the system names them."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_SYSCTL = ("machdep.cpu.features", "machdep.cpu.leaf7_features", "hw.optional")
_ALIASES = {"neon": "asimd"}  # 64-bit ARM: Linux's name of what compilers call NEON


@lru_cache(maxsize=1)
def features() -> frozenset[str]:
    """Names such as `avx2`, of letters and digits alone; none where the system does not tell."""
    return frozenset(_plain(word) for word in _words() if _plain(word))


@lru_cache(maxsize=1)
def digest() -> str:
    """What the choice of instructions depends on: the architecture and its features."""
    return sha256(" ".join((platform.machine(), *sorted(features()))).encode()).hexdigest()


def missing(isa: str) -> list[str]:
    """The words of a kernel's `isa` that this processor lacks; none where the system does not tell."""
    own = features()
    names = {word: _plain(word) for word in isa.split()}
    return [word for word, name in names.items() if own and not own & {name, _ALIASES.get(name)}]


def _plain(word: str) -> str:
    """`sse4.2`, `SSE4_2` and `sse4_2` are one."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _words() -> list[str]:
    if sys.platform == "darwin":
        return _darwin()
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = next((line for line in lines if re.match(r"(flags|Features)\s*:", line)), "")
    return found.partition(":")[2].split()


def _darwin() -> list[str]:
    """Lines are `name: words` on Intel, `hw.optional.arm.FEAT_X: 1` on ARM."""
    done = subprocess.run(["/usr/sbin/sysctl", *_SYSCTL], capture_output=True, text=True, check=False)
    pairs = [line.partition(": ")[::2] for line in done.stdout.splitlines()]
    present = [name.rpartition(".")[2] for name, value in pairs if value.strip() == "1"]
    return present + [word for name, value in pairs if name.startswith("machdep") for word in value.split()]

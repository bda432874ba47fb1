"""Text to running kernel: a process of its own that times each step. It is started by `bench_cpp.py`.

python benchmarks/cpp_compile.py cpp|xla SPEC.pes STRUCTURE.xyz
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve()


def measured(target: str, spec: Path, structure: Path, cache: Path) -> dict[str, Any]:
    """Seconds of the processor, with those of the compiler that is started, and of the clock."""
    done = subprocess.run(
        [sys.executable, str(HERE), target, str(spec), str(structure)],
        env={**os.environ, "POTENTIA_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def cold_and_warm(target: str, spec: str, atoms: Any, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Rounds of a first process, whose cache holds no kernel, and of a second."""
    from ase.io import write

    found: dict[str, list[dict[str, Any]]] = {"first": [], "again": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.pes").write_text(spec, encoding="utf-8")
        write(folder / "a.xyz", atoms)
        for k in range(rounds):
            cache = folder / f"cache{k}"
            for when in ("first", "again") if target == "cpp" else ("first",):
                found[when].append(measured(target, folder / "a.pes", folder / "a.xyz", cache))
    return found


def main() -> None:
    target, spec, structure = sys.argv[1:]
    import vesin  # noqa: F401  (all that is imported late)
    from ase.io import read
    from potentia.runtime.potential.potential import compile
    from potentia.runtime.structures.structure import from_atoms

    import_module(f"potentia.compiler.backends.{target}.kernel")
    if target == "cpp":
        from potentia.compiler.backends.cpp.toolchain import compiler

        compiler()  # tried once a machine, not once a kernel
    else:
        import jax

        jax.devices()
    atoms = from_atoms(read(structure))
    before, wall = os.times(), perf_counter()
    potential = compile(Path(spec))
    potential.predict([atoms], target=target)
    after = os.times()
    processor = sum(after[:4]) - sum(before[:4])
    print(json.dumps({"processor": processor, "clock": perf_counter() - wall}))


if __name__ == "__main__":
    main()

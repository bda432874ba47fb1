"""The formulas that we ship, compiled as users compile them: `make test` has XLA optimise little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FORMULAS = {"nb.pes": ("Nb",), "llzo.pes": ("Li", "La", "Zr", "O"), "llzo_nep.pes": ("Li", "La", "Zr", "O")}


def agree(path: Path, species: tuple[str, ...]) -> None:
    """What a user's process does, against the reference backend."""
    from registry import Evaluator, assert_close, by_reference, compiled, random_theta, reach, structures

    text = path.read_text(encoding="utf-8")
    built = compiled(text, optimized=False, species=species)
    theta, zoo = random_theta(built, 1), structures(species, reach(built), 1)
    run = Evaluator(compiled(text, species=species))
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert_close(got, by_reference(built, theta, atoms), 1e-9)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_shipped_formula_as_users_compile_it(name: str, root: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
    environment["PYTHONPATH"] = os.pathsep.join((str(root / "tests" / "cases"), *sys.path))
    command = [sys.executable, __file__, str(root / "specs" / name), *FORMULAS[name]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    agree(Path(sys.argv[1]), tuple(sys.argv[2:]))

"""Who may import whom: rooms stand in tiers, and nothing goes in a circle.

Every import counts: those within functions and those for types alone too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

HOUSE = ("grammar", "compiler", "runtime", "specs")

# A room is a folder of `compiler` or `runtime`, or a file that stands there alone. It imports itself and the
# rooms of the lines before its own, none of the same line.
TIERS = """
grammar specs
compiler.diagnostics compiler.chemistry
compiler.syntax compiler.ir
compiler.declarations compiler.analysis compiler.schedule
compiler.elaborate compiler.passes
compiler.backends
compiler.pipeline
compiler.program
compiler.reduction compiler.difference compiler.certificates
compiler.warnings
runtime.optimize runtime.structures runtime.files
runtime.presentation
runtime.potential
runtime.data runtime.formats runtime.ranks
runtime.residuals runtime.dynamics runtime.properties runtime.analysis
runtime.evaluation runtime.information
runtime.runs runtime.fitting
runtime.editor
runtime.pruning runtime.design runtime.active runtime.comparison runtime.report
runtime.api
root
runtime.cli
"""

# Rooms behind a door: the pipeline calls them, and the runtime calls the pipeline.
COMPILER_ALONE = ("compiler.passes", "compiler.syntax.parser")

# Libraries of others: the most special pattern (the longest) decides. A pattern stands for the module and all
# that is in it. jaxtyping, the shapes of arrays, goes wherever NumPy goes. jax costs a second to import:
# `check`, `fmt` and `compile --emit ir` must do without.
OTHERS = {
    "root": "",
    "grammar": "",
    "specs": "",
    "compiler": "",
    "compiler.syntax": "lark",
    # masks of what is alive, within functions: `check` does without NumPy
    "compiler.ir.graph": "numpy",
    "compiler.ir.live": "numpy",
    "compiler.analysis.liveness": "numpy",
    "compiler.backends": "numpy",
    "compiler.backends.cpp.ffi": "numpy jax",
    "compiler.backends.cpp.in_jax": "jax",
    "compiler.backends.reference": "numpy scipy",
    "compiler.backends.xla": "numpy jax",
    "compiler.reduction": "numpy",
    "compiler.certificates": "numpy",
    "runtime.structures": "numpy ase",
    "runtime.structures.neighbors": "numpy vesin",
    "runtime.optimize": "numpy scipy",
    "runtime.optimize.adamw": "numpy jax optax",
    "runtime.presentation": "matplotlib",
    "runtime.presentation.figures": "cycler matplotlib",
    "runtime.files": "numpy pydantic pydantic_core",
    "runtime.potential": "numpy jax ase",
    "runtime.potential.potential": "numpy jax matplotlib",
    "runtime.potential.jax_md": "numpy jax jax_md",
    "runtime.potential.plots": "numpy matplotlib",
    "runtime.data": "numpy ase pydantic",
    "runtime.data.duplicates": "numpy scipy",  # trees of points
    "runtime.formats": "numpy",
    "runtime.formats.lammps.source": "ase",  # masses
    "runtime.formats.pair_style.table_style": "numpy scipy",  # splines
    "runtime.formats.stablehlo.folder": "numpy jax",
    "runtime.residuals": "numpy scipy jax pydantic",
    "runtime.dynamics": "numpy jax ase pydantic",
    "runtime.dynamics.settings": "pydantic",
    "runtime.properties": "numpy scipy ase pydantic",
    "runtime.properties.family": "pydantic matplotlib",
    "runtime.properties.evaluator": "numpy jax",
    "runtime.properties.families.phonon": "numpy phonopy pydantic matplotlib",
    "runtime.properties.plots": "numpy matplotlib",
    "runtime.analysis": "numpy scipy ase pydantic",
    "runtime.analysis.plots": "numpy matplotlib",
    "runtime.analysis.arrhenius_plot": "numpy ase matplotlib",
    "runtime.evaluation": "numpy",
    "runtime.evaluation.parity": "numpy matplotlib",
    "runtime.evaluation.spread": "numpy matplotlib",
    "runtime.evaluation.timing": "numpy jax",
    "runtime.information": "numpy scipy",
    "runtime.information.plot": "matplotlib",
    "runtime.fitting.curve_plot": "numpy matplotlib",
    "runtime.runs": "numpy pydantic",
    "runtime.runs.named_calculator": "ase",
    "runtime.ranks": "",
    "runtime.ranks.mpi": "mpi4py",
    "runtime.fitting": "numpy scipy",
    # answers without a protocol; the server alone speaks it
    "runtime.editor": "",
    "runtime.editor.protocol": "lsprotocol",
    "runtime.editor.server": "lsprotocol pygls",
    "runtime.editor.pygments_lexer": "pygments",
    "runtime.editor.spec_html": "pygments",
    "runtime.pruning": "numpy",
    "runtime.design": "numpy pydantic",
    "runtime.design.front_plot": "matplotlib",
    "runtime.active": "numpy scipy ase pydantic",
    "runtime.active.coverage": "numpy matplotlib umap",
    "runtime.comparison": "numpy",
    "runtime.comparison.curves": "matplotlib",
    "runtime.report": "numpy",
    "runtime.api": "numpy matplotlib",
    "runtime.cli": "numpy typer rich",
    "runtime.cli.setting_options": "pydantic typer",
    # `--emit jaxpr` and `--emit hlo` are jax's own text
    "runtime.cli.stages": "numpy jax",
}


class Import(NamedTuple):
    importer: str
    target: str
    line: int
    ours: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "root"


def relative(root: Path, path: Path, node: ast.ImportFrom) -> Iterator[str]:
    """`from .a import b` is module a.b where there is one, else module a."""
    folder = path.parents[node.level - 1]
    assert folder.is_relative_to(root), f"{path} climbs out of the package"
    base = folder.joinpath(*(node.module or "").split(".")) if node.module else folder
    for alias in node.names:
        inner = base / alias.name
        target = inner if inner.is_dir() or inner.with_suffix(".py").exists() else base
        yield ".".join(target.relative_to(root).parts) or "root"


def imports(root: Path, path: Path) -> Iterator[Import]:
    importer = module_name(root, path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(importer, alias.name, node.lineno, ours=False)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield Import(importer, node.module or "", node.lineno, ours=False)
        elif isinstance(node, ast.ImportFrom):
            for target in relative(root, path, node):
                yield Import(importer, target, node.lineno, ours=True)


@pytest.fixture(scope="module")
def all_imports(root: Path) -> list[Import]:
    paths = [
        root / "__init__.py",
        *(path for folder in HOUSE for path in sorted((root / folder).rglob("*.py"))),
    ]
    return [found for path in paths for found in imports(root, path)]


@pytest.fixture(scope="module")
def ours(all_imports: list[Import]) -> list[Import]:
    return [found for found in all_imports if found.ours and found.target != found.importer]


def room(module: str) -> str:
    first, *inner = module.split(".")
    return f"{first}.{inner[0]}" if inner and first in ("compiler", "runtime") else first


def tier(module: str) -> int:
    return next(k for k, line in enumerate(TIERS.split("\n")) if room(module) in line.split())


def may_import(importer: str, target: str) -> bool:
    if any(matches(inner, target) for inner in COMPILER_ALONE) and not matches("compiler", importer):
        return False
    return room(importer) == room(target) or tier(target) < tier(importer)


def circles(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The names that reach each other by arrows (importer, target), as sets of two or more."""
    targets: dict[str, set[str]] = {}
    for importer, target in pairs:
        targets.setdefault(importer, set()).add(target)
    reached = {name: _reached(targets, name) for name in targets}
    together = {frozenset({a} | {b for b in reached[a] if a in reached.get(b, ())}) for a in targets}
    return sorted((set(names) for names in together if len(names) > 1), key=min)


def _reached(targets: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = targets.get(ahead.pop(), set()) - found
        found |= new
        ahead.extend(new)
    return found


def matches(pattern: str, module: str) -> bool:
    return fnmatch(module, pattern) or module.startswith(pattern + ".")


def may_use(importer: str, library: str) -> bool:
    special = max((pattern for pattern in OTHERS if matches(pattern, importer)), key=len)
    first = library.partition(".")[0]
    return ("numpy" if first == "jaxtyping" else first) in OTHERS[special].split()


# --- rooms -------------------------------------------------------------------------------------


def test_every_room_stands_in_one_tier(root: Path) -> None:
    there = {
        f"{part}.{path.stem}"
        for part in ("compiler", "runtime")
        for path in (root / part).iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")
    }
    listed = TIERS.split()
    assert len(listed) == len(set(listed))
    assert set(listed) == there | {"grammar", "specs", "root"}


@pytest.mark.parametrize("part", ["compiler", "runtime"])
def test_the_design_shows_the_tiers(root: Path, part: str) -> None:
    lines = [[name.partition(".") for name in line.split()] for line in TIERS.split("\n")]
    tiers = [", ".join(inner for outer, _, inner in line if outer == part) for line in lines]
    shown = " ".join((root / "docs/design.md").read_text(encoding="utf-8").split())
    assert f"{part} {' | '.join(filter(None, tiers))} " in shown


def test_rooms_import_earlier_tiers_alone(ours: list[Import]) -> None:
    assert [str(found) for found in ours if not may_import(found.importer, found.target)] == []


def test_no_module_is_in_a_circle(ours: list[Import]) -> None:
    assert circles((a, b) for a, b, *_ in ours) == []


def test_no_room_is_in_a_circle(ours: list[Import]) -> None:
    assert circles((room(a), room(b)) for a, b, *_ in ours if room(a) != room(b)) == []


def test_our_own_imports_are_relative(all_imports: list[Import]) -> None:
    absolute = [str(found) for found in all_imports if not found.ours and found.target.startswith("potentia")]
    assert absolute == []


def test_every_folder_says_what_is_in_it(root: Path) -> None:
    """In one to three sentences, in the docstring of its `__init__`."""
    paths = [root / "__init__.py", *(p for f in HOUSE for p in (root / f).rglob("__init__.py"))]
    docs = {str(p.relative_to(root)): ast.get_docstring(ast.parse(p.read_text("utf-8"))) or "" for p in paths}
    sentences = {name: len(re.findall(r"[.!?](?=\s|$)", doc)) for name, doc in docs.items()}
    assert {name: count for name, count in sentences.items() if not 1 <= count <= 3} == {}


# --- libraries ---------------------------------------------------------------------------------


def test_libraries_of_others_stay_where_they_belong(all_imports: list[Import]) -> None:
    others = [
        found
        for found in all_imports
        if not found.ours and found.target.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert [str(found) for found in others if not may_use(found.importer, found.target)] == []


# --- the rules say what they mean ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("importer", "target", "fine"),
    [
        ("compiler.declarations.check", "compiler.syntax.tree", True),
        ("compiler.declarations.check", "compiler.passes.cse", False),
        ("compiler.pipeline", "compiler.passes.cse", True),
        ("compiler.elaborate.term", "runtime.structures.structure", False),
        ("compiler.chemistry.units", "compiler.ir.types", False),
        ("compiler.chemistry.units", "compiler.diagnostics.diagnostic", False),
        ("compiler.chemistry.units", "compiler.chemistry.constants", True),
        ("runtime.fitting.fit", "runtime.cli.main", False),
        ("runtime.cli.fit", "runtime.cli.main", True),
        ("runtime.cli.fit", "compiler.passes.cse", False),
        ("runtime.cli.main", "root", True),
        ("root", "runtime.cli.main", False),
    ],
)
def test_the_tiers_say_what_they_mean(importer: str, target: str, fine: bool) -> None:
    assert may_import(importer, target) is fine


def test_circles_are_found() -> None:
    assert circles([("a", "b"), ("b", "c"), ("c", "d")]) == []
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("x", "y"), ("y", "x")]) == [
        {"a", "b", "c"},
        {"x", "y"},
    ]


@pytest.mark.parametrize(
    ("importer", "target", "fine"),
    [
        ("compiler.syntax.parser", "lark.exceptions", True),
        ("compiler.declarations.check", "lark", False),
        ("compiler.backends.xla.interpreter", "jax.numpy", True),
        ("compiler.backends.reference", "jax", False),
        ("runtime.data.readers", "jax", False),
        ("runtime.residuals.residuals", "jax", True),
    ],
)
def test_the_table_of_others_says_what_it_means(importer: str, target: str, fine: bool) -> None:
    assert may_use(importer, target) is fine

"""Who may import whom: the layout of the repository is the pipeline, and this table holds the code to it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

HOUSE = ("grammar", "compiler", "runtime", "specs")
SPEC = "compiler.source compiler.diagnostics compiler.syntax"
IR = (
    "compiler.scalars compiler.source compiler.units compiler.kinds compiler.ir compiler.ops compiler.algebra"
)

# Our own modules: the most special pattern (the longest) decides; `!` takes away again. A pattern without a
# star stands for the module and all that is in it.
OURS = {
    "root": "compiler.diagnostics compiler.pipeline runtime.artifact runtime.potential",
    "grammar": "",
    "specs": "",
    # what everything stands on
    "compiler.source": "",
    "compiler.scalars": "",
    "compiler.units": "",
    "compiler.names": "",
    "compiler.elements": "",
    "compiler.kinds": "compiler.units",
    "compiler.diagnostics": "compiler.source",
    "compiler.report": "compiler.source compiler.diagnostics",
    # text to resolved names
    "compiler.syntax": "compiler.source",
    "compiler.parser": f"grammar compiler.parser_tables compiler.parser_mistakes {SPEC}",
    "compiler.parser_mistakes": f"grammar {SPEC}",
    "compiler.parser_tables": "",
    "compiler.library": f"specs compiler.parser {SPEC}",
    "compiler.checker": (
        "compiler.parser compiler.library compiler.names compiler.elements compiler.units compiler.kinds "
        f"{SPEC}"
    ),
    # the formatter keeps the words and changes the layout; units tell `20 eV/Å` from a quotient
    "compiler.layout": "",
    "compiler.tokens": "",
    "compiler.formatter": f"compiler.parser compiler.layout compiler.tokens compiler.units {SPEC}",
    "compiler.files": SPEC,
    "compiler.canonical": f"compiler.parser compiler.checker compiler.formatter {SPEC}",
    # the IR
    "compiler.ir": "compiler.source compiler.units compiler.kinds",
    "compiler.ops": "compiler.source compiler.units compiler.kinds compiler.ir",
    "compiler.algebra": "compiler.units compiler.kinds compiler.ir compiler.ops",
    "compiler.rewrite": IR,
    "compiler.verifier": f"compiler.diagnostics {IR}",
    "compiler.printer": IR,
    "compiler.printer_reader": f"compiler.printer compiler.diagnostics {IR}",
    "compiler.passes": f"compiler.passes compiler.rewrite compiler.diagnostics compiler.demand {IR}",
    # passes of the text: what data say about a formula becomes another formula
    "compiler.passes.prune": "compiler !compiler.backends",
    "compiler.passes.grow": "compiler !compiler.backends",
    # warnings look at text and IR, and simplify the one to see what it depends on
    "compiler.warnings": "compiler !compiler.backends !compiler.pipeline",
    # two specs compared: normal forms of the IR as it is built, and what the passes make of it
    "compiler.difference": "compiler !compiler.backends",
    "compiler.backends": f"compiler.backends compiler.diagnostics {IR}",
    # the rest of the compiler, and the driver, which alone sees passes and backends
    "compiler": "grammar compiler !compiler.passes !compiler.backends !compiler.pipeline",
    "compiler.pipeline": "compiler",
    "runtime": "runtime !runtime.cli compiler !compiler.parser !compiler.passes",
    "runtime.prune": "runtime !runtime.cli compiler !compiler.parser",
    "runtime.grow": "runtime !runtime.cli compiler !compiler.parser",
    "runtime.cli": "runtime compiler root",
}

# Libraries of others. jax costs a second to import: `check`, `fmt` and `compile --emit ir` must do without.
NUMERICAL = "numpy scipy ase pydantic jax optax"
OTHERS = {
    "root": "",
    "grammar": "",
    "specs": "",
    "compiler": "",
    "compiler.parser": "lark",
    "compiler.sensitivities": "numpy",
    "compiler.demand": "numpy",
    "compiler.restrictions": "numpy",
    "compiler.spec_edits": "numpy",
    "compiler.carry": "numpy",
    "compiler.passes.prune": "numpy",
    "compiler.passes.grow": "numpy",
    "compiler.parser_tables": "lark",
    "compiler.parser_mistakes": "lark",
    "compiler.backends.reference*": "numpy scipy",
    "compiler.backends.xla*": "numpy jax",
    "runtime": "numpy scipy ase vesin pydantic",
    "runtime.active": "numpy scipy ase pydantic",
    "runtime.active.coverage": "numpy matplotlib umap",
    "runtime.analysis": "numpy scipy ase pydantic",
    "runtime.analysis.plots": "numpy matplotlib",
    "runtime.parity*": "numpy matplotlib",
    "runtime.fisher_plot": "matplotlib",
    "runtime.comparison": "numpy",
    "runtime.comparison.curves": "matplotlib",
    "runtime.comparison.page": "pygments",
    "runtime.properties": "numpy scipy ase pydantic",
    "runtime.properties.evaluator": "numpy scipy jax",
    "runtime.properties.phonon": "numpy phonopy",
    "runtime.properties.plots": "numpy matplotlib",
    "runtime.design": "numpy pydantic",
    "runtime.design.front_plot": "matplotlib",
    # answers without a protocol; the server alone speaks it
    "runtime.editor": "",
    "runtime.editor.protocol": "lsprotocol",
    "runtime.editor.server": "lsprotocol pygls",
    "runtime.editor.pygments_lexer": "pygments",
    "runtime.cli": "numpy pydantic typer rich",
    # `--emit jaxpr` and `--emit hlo` are jax's own text
    "runtime.cli.stages": "numpy jax",
    # the numerical files of the runtime
    "runtime.dynamics": "numpy pydantic ase",
    **{
        f"runtime.dynamics.{name}": NUMERICAL
        for name in (
            "barostat",
            "integrator",
            "lists",
            "pruning",
            "run",
            "simulation",
            "start",
            "state",
            "thermostat",
        )
    },
    "runtime.potential": NUMERICAL,
    "runtime.residuals": NUMERICAL,
    "runtime.gradients": NUMERICAL,
    "runtime.first_order": NUMERICAL,
    "runtime.derivatives": NUMERICAL,
    "runtime.cost": NUMERICAL,
    "runtime.evaluate": NUMERICAL,
    "runtime.calculator": NUMERICAL,
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


def matches(pattern: str, module: str) -> bool:
    return fnmatch(module, pattern) or module.startswith(pattern + ".")


def rule(table: dict[str, str], importer: str) -> list[str]:
    return table[max((pattern for pattern in table if matches(pattern, importer)), key=len)].split()


def allowed(entries: list[str], target: str) -> bool:
    refused = [entry[1:] for entry in entries if entry.startswith("!")]
    return any(matches(entry, target) for entry in entries) and not any(
        matches(entry, target) for entry in refused
    )


def test_our_modules_keep_to_the_table(all_imports: list[Import]) -> None:
    ours = [found for found in all_imports if found.ours]
    assert [str(found) for found in ours if not allowed(rule(OURS, found.importer), found.target)] == []


def test_libraries_of_others_stay_where_they_belong(all_imports: list[Import]) -> None:
    others = [
        found
        for found in all_imports
        if not found.ours and found.target.partition(".")[0] not in sys.stdlib_module_names
    ]
    assert [str(found) for found in others if not allowed(rule(OTHERS, found.importer), found.target)] == []


def test_our_own_imports_are_relative(all_imports: list[Import]) -> None:
    absolute = [str(found) for found in all_imports if not found.ours and found.target.startswith("potentia")]
    assert absolute == []


@pytest.mark.parametrize(
    ("importer", "target", "fine"),
    [
        ("compiler.checker", "compiler.syntax", True),
        ("compiler.checker", "compiler.passes.cse", False),
        ("compiler.pipeline", "compiler.passes.cse", True),
        ("compiler.builder", "runtime.structures", False),
        ("compiler.units", "compiler.kinds", False),
        ("runtime.fit", "runtime.cli.main", False),
        ("runtime.cli.fit", "runtime.cli.main", True),
    ],
)
def test_the_table_says_what_it_means(importer: str, target: str, fine: bool) -> None:
    assert allowed(rule(OURS, importer), target) is fine


@pytest.mark.parametrize(
    ("importer", "target", "fine"),
    [
        ("compiler.parser", "lark.exceptions", True),
        ("compiler.checker", "lark", False),
        ("compiler.backends.xla_lists", "jax.numpy", True),
        ("compiler.backends.reference", "jax", False),
        ("runtime.readers", "jax", False),
        ("runtime.residuals", "jax", True),
    ],
)
def test_the_table_of_others_says_what_it_means(importer: str, target: str, fine: bool) -> None:
    assert allowed(rule(OTHERS, importer), target) is fine

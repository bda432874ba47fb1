"""The page of the Python interface: signatures and docstrings of its functions and of what they return."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import potentia
from potentia.runtime.api import options
from potentia.runtime.api.design import Front
from potentia.runtime.api.diff import Comparison
from potentia.runtime.api.evaluate import Evaluation
from potentia.runtime.api.export import Export
from potentia.runtime.api.fisher import Information
from potentia.runtime.api.fit import Fit
from potentia.runtime.api.properties import Properties
from potentia.runtime.api.prune import Pruning
from potentia.runtime.api.read_data import Dataset
from potentia.runtime.potential.potential import Potential
from potentia.runtime.runs.run_folder import FittedPotential
from safe_text import cell, plain

# every function of the package, in the order of a fit
FUNCTIONS: Sequence[Callable[..., Any]] = (
    potentia.read_data,
    potentia.compile,
    potentia.fit,
    potentia.load,
    potentia.evaluate,
    potentia.fisher,
    potentia.prune,
    potentia.design,
    potentia.properties,
    potentia.diff,
    potentia.export,
    potentia.parse,
    potentia.check,
    potentia.build,
)
RESULTS: Sequence[type] = (
    Dataset,
    Potential,
    FittedPotential,
    Fit,
    Evaluation,
    Information,
    Pruning,
    Front,
    Properties,
    Comparison,
    Export,
)
OTHERS: Sequence[type] = (potentia.Calculator, potentia.Observer, potentia.Diagnostic, potentia.UserError)
OPTIONS: Sequence[Any] = (
    options.FitOptions,
    options.DesignOptions,
    options.DataOptions,
    options.LabelOptions,
    options.FileOptions,
    options.WeightOptions,
)
_MANNERS = ("lines", "parts")  # how a result is printed, for itself
_HEAD = """# Python

Made from the signatures and docstrings of the package. How to use them: [from Python](python.md). Energies are in eV, lengths in Å,
forces in eV/Å, stress in eV/Å³ (tension positive, as in ASE), unless it is said otherwise.
"""


class Described(NamedTuple):
    """A docstring in its parts: the text, a meaning for each name, the errors."""

    text: str
    meanings: dict[str, str]
    errors: str


def described(doc: str, names: Iterable[str]) -> Described:
    """The parts of a docstring. names: the arguments or attributes that it may describe, as `name: …`."""
    words = "|".join(map(re.escape, names)) or "(?!)"
    text, _, errors = re.sub(r"(?<=[.\n] )Raises |(?<=\n)Raises ", "\0", inspect.cleandoc(doc)).partition(
        "\0"
    )
    shape = r"(?: \([^)\n]*\))?"  # theta (P,): …
    pieces = re.split(
        rf"(?:^|(?<=[.;] ))((?:{words}){shape}(?:, (?:{words}){shape})*): ", text, flags=re.MULTILINE
    )
    meanings: dict[str, str] = {}
    for some, meaning in zip(pieces[1::2], pieces[2::2], strict=True):
        # what stands behind a paragraph of its own, or in a new sentence on a new line, is text
        for name in re.findall(rf"\b(?:{words})\b", some):
            size = re.search(rf"\b{re.escape(name)} (\([^)]*\))", some)
            meanings[name] = (f"{size[1]}: " if size else "") + " ".join(meaning.split())
    return Described(pieces[0].strip(), meanings, " ".join(errors.split()))


def api_page() -> str:
    """The page in Markdown: functions, what they return, options."""
    parts = [_HEAD, "## Functions", *(_function(f) for f in FUNCTIONS)]
    parts += ["## What they return", *(_class(c) for c in RESULTS)]
    parts += ["## What else there is", *(_class(c) for c in OTHERS)]
    parts += [
        "## Options",
        "The meaning, the default and the bounds of each: [configuration files](settings.md).",
    ]
    return "\n\n".join([*parts, *(_options(o) for o in OPTIONS)]) + "\n"


def _function(function: Callable[..., Any]) -> str:
    name, signature = function.__name__, inspect.signature(function)
    found = described(function.__doc__ or "", signature.parameters)
    shown = _signature(f"potentia.{name}", signature)
    rows = [f"| `{p}` | {cell(found.meanings[p])} |" for p in signature.parameters if p in found.meanings]
    table = "\n".join(["| argument | meaning |", "|---|---|", *rows]) if rows else ""
    parts = [f"### {name} {{#{name}}}", shown, plain(found.text), table, _errors(found), _returns(signature)]
    return "\n\n".join(part for part in parts if part)


def _signature(name: str, signature: inspect.Signature) -> str:
    """On one line where it is short, else a line for each argument."""
    given = [_written_argument(p) for p in signature.parameters.values()]
    kinds = [p.kind for p in signature.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds:
        given.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    end = "" if signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(given)}){end}"
    if len(line) > 90:
        line = f"{name}(\n" + "".join(f"    {each},\n" for each in given) + f"){end}"
    return f"```python\n{line}\n```"


def _written_argument(p: inspect.Parameter) -> str:
    """An argument as the source has it: with the name of a default that is a function."""
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(p.kind, "")
    typed = "" if p.annotation is p.empty else f": {p.annotation}"
    value = getattr(p.default, "__name__", repr(p.default))
    default = "" if p.default is p.empty else f" = {value}"
    return f"{star}{p.name}{typed}{default}"


def _errors(found: Described) -> str:
    return f"Raises {plain(found.errors)}" if found.errors else ""


def _returns(signature: inspect.Signature) -> str:
    name = str(signature.return_annotation)
    return f"Returns [{name}](#class-{name.lower()})." if name in {c.__name__ for c in RESULTS} else ""


def _class(kind: type) -> str:
    fields = fields_of(kind)
    found = described(kind.__doc__ or "", fields)
    known = {**{n: "" for n in found.meanings}, **fields}
    rows = [f"| `{n}` | {_code(t)} | {cell(found.meanings.get(n, ''))} |" for n, t in known.items()]
    members = [
        (n, getattr(kind, n)) for n in vars(kind) if not n.startswith("_") and n not in (*fields, *_MANNERS)
    ]
    for name, member in members:
        if isinstance(member, property):
            rows.append(f"| `{name}` | {_code(_result(member.fget))} | {cell(member.__doc__ or '')} |")
    table = "\n".join(["| attribute | type | meaning |", "|---|---|---|", *rows]) if rows else ""
    methods = [_method(n, m) for n, m in members if inspect.isfunction(m) and not _is_inherited(kind, n)]
    above = [f"[{c.__name__}](#class-{c.__name__.lower()})" for c in kind.__mro__[1:] if c in RESULTS]
    also = f"It is a {above[0]}, and has all that one has." if above else ""
    parts = [
        f"### {kind.__name__} {{#class-{kind.__name__.lower()}}}",
        plain(found.text),
        also,
        table,
        *methods,
    ]
    return "\n\n".join(part for part in [*parts, _errors(found)] if part)


def fields_of(kind: type) -> dict[str, str]:
    """The public fields of a dataclass of its own, with their types as they are written."""
    own = kind.__dict__.get("__annotations__", {}) if dataclasses.is_dataclass(kind) else {}
    return {name: str(annotation) for name, annotation in own.items() if not name.startswith("_")}


def _is_inherited(kind: type, name: str) -> bool:
    """Whether the method is one that a class above explains, and this one does not."""
    return not getattr(kind, name).__doc__ and any(hasattr(c, name) for c in kind.__mro__[1:])


def _result(function: Callable[..., Any] | None) -> str:
    return "" if function is None else str(inspect.signature(function).return_annotation)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _method(name: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    own = signature.replace(parameters=[p for p in signature.parameters.values() if p.name != "self"])
    return f"{_signature('.' + name, own)}\n\n{plain(inspect.cleandoc(function.__doc__ or ''))}"


def _options(kind: Any) -> str:
    rows = [f"| `{n}` | {_code(_written(kind, n))} |" for n in kind.__annotations__]
    text = plain(inspect.cleandoc(kind.__doc__ or ""))
    table = "\n".join(["| option | type |", "|---|---|", *rows])
    return f"### {kind.__name__} {{#{kind.__name__.lower()}}}\n\n{text}\n\n{table}"


def _written(kind: Any, name: str) -> str:
    """The type of an option as it is written."""
    found = kind.__annotations__[name]
    return str(getattr(found, "__forward_arg__", found))

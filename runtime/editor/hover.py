"""The description of the word under the pointer, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import lookup
from ...compiler.elaborate.builtins import BUILTINS
from ...compiler.elaborate.radial_bases import ARGUMENTS, FAMILIES
from . import describe
from .document import Document
from .fitted import Fitted, run_beside
from .names import Names, Symbol
from .outline import Declaration, TermOutline
from .quantities import amount, shown, term_quantities
from .vocabulary import (
    GEOMETRY_HELP,
    KEYWORD_HELP,
    SHARING_HELP,
    species_help,
    unit_help,
)
from .words import word_at
from .workspace import Workspace, in_library

_ROWS = 16  # of a table of fitted numbers


@dataclass(frozen=True)
class Hover:
    """Markdown about characters start:end."""

    start: int
    end: int
    text: str


def hover(document: Document, workspace: Workspace, offset: int) -> Hover | None:
    """The description of the word at an offset; None where there is none."""
    outline = document.outline
    k = word_at(outline.words, offset)
    symbol = None if k is None else Names(document, workspace).meaning(k)
    if k is None or symbol is None:
        return None
    text = _told(document, k, symbol)
    return Hover(outline.words[k].start, outline.words[k].end, text) if text else None


def _told(document: Document, k: int, symbol: Symbol) -> str:
    if symbol.kind == "term":
        return _joined(about_term(symbol), _fitted_of_call(document, k, None))
    if symbol.kind == "param":
        return _joined(about(symbol), _fitted_parameter(document, k, symbol))
    if symbol.kind == "let" and document.model is not None:  # a term in it carries its name
        own = [p.name for p in document.model.parameters if p.term == symbol.name]
        return _joined(about(symbol), _fitted(document, own))
    return about(symbol)


def about(symbol: Symbol) -> str:
    """A symbol in words, as Markdown."""
    name = symbol.name
    match symbol.kind:
        case "unit":
            return unit_help("Å" if lookup(name) and name == "\u212b" else name)
        case "species":
            return f"**{name}**: {species_help(name)}" if name in ELEMENTS else ""
        case "keyword":
            return KEYWORD_HELP.get(name) or SHARING_HELP.get(name, "")
        case "function":
            return describe.linked(BUILTINS[name].help)
        case "basis":
            family = name.rstrip("0123456789")
            return f"basis `{family}`: {describe.linked(FAMILIES[family].help)}"
        case "geometry":
            return f"`{name}`: {GEOMETRY_HELP[name.partition('_')[0]]}"
        case "index":
            return f"`{name}`: {'the atom' if name == 'i' else 'a neighbour of i'}"
        case "constant":
            return "π = 3.14159…"
        case "label":
            return f"`{name}`: {ARGUMENTS[name]}" if name in ARGUMENTS else ""
        case "energy":
            return "the energy, eV: a sum over atoms"
        case "local":
            return f"`{name}`: an argument of this definition"
        case _:
            return _about_declaration(symbol)


def _about_declaration(symbol: Symbol) -> str:
    document, what, term = symbol.document, symbol.declaration, symbol.term
    assert document is not None and what is not None
    if isinstance(what, TermOutline):
        return about_term(symbol)
    head = describe.code(describe.source_text(document, what.start, what.end))
    facts = ""
    if what.kind == "let":
        value = describe.value_of_let(document, what.name)
        facts = f"= {value}" if value else ""
    elif term is not None and what.kind == "param":
        facts = _about_parameter(document, term, what)
    elif term is not None and what.kind == "formal":
        unit = describe.unit_text(document, term, what.name)
        facts = f"argument of `{term.name}`" + (f", in {unit}" if unit and unit != "1" else "")
    elif term is not None and what.kind == "definition":
        quantities = term_quantities(document, term.name)
        value = shown(quantities.definition(what.name)) if quantities else None
        facts = f"of `{term.name}`" + (f": {value}" if value and value != "1" else "")
    return _joined(head, facts, describe.comment(document, what))


def _about_parameter(document: Document, term: TermOutline, what: Declaration) -> str:
    unit = describe.unit_text(document, term, what.name)
    fixed = ", not fitted" if document.outline.text(what.start) == "fixed" else ""
    parts = [f"parameter of `{term.name}`, one for each {describe.sharing(document, what)}{fixed}"]
    parts += [f"unit: {unit}" if unit != "1" else "a plain number"] if unit else []
    bounds = describe.bounds(document, what)
    return "  \n".join([*parts, f"bounds: {bounds}" if bounds else "no bounds"])


def about_term(symbol: Symbol) -> str:
    """Signature, comment, source of the energy, parameters."""
    document, term = symbol.document, symbol.declaration
    assert document is not None and isinstance(term, TermOutline)
    where = "standard library" if in_library(document) else ""
    return _joined(
        describe.code(describe.signature(document, term)),
        describe.comment(document, term),
        describe.code(describe.formula(document, term)),
        describe.parameter_table(document, term),
        f"*{where}*" if where else "",
    )


def _joined(*parts: str) -> str:
    return "\n\n".join(p for p in parts if p)


# --- fitted values ------------------------------------------------------------------------------


def _fitted_parameter(document: Document, k: int, symbol: Symbol) -> str:
    """The numbers of a parameter: at a call those of that instance, at its declaration those of all, of
    `core.sigma` those of its owner.
    """
    if document.outline.text(k - 1) == ".":
        return _fitted(document, [f"{document.outline.text(k - 2)}.{symbol.name}"])
    if document.outline.places[k].frame is not None and symbol.document is not None:
        frame = document.outline.places[k].frame
        if frame is not None and frame.role == "call" and frame.callee is not None:
            return _fitted_of_call(document, frame.callee, symbol.name)
    model = document.model
    term = symbol.term
    if model is None or term is None or symbol.document is not document:
        return ""
    return _fitted(document, [f"{t.name}.{symbol.name}" for t in model.terms if t.called == term.name])


def _fitted_of_call(document: Document, k: int, parameter: str | None) -> str:
    """The numbers of the instance that a call makes, or of one parameter of it."""
    model, start = document.model, document.outline.words[k].start
    if model is None:
        return ""
    here = [t for t in model.terms if t.origin is not None and t.origin.source.name == document.name]
    made = [t.name for t in here if t.origin is not None and t.origin.start == start]
    names = [p.name for p in model.parameters if p.term in made]
    return _fitted(document, [n for n in names if parameter is None or n.endswith(f".{parameter}")])


def _fitted(document: Document, parameters: list[str]) -> str:
    run = run_beside(document) if parameters else None
    numbers = [] if run is None else [n for p in parameters for n in run.of(p)]
    if run is None or not numbers:
        return ""
    rows = [f"| `{n.name}` | {amount(n.value, n.unit)} | {_deviation(n)} |" for n in numbers[:_ROWS]]
    rows += [f"| … {len(numbers) - _ROWS} more | | |"] if len(numbers) > _ROWS else []
    near = _folder(document, run.folder)
    head = f"fitted in `{near}`" + ("" if run.same else ", from another text of this spec")
    return f"{head}:\n\n| number | value | ± σ |\n|---|---|---|\n" + "\n".join(rows)


def _folder(document: Document, folder: object) -> str:
    return str(folder).removeprefix(f"{document.folder}/")


def _deviation(number: Fitted) -> str:
    if not number.free:
        return "fixed"
    if number.sigma is None:
        return "not known"
    return "no label depends on it" if isinf(number.sigma) else f"{number.sigma:.2g}"

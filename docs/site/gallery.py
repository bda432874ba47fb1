"""A page for each term of the library: its use, plot, formula, parameters, cost and source, from its own text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from gallery_data import Cost, Costs, costs, example, papers
from gallery_plot import svg
from potentia.compiler.declarations import library
from potentia.compiler.syntax import mathml
from potentia.compiler.syntax import tree as syntax
from safe_text import cell, plain

_DOI = re.compile(r"doi:(10\.\S+\w)")
_PARTS = {
    "pair": "<mrow><munder><mo>∑</mo><mrow><mi>i</mi><mo>&lt;</mo><mi>j</mi></mrow></munder>"
    "<msub><mi>E</mi><mi>pair</mi></msub><mo>(</mo><msub><mi>r</mi><mi>ij</mi></msub><mo>)</mo></mrow>",
    "site": "<mrow><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>E</mi><mrow><mi>site</mi><mo>,</mo><mi>i</mi></mrow>"
    "</msub></mrow>",
    "triple": "<mrow><munder><mo>∑</mo><mrow><mi>i</mi></mrow></munder><munder><mo>∑</mo><mrow><mi>j</mi><mo>&lt;</mo>"
    "<mi>k</mi></mrow></munder><msub><mi>E</mi><mi>triple</mi></msub></mrow>",
}


def term_names() -> tuple[str, ...]:
    """The terms of the library."""
    return tuple(library.term_names())


def index_page() -> str:
    """The page that shows all terms."""
    found = costs()
    rows = [
        f"| [`{name}`]({name}.md) | {cell(example(name).when.split('. ')[0].rstrip('.') + '.')} "
        f"| {_micros(found.terms.get(name))} |"
        for name in term_names()
    ]
    head = (
        "# Gallery of terms\n\nThe terms of the standard library, each a file of the language in `specs/std`."
    )
    table = ["| term | when to use it | µs an atom |", "|---|---|---|", *rows]
    return "\n\n".join([head, "\n".join(table), _measured(found)]) + "\n"


def drawn() -> tuple[str, ...]:
    """The terms that have a plot."""
    return tuple(name for name in term_names() if example(name).shows != "nothing")


def picture(name: str) -> str:
    """The plot of a term, SVG."""
    return svg(example(name))


def term_page(name: str) -> str:
    """The page of a term. Raises KeyError where gallery.toml says nothing about it."""
    term, text, shown = _term(name), _text(name), example(name)
    parts = [f"# {name}", plain(shown.when)]
    if shown.shows != "nothing":
        parts.append(f"![{_caption(shown.shows)}]({name}.svg)")
    parts += ["## Formula", _formula(term)]
    parts += ["## Arguments and parameters", *_tables(term)]
    parts += ["## Cost", _cost(costs().terms.get(name), costs())]
    parts += ["## Source", _sources(text), f"```pes\n{text.rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


@cache
def _term(name: str) -> syntax.Term:
    found = library.term(name)
    if found is None:
        raise KeyError(name)
    return found


def _text(name: str) -> str:
    return (Path(library.folder()) / f"{name}.pes").read_text("utf-8")


def _caption(shows: str) -> str:
    if shows == "angle":
        return "Energy of three atoms beyond free ones, by the angle between two bonds"
    return "Energy of two atoms beyond free ones, by their distance"


def _formula(term: syntax.Term) -> str:
    """The energy as a sum, then the definitions in the order of the file."""
    definitions = [m for m in term.members if isinstance(m, syntax.Definition)]
    sums = "<mo>+</mo>".join(_PARTS[d.name] for d in definitions if d.name in _PARTS)
    lines = [f'<math display="block"><mi>E</mi><mo>=</mo>{sums}</math>']
    lines += [mathml.equation(definition) for definition in definitions]
    return '<div class="formula">\n' + "\n".join(lines) + "\n</div>"


def _tables(term: syntax.Term) -> list[str]:
    params = [m for m in term.members if isinstance(m, syntax.Param)]
    parts = []
    if term.formals:
        rows = [f"| `{f.name}` | {f'`{f.default.span.text}`' if f.default else ''} |" for f in term.formals]
        parts.append("\n".join(["| argument | default |", "|---|---|", *rows]))
    if params:
        head = ["| parameter | symbol | start | bounds | one for each |", "|---|---|---|---|---|"]
        parts.append("\n".join([*head, *(_row(p) for p in params)]))
    return parts or ["It has none."]


def _row(param: syntax.Param) -> str:
    size = f"[{param.size.span.text}]" if param.size else ""
    bounds = f"{param.bounds[0].span.text} … {param.bounds[1].span.text}" if param.bounds else ""
    start = f"`{param.value.span.text}`{', fixed' if param.fixed else ''}"
    name, symbol = f"`{param.name}{size}`", mathml.symbol(param.name)
    return f"| {name} | {symbol} | {start} | {bounds} | {param.sharing or 'pair'} |"


def _cost(cost: Cost | None, all_costs: Costs) -> str:
    if cost is None:
        return "It was not measured yet."
    numbers = f"{cost.parameters} trained parameter{'' if cost.parameters == 1 else 's'}"
    return f"`{cost.call}` takes **{_micros(cost)} µs** an atom and has {numbers}. {_measured(all_costs)}"


def _micros(cost: Cost | None) -> str:
    return "" if cost is None else f"{cost.microseconds:.2g}"


def _measured(found: Costs) -> str:
    return (
        "Energy, forces and virial in f64 by generated C++, one thread, processor time, of a crystal of one species with 1 Å "
        f"of skin, at the term's defaults; {found.machine}, {found.date} (`benchmarks/bench_terms.py`)."
    )


def _sources(text: str) -> str:
    known = papers()
    dois = dict.fromkeys(_DOI.findall(text))
    lines = [f"- {plain(known[doi])}, doi [{doi}](https://doi.org/{doi})" for doi in dois]
    return "\n".join([*lines, "", "Its text:"]) if lines else "Its text:"

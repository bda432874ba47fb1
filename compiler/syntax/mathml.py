"""Formulas of the language as MathML, which browsers typeset by themselves.

A product with `/` becomes a fraction, `sum(j)` a Σ, `epsilon(i, j)` an ε with indices, `r_ij` and `lambda1` a
letter with an index. A function that has no sign of its own keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from . import tree as syntax

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
}
_SIGNS = {"outer": "⊗", "dot": "·"}
_VALUE = re.compile(r"[\d.]+(?:[eE][+-]?\d+)?")
_ATOMS = {"i", "j", "k"}
# the members of a term that are its energy: of a pair, an atom, a triple
ENERGIES = {"pair": "E_pair", "site": "E_site", "triple": "E_triple"}
_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how closely an expression binds


def equation(definition: syntax.Definition) -> str:
    """A definition of a term as a `<math>` element in a line of its own."""
    name = ENERGIES.get(definition.name, definition.name)
    indices = definition.formals or ()
    if indices and set(indices) <= _ATOMS:
        left = _indexed(name, indices)
    else:
        left = _applied(name, [_name(f) for f in indices]) if indices else _name(name)
    return _math(f"{left}<mo>=</mo>{_typeset(definition.value)}")


def formula(expr: syntax.Expr) -> str:
    """An expression as a `<math>` element in a line of its own."""
    return _math(_typeset(expr))


def symbol(name: str) -> str:
    """A name as a `<math>` element within a line."""
    return f"<math>{_name(name)}</math>"


def _math(inside: str) -> str:
    return f'<math display="block"><mrow>{inside}</mrow></math>'


def _typeset(expr: syntax.Expr, within: int = _SUM) -> str:
    """Within a sum, product or power, parentheses stand around what binds less."""
    binds, inside = _parts(expr)
    return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>" if binds < within else inside


def _parts(expr: syntax.Expr) -> tuple[int, str]:
    """How closely an expression binds, and its presentation."""
    match expr:
        case syntax.Number():
            return (_ATOM, _number(expr)) if expr.unit is None else (_PRODUCT, _number(expr))
        case syntax.Name():
            return _ATOM, _name(expr.name)
        case syntax.Negative():
            return _SUM, f"<mo>−</mo>{_typeset(expr.operand, _PRODUCT)}"
        case syntax.Chain():
            return _chain(expr)
        case syntax.Power():
            return _POWER, f"<msup>{_row(_typeset(expr.base, _ATOM))}{_row(_typeset(expr.exponent))}</msup>"
        case syntax.Neighbours():
            return _PRODUCT, _sum_over(expr)
        case syntax.Call():
            return _call(expr)
        case syntax.List():
            return _ATOM, f"<mo>[</mo>{_listed(expr.items)}<mo>]</mo>"
        case syntax.Pin():
            return _parts(expr.operand)
        case syntax.Setting():
            return _parts(expr.value)
        case _:  # strings, tables, parameters of other terms: as they are written
            return _ATOM, f"<mtext>{escape(expr.span.text)}</mtext>"


def _number(number: syntax.Number) -> str:
    written = _VALUE.match(number.span.text)
    value = f"<mn>{written[0] if written else number.value}</mn>"
    if number.unit is None:
        return value
    unit = f'<mi mathvariant="normal">{escape(number.unit)}</mi>'
    unit = unit if number.exponent == 1 else f"<msup>{unit}<mn>{number.exponent}</mn></msup>"
    return f'{value}<mspace width="0.2em"/>{unit}'


def _name(name: str) -> str:
    """A letter with its index: `r_ij`, `lambda1`, `rc`."""
    if name == "rc":
        name = "r_c"
    elif name.startswith("rc_"):
        name = f"r_c {name[3:]}"
    stem, _, index = name.partition("_")
    numbered = re.fullmatch(r"([A-Za-z]+)(\d+)", stem)
    if numbered and not index:
        stem, index = numbered[1], numbered[2]
    if stem == "cos" and index:  # of an angle: `cos_jik`, `cos0`
        return f"<mi>cos</mi><mo>&#x2061;</mo><msub><mi>θ</mi>{_index(index)}</msub>"
    letter = _GREEK.get(stem, stem)
    if index and len(letter) > 1 and not numbered:  # words: `square_root`
        letter, index = name.replace("_", " "), ""
    shown = f"<mi>{escape(letter)}</mi>"
    return f"<msub>{shown}{_index(index)}</msub>" if index else shown


def _index(index: str) -> str:
    return f"<mn>{index}</mn>" if index.isdigit() else f"<mi>{escape(index.replace('_', ' '))}</mi>"


def _indexed(name: str, indices: Sequence[str]) -> str:
    """`epsilon(i, j)`: the name with the atoms as its index, behind the index that it has."""
    letters = "".join(f"<mi>{i}</mi>" for i in indices)
    stem = _name(name)
    inner = re.fullmatch(r"<msub>(<mi>.*?</mi>)(.*)</msub>", stem)
    if inner:
        return f"<msub>{inner[1]}<mrow>{inner[2]}<mo>,</mo>{letters}</mrow></msub>"
    return f"<msub>{stem}<mrow>{letters}</mrow></msub>"


def _chain(chain: syntax.Chain) -> tuple[int, str]:
    first, *rest = chain.operands
    if chain.operators[0] in "+-":
        parts = [_typeset(first, _SUM)]
        for sign, operand in zip(chain.operators, rest, strict=True):
            parts += [f"<mo>{sign.replace('-', '−')}</mo>", _typeset(operand, _PRODUCT)]
        return _SUM, "".join(parts)
    above, below = [first], list[syntax.Expr]()
    for sign, operand in zip(chain.operators, rest, strict=True):
        (below if sign == "/" else above).append(operand)
    if not below:
        return _PRODUCT, _product(above)
    return _PRODUCT, f"<mfrac>{_row(_product(above))}{_row(_product(below))}</mfrac>"


def _product(factors: Sequence[syntax.Expr]) -> str:
    """Factors side by side, with a dot before a number."""
    within = _PRODUCT if len(factors) > 1 else _SUM
    parts = [_typeset(factors[0], _SUM if isinstance(factors[0], syntax.Negative) else within)]
    for factor in factors[1:]:
        base = factor.base if isinstance(factor, syntax.Power) else factor
        sign = "<mo>·</mo>" if isinstance(base, syntax.Number) else '<mspace width="0.17em"/>'
        parts += [sign, _typeset(factor, within)]
    return "".join(parts)


def _sum_over(expr: syntax.Neighbours) -> str:
    below = f"<mi>{expr.index}</mi>"
    if expr.cutoff is not None:
        below += f"<mo>,</mo><mi>r</mi><mo>&lt;</mo>{_typeset(expr.cutoff)}"
    return f"<munder><mo>∑</mo><mrow>{below}</mrow></munder>{_typeset(expr.body, _PRODUCT)}"


def _call(call: syntax.Call) -> tuple[int, str]:
    values = [argument.value for argument in call.arguments]
    named = [v.name for v in values if isinstance(v, syntax.Name)]
    if call.name == "exp" and len(values) == 1:
        return _POWER, f"<msup><mi>e</mi>{_row(_typeset(values[0]))}</msup>"
    if call.name == "sqrt" and len(values) == 1:
        return _ATOM, f"<msqrt>{_typeset(values[0])}</msqrt>"
    if len(named) == len(values) and named and set(named) <= _ATOMS:
        return _ATOM, _indexed(call.name, named)
    if call.name in _SIGNS and len(values) == 2:
        left, right = (_typeset(v, _POWER) for v in values)
        return _PRODUCT, f"{left}<mo>{_SIGNS[call.name]}</mo>{right}"
    return _POWER, _applied("ln" if call.name == "log" else call.name, [_typeset(v) for v in values])


def _applied(name: str, arguments: Sequence[str]) -> str:
    inside = "<mo>,</mo>".join(_row(a) for a in arguments)
    return f"{_name(name)}<mo>&#x2061;</mo><mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"


def _listed(items: Sequence[syntax.Expr]) -> str:
    return "<mo>,</mo>".join(_row(_typeset(item)) for item in items)


def _row(inside: str) -> str:
    return f"<mrow>{inside}</mrow>"

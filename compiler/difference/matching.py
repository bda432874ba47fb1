"""Pairs of equal terms of two specs: by formula, arguments, parameters; not by lines or names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..declarations import library
from ..declarations.keywords import ENERGIES, INDICES
from ..elaborate.values import Value
from ..ir.parameter import Parameter
from ..syntax import tree as syntax
from . import written
from .assignment import assigned
from .forms import Forms
from .sameness import contents, normal_forms
from .sides import Instance, Side

_ALIKE = (
    0.7  # of the words of two terms with different names are the same: one is a changed form of the other
)
_WORD = re.compile(r"[^\W\d]\w*|\d[\w.]*|\S")


def matched_terms(a: Side, b: Side) -> list[tuple[Instance, Instance]]:
    """Instances with bodies of their own that belong together, in the order of b."""
    of_a, of_b = with_bodies(a), with_bodies(b)
    forms = Forms(a.work)
    keys_a, keys_b = formula_keys(a, forms), formula_keys(b, forms)
    a.work.spend(len(of_a) * len(of_b))
    words = {id(i.term): _members(i.term) for i in (*of_a, *of_b)}
    traits = {id(i): Traits(words[id(i.term)], _shown(i.arguments), _contents(i)) for i in (*of_a, *of_b)}
    costs = [
        [
            _cost(x, y, keys_a[x.name] == keys_b[y.name], traits)
            + 0.001 * abs(k - m) / max(len(of_a), len(of_b))
            for m, y in enumerate(of_b)
        ]
        for k, x in enumerate(of_a)
    ]
    pairs = assigned(costs, len(of_b))
    return [(of_a[k], of_b[m]) for k, m in sorted(pairs, key=lambda pair: pair[1])]


def with_bodies(side: Side) -> list[Instance]:
    return [i for i in side.instances if i.term.alias is None]


def formula_keys(side: Side, forms: Forms) -> dict[str, bytes]:
    """A digest of each instance's energy, with parameters by their contents and not by their names."""
    normal = normal_forms(forms, side, contents(side, forms.numbers), {n: n for n in side.parameters})
    return {i.name: normal.of(i.energy).key for i in with_bodies(side)}


class Traits(NamedTuple):
    """What is compared of two instances, each a bag."""

    words: list[str]
    arguments: list[tuple[str, str | None]]
    parameters: list[tuple[str, str]]


def _cost(x: Instance, y: Instance, same_formula: bool, traits: Mapping[int, Traits]) -> float:
    """0 for the same term, below `ALONE`·2 for a possible changed form of the other."""
    called = 0.0 if x.name == y.name else 0.01
    if same_formula:
        return called
    of_x, of_y = traits[id(x)], traits[id(y)]
    alike = 1.0 if of_x.words is of_y.words else _shared(of_x.words, of_y.words)
    if x.called != y.called and (alike < _ALIKE or (_of_library(x) and _of_library(y))):
        return float("inf")
    return (
        called
        + 0.3 * (1 - alike)
        + 0.2 * (x.called != y.called)
        + 0.5 * (1 - _shared(of_x.arguments, of_y.arguments))
        + 0.3 * (1 - _shared(of_x.parameters, of_y.parameters))
        + 0.1
    )


def _of_library(instance: Instance) -> bool:
    """Two terms of the library have two names because they are two things, however alike in words."""
    return library.term(instance.called) is instance.term


def _shared(a: Sequence[object], b: Sequence[object]) -> float:
    """The share of two bags that is in both, 0 to 1."""
    if not a and not b:
        return 1.0
    return 2 * (Counter(a) & Counter(b)).total() / (len(a) + len(b))


def _members(term: syntax.Term) -> list[str]:
    """The words of a term, its own names by their place."""
    return [word for text in spelt(term).values() for word in text.split()]


def spelt(term: syntax.Term) -> dict[str, str]:
    """Each member of a term in words that do not depend on the names that it has chosen."""
    own = dict.fromkeys([*(f.name for f in term.formals), *(m.name for m in term.members)])
    places = {name: f"#{k}" for k, name in enumerate(own) if name not in ENERGIES}
    return {m.name: _spelt(m, places) for m in term.members}


def _spelt(member: syntax.Param | syntax.Definition, places: Mapping[str, str]) -> str:
    formals = member.formals or () if isinstance(member, syntax.Definition) else ()
    known = dict(places) | {name: f"${k}" for k, name in enumerate(formals) if name not in INDICES}
    words = _WORD.findall(written.one_line(member.span.text))
    return " ".join(known.get(word, word) for word in words)


def _shown(arguments: Mapping[str, Value]) -> list[tuple[str, str | None]]:
    return [(name, written.value(v)) for name, v in arguments.items()]


def _contents(instance: Instance) -> list[tuple[str, str]]:
    return [(name, written.parameter(p)) for name, p in instance.parameters.items()]


def matched_parameters(x: Instance, y: Instance) -> list[tuple[Parameter, Parameter]]:
    """Parameters of two terms that belong together: of one name, else alike."""
    pairs = [(p, y.parameters[name]) for name, p in x.parameters.items() if name in y.parameters]
    left = [p for name, p in x.parameters.items() if name not in y.parameters]
    over = [q for name, q in y.parameters.items() if name not in x.parameters]
    for exact in (True, False):
        for p in list(left):
            found = next((q for q in over if _alike(p, q, exact)), None)
            if found is not None:
                pairs.append((p, found))
                left.remove(p)
                over.remove(found)
    return pairs


def _alike(p: Parameter, q: Parameter, exact: bool) -> bool:
    if exact:
        return written.parameter(p) == written.parameter(q)
    return p.kind == q.kind


def members_that_differ(x: syntax.Term, y: syntax.Term) -> list[tuple[str, str | None, str | None]]:
    """Definitions of two terms with other words, beside names that they have chosen: name, before, after."""
    before, after = _definitions(x), _definitions(y)
    words_x, words_y = spelt(x), spelt(y)
    names = {n: n for n in before if n in after}
    left, over = ([n for n in part if n not in names] for part in (before, after))
    names |= zip(left, over, strict=False)  # named anew
    pairs = [*names.items(), *((n, "") for n in left[len(over) :]), *(("", n) for n in over[len(left) :])]
    return [(n or m, before.get(n), after.get(m)) for n, m in pairs if words_x.get(n) != words_y.get(m)]


def _definitions(term: syntax.Term) -> dict[str, str]:
    return {
        m.name: written.one_line(m.value.span.text) for m in term.members if isinstance(m, syntax.Definition)
    }

"""Differentiate: from the site energy to energy, forces and virial, in the IR, by the reverse mode.

Positions enter through `distance` and `displacement` alone. With g = dE/dd for every neighbour vector d =
x_j + S·h − x_i:
    F_i = Σ_j g_ij − Σ_j g_ji        dE/dε_ab = Σ d_a g_b
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

from ..chemistry.units import ONE
from ..diagnostics.diagnostic import InternalError
from ..ir import build as alg
from ..ir.graph import Model, Node, topological
from ..ir.ops import const, make
from ..ir.types import Domain

_LEAVES = ("distance", "displacement")


def differentiate_energy(model: Model) -> Model:
    """A model whose outputs are `energy`, `site_energy`, `forces` and `virial`."""
    site = model.outputs["energy"]
    gradients = _gradients(site)
    forces: Node | None = None
    virial: Node | None = None
    for domain in sorted({n.kind.domain for n in gradients}, key=str):
        g, d = _edge_gradient(domain, gradients), make("displacement", domain=domain)
        rc = domain.rc
        pull = alg.sub(make("sum_i", g, within=rc), make("sum_j", g, within=rc))
        turn = make("total", make("einsum", d, g, spec="a,b->ab"), within=rc)
        forces = pull if forces is None else alg.add(forces, pull)
        virial = turn if virial is None else alg.add(virial, turn)
    outputs = {"energy": make("total", site), "site_energy": site}
    if forces is not None and virial is not None:
        outputs |= {"forces": forces, "virial": virial}
    return model.with_outputs(outputs)


def _edge_gradient(domain: Domain, gradients: dict[Node, Node]) -> Node:
    """dE/dd for each neighbour: dE/dr · d/r, plus what directions give."""
    r, d = make("distance", domain=domain), make("displacement", domain=domain)
    total: Node | None = gradients.get(d)
    if r in gradients:
        along = alg.mul(alg.div(gradients[r], r), d)
        total = along if total is None else alg.add(total, along)
    assert total is not None
    return total


def _gradients(site: Node) -> dict[Node, Node]:
    """dE/dleaf for every leaf that positions enter through, E the sum of the site energies."""
    order = list(topological([site]))
    active: set[Node] = set()
    for node in order:
        if node.op in _LEAVES or any(a in active for a in node.args):
            active.add(node)
    adjoint: dict[Node, Node] = {site: const(1.0, domain=site.kind.domain)} if site in active else {}
    for node in reversed(order):
        if node not in active or node.op in _LEAVES or node not in adjoint:
            continue
        for argument, contribution in _pull_back(node, adjoint[node], active):
            contribution = _shaped_like(argument, contribution)
            known = adjoint.get(argument)
            adjoint[argument] = contribution if known is None else alg.add(known, contribution)
    return {n: adjoint[n] for n in order if n.op in _LEAVES and n in adjoint}


def _pull_back(node: Node, a: Node, active: set[Node]) -> list[tuple[Node, Node]]:
    rule = _RULES.get(node.op)
    if rule is None:
        raise InternalError(f"no derivative of `{node.op}`")
    pairs = zip(node.args, rule(node, a), strict=True)
    return [(argument, make_it()) for argument, make_it in pairs if argument in active]


def _shaped_like(argument: Node, a: Node) -> Node:
    """The adjoint of a single value that was used for every component is the sum over components."""
    if argument.kind.shape == a.kind.shape:
        return a
    letters = "abcdef"[: len(a.kind.shape)]
    return make("einsum", a, spec=f"{letters}->")


# --- rules: for each argument, what makes its adjoint (called only where it is needed) -----------

_Lazy = Callable[[], Node]
_RULES: dict[str, Callable[[Node, Node], list[_Lazy]]] = {}


def _rule(*names: str) -> Callable[[Callable[[Node, Node], list[_Lazy]]], None]:
    def register(rule: Callable[[Node, Node], list[_Lazy]]) -> None:
        _RULES.update(dict.fromkeys(names, rule))

    return register


def _unary(name: str, derivative: Callable[[Node, Node], Node]) -> None:
    """derivative(x, f(x)) = f'(x)"""
    _RULES[name] = lambda n, a: [lambda: alg.mul(a, derivative(n.args[0], n))]


_unary("exp", lambda x, f: f)
_unary("log", lambda x, f: make("pow", x, exponent=-1.0))
_unary("erfc", lambda x, f: alg.scale(-2.0 / sqrt(pi), make("exp", make("neg", alg.square(x)))))
_unary("sin", lambda x, f: make("cos", x))
_unary("cos", lambda x, f: make("neg", make("sin", x)))
_unary("tanh", lambda x, f: alg.sub(const(1.0), alg.square(f)))
_unary("abs", lambda x, f: make("sign", x))
_unary("sign", lambda x, f: const(0.0, ONE / x.kind.unit))
_unary("step", lambda x, f: const(0.0, ONE / x.kind.unit))


@_rule("add")
def _add(n: Node, a: Node) -> list[_Lazy]:
    return [lambda: a, lambda: a]


@_rule("neg")
def _neg(n: Node, a: Node) -> list[_Lazy]:
    return [lambda: make("neg", a)]


@_rule("mul")
def _mul(n: Node, a: Node) -> list[_Lazy]:
    x, y = n.args
    return [lambda: alg.mul(a, y), lambda: alg.mul(a, x)]


@_rule("pow")
def _pow(n: Node, a: Node) -> list[_Lazy]:
    p = n["exponent"]
    return [lambda: alg.mul(a, alg.scale(p, make("pow", n.args[0], exponent=p - 1.0)))]


@_rule("power")
def _power(n: Node, a: Node) -> list[_Lazy]:
    x, y = n.args
    return [
        lambda: alg.mul(a, y, make("power", x, alg.shift(y, -1.0))),
        lambda: alg.mul(a, n, make("log", x)),
    ]


@_rule("max")
def _max(n: Node, a: Node) -> list[_Lazy]:
    x, y = n.args
    first = make("step", alg.sub(x, y))
    return [lambda: alg.mul(a, first), lambda: alg.mul(a, alg.sub(const(1.0), first))]


@_rule("min")
def _min(n: Node, a: Node) -> list[_Lazy]:
    x, y = n.args
    first = make("step", alg.sub(y, x))
    return [lambda: alg.mul(a, first), lambda: alg.mul(a, alg.sub(const(1.0), first))]


@_rule("select")
def _select(n: Node, a: Node) -> list[_Lazy]:
    c = n.args[0]
    zero = alg.zeros_like(a)
    flat = const(0.0, a.kind.unit * n.kind.unit / c.kind.unit, domain=n.kind.domain)
    return [lambda: flat, lambda: make("select", c, a, zero), lambda: make("select", c, zero, a)]


@_rule("einsum")
def _einsum(n: Node, a: Node) -> list[_Lazy]:
    ins, out = n["spec"].split("->")
    letters = ins.split(",")

    def adjoint(k: int) -> Node:
        others = [(s, x) for j, (s, x) in enumerate(zip(letters, n.args, strict=True)) if j != k]
        present = set(out).union(*(s for s, _ in others)) if others else set(out)
        missing = "".join(c for c in letters[k] if c not in present)
        sizes = dict(zip(letters[k], n.args[k].kind.shape, strict=True))
        ones = [(c, const((1.0,) * sizes[c], shape=(sizes[c],))) for c in missing]
        specs, nodes = zip((out, a), *others, *ones, strict=True)
        return make("einsum", *nodes, spec=f"{','.join(specs)}->{letters[k]}")

    return [lambda k=k: adjoint(k) for k in range(len(n.args))]  # type: ignore[misc]


@_rule("take")
def _take(n: Node, a: Node) -> list[_Lazy]:
    return [lambda: make("put", a, indices=n["indices"], size=n.args[0].kind.shape[-1])]


@_rule("put")
def _put(n: Node, a: Node) -> list[_Lazy]:
    return [lambda: make("take", a, indices=n["indices"])]


@_rule("stack")
def _stack(n: Node, a: Node) -> list[_Lazy]:
    return [lambda k=k: make("reshape", make("take", a, indices=(k,)), shape=()) for k in range(len(n.args))]  # type: ignore[misc]


@_rule("reshape")
def _reshape(n: Node, a: Node) -> list[_Lazy]:
    return [lambda: make("reshape", a, shape=n.args[0].kind.shape)]


def _orders(first: int, n: int) -> Node:
    return const(tuple(float(k) for k in range(first, first + n)), shape=(n,))


@_rule("sines")
def _sines(n: Node, a: Node) -> list[_Lazy]:
    """d sin kx = k cos kx"""
    size = n["n"]

    def adjoint() -> Node:
        waves = make("take", make("cosines", n.args[0], n=size + 1), indices=tuple(range(1, size + 1)))
        return alg.dot(a, alg.mul(_orders(1, size), waves))

    return [adjoint]


@_rule("cosines")
def _cosines(n: Node, a: Node) -> list[_Lazy]:
    """d cos kx = −k sin kx"""
    size = n["n"]

    def adjoint() -> Node:
        if size == 1:
            return const(0.0, a.kind.unit, domain=n.kind.domain)
        waves = alg.mul(_orders(1, size - 1), make("sines", n.args[0], n=size - 1))
        return make("neg", alg.dot(make("take", a, indices=tuple(range(1, size))), waves))

    return [adjoint]


@_rule("chebyshev")
def _chebyshev(n: Node, a: Node) -> list[_Lazy]:
    """T_k' = k U_{k−1}"""
    size = n["n"]

    def adjoint() -> Node:
        if size == 1:
            return const(0.0, a.kind.unit, domain=n.kind.domain)
        slopes = alg.mul(_orders(1, size - 1), make("chebyshev2", n.args[0], n=size - 1))
        return alg.dot(make("take", a, indices=tuple(range(1, size))), slopes)

    return [adjoint]


@_rule("sphericals")
def _sphericals(n: Node, a: Node) -> list[_Lazy]:
    """Σ_m a_m ∂Y_m/∂u: the slopes depend on no parameter, so that a fit works them out once for all"""
    slopes = make("spherical_slopes", n.args[0], l=n["l"])
    return [lambda: make("einsum", a, slopes, spec="m,ma->a")]


def _carried(name: str, back: str) -> None:
    _RULES[name] = lambda n, a: [lambda: make(back, a, within=n.kind.domain.rc)]


_carried("to_i", "sum_i")
_carried("to_j", "sum_j")
_carried("to_ij", "sum_to_ij")
_carried("to_ik", "sum_to_ik")


def _summed(name: str, back: str) -> None:
    _RULES[name] = lambda n, a: [lambda: make(back, a, domain=n.args[0].kind.domain)]


_summed("sum_i", "to_i")
_summed("sum_j", "to_j")
_RULES["sum_species"] = lambda n, a: [lambda: make("to_species", a, domain=n.args[0].kind.domain)]
_RULES["sum_to_ij"] = lambda n, a: [lambda: make("to_ij", a)]
_RULES["sum_to_ik"] = lambda n, a: [lambda: make("to_ik", a)]

"""An example of each operation of the IR, on every domain where it differs, and a model of the examples."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from potentia.compiler.chemistry.units import ANGSTROM, ONE
from potentia.compiler.ir import build as alg
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import OPS, Model, Node, topological
from potentia.compiler.ir.parameter import Parameter, parameter_size
from potentia.compiler.ir.traits import Trait
from potentia.compiler.ir.types import NONE, SITE, Domain, Kind

SPECIES = ("Nb", "O")
EDGE, PAIR, TRIPLE = Domain("edge", 4.2), Domain("pair", 4.2), Domain("triple", 4.2)
NEAR = 3.1  # a cutoff within that of the lists
# elementwise operations of one value: a new one is tried with no more ado
UNARY = tuple(
    op
    for op in OPS.values()
    if op.scalar is not None
    and Trait.COMMUTES not in op.traits
    and op not in (ops.pow, ops.power, ops.select)
)


def param(domain: str, *shape: int) -> Node:
    """A parameter of a domain and shape, named after them."""
    name = ".".join(["p", domain, *map(str, shape)])
    return ops.param(name=name, kind=Kind(Domain(domain), shape))  # type: ignore[arg-type]


def constant(*values: float, shape: tuple[int, ...] | None = None) -> Node:
    return ops.constant(tuple(values), shape=(len(values),) if shape is None else shape)


def plain(domain: Domain) -> Node:
    """Distances as numbers of about 1."""
    return alg.scale(1.0, ops.mul(ops.constant(0.31, ONE / ANGSTROM), ops.distance(domain=domain)))


def vector(domain: Domain) -> Node:
    return ops.mul(ops.constant(0.31, ONE / ANGSTROM), ops.displacement(domain=domain))


@cache
def examples() -> Mapping[str, Node]:
    """By label: the operation, and where there are several, how they differ."""
    found: dict[str, Node] = {}
    x, y = plain(EDGE), plain(PAIR)
    for op in UNARY:
        found[op.name] = op(alg.shift(x, -0.7) if op in (ops.sign, ops.step, ops.abs) else x)
    for exponent in (2.0, 3.0, -1.0, 0.5, -0.5, 0.3):
        found[f"pow {exponent}"] = ops.pow(y, exponent=exponent)
    c = alg.shift(x, -0.7)
    found |= {"max": ops.max(x, alg.square(x)), "min": ops.min(x, alg.square(x))}
    found |= {"power": ops.power(x, c), "select": ops.select(c, x, alg.square(x)), "add": ops.add(x, c)}
    return found | _leaves() | _families() | _moves() | _tables() | _features()


def _leaves() -> dict[str, Node]:
    return {
        "distance": ops.distance(domain=PAIR),
        "displacement pair": ops.mul(plain(PAIR), vector(PAIR)),
        "displacement edge": ops.mul(plain(EDGE), vector(EDGE)),
        "const": constant(1.0, 2.0, 3.0),
        "param": param("species_pair", 2),
    }


def _families() -> dict[str, Node]:
    found = _splines()
    for domain in (PAIR, EDGE):
        x, u = plain(domain), alg.direction(domain)
        for name in ("sines", "cosines", "chebyshev", "chebyshev2"):
            found[f"{name} {domain.name}"] = getattr(ops, name)(x, n=5)
            found[f"{name} {domain.name} 1"] = getattr(ops, name)(x, n=1)
        found[f"chain {domain.name}"] = ops.chain(constant(1.0, shape=()), x, alg.scale(2.0, x), n=4)
        found[f"sphericals {domain.name}"] = ops.mul(x, ops.sphericals(u, l=4))
        found[f"spherical_slopes {domain.name}"] = ops.mul(x, ops.spherical_slopes(u, l=4))
        row = ops.hyperharmonics(x, u, top=3)
        found[f"hyperharmonics {domain.name}"] = row
        found[f"triads {domain.name}"] = ops.triads(row, alg.square(row), row, degrees=((2, 1, 3), (2, 2, 2)))
        weights = ops.stack(x, alg.square(x))
        coupled = ops.couple(weights, row, alg.square(row), degrees=((3, 2, 1), (2, 2, 2)), top=2)
        found[f"couple {domain.name}"] = coupled
    return found


def _splines() -> dict[str, Node]:
    """Knots of the model, of an atom and of a pair, looked up in every way; beyond both ends too."""
    found = {}
    table = ops.at(param("species", 8), domain=SITE, of="i")
    for domain in (PAIR, EDGE):
        x = alg.shift(alg.scale(4.5, plain(domain)), -1.0)
        rows = {
            "model": param("none", 8),
            "i": ops.to_i(table, domain=domain),
            "j": ops.to_j(table, domain=domain),
            "ij": ops.at(param("species_pair_ordered", 8), domain=domain, of="ij"),
        }
        for label, knots in rows.items():
            for order in (0, 1, 2, 3) if label == "j" else (0,):
                found[f"interpolate {domain.name} {label} {order}"] = ops.interpolate(x, knots, order=order)
        for order in range(4):
            found[f"to_knots {domain.name} {order}"] = ops.to_knots(plain(domain), x, size=8, order=order)
    found["interpolate site"] = ops.interpolate(atoms_values(), table, order=0)
    ij, ik = (move(rows["ij"]) for move in (ops.to_ij, ops.to_ik))
    ends = ops.interpolate(ops.to_ij(x), ik, order=0), ops.interpolate(ops.to_ik(x), ij, order=0)
    return found | {"interpolate triple": ops.mul(*ends)} | _bsplines()


UNEVEN = (0.5, 1.0, 1.2, 2.5, 3.1, 4.0)


def _bsplines() -> dict[str, Node]:
    """One value or three, before the first and beyond the last knot too, with coefficients of a table."""
    found = {}
    for domain in (PAIR, EDGE):
        x = alg.scale(4.5, plain(domain))
        row = ops.at(param("species_pair_ordered", 5), domain=domain, of="ij")
        for order in range(4):
            own: dict[str, Any] = {"knots": (UNEVEN,), "orders": (order,)}
            found[f"bspline {domain.name} {order}"] = ops.bspline(x, row, **own)
            found[f"to_bspline {domain.name} {order}"] = ops.to_bspline(plain(domain), x, **own)
    x, site = alg.scale(4.5, plain(EDGE)), alg.shift(atoms_values(), 0.3)
    ij, ik, far = ops.to_ij(x), ops.to_ik(x), ops.to_ij(ops.to_i(site, domain=EDGE))
    three = (UNEVEN, (0.0, 1.0, 2.0, 3.0, 4.0), UNEVEN)
    row = ops.at(param("species_triple_ordered", 100), domain=ij.kind.domain, of="ijk")
    for orders in ((0, 0, 0), (1, 0, 2)):
        own = {"knots": three, "orders": orders}
        found[f"bspline triple {orders}"] = ops.bspline(ij, ik, far, row, **own)
    found["bspline triple, r_ij last"] = ops.bspline(far, ik, ij, row, **own)
    found["to_bspline triple"] = ops.to_bspline(ops.mul(ij, ik), ij, ik, far, **own)
    return found


def atoms_values() -> Node:
    """A number for each atom that says which it is."""
    return ops.sum_i(alg.square(plain(EDGE)), within=4.2)


def _moves() -> dict[str, Node]:
    a, d = atoms_values(), ops.stack(atoms_values(), alg.square(atoms_values()))
    x, y = plain(EDGE), plain(PAIR)
    t = ops.mul(ops.to_ij(x), alg.square(ops.to_ik(x)))
    found = {"to_ij to_ik": t, "sum_i": ops.sum_i(alg.square(x), within=4.2)}
    for domain, z in ((PAIR, y), (EDGE, x)):
        label = domain.name
        found[f"to_i {label}"] = ops.mul(z, ops.to_i(d, domain=domain))
        found[f"to_j {label}"] = ops.mul(z, ops.to_j(d, domain=domain))
        for within in (4.2, NEAR):
            for name in ("sum_i", "sum_j", "total"):
                value = ops.mul(z, ops.to_j(a, domain=domain))
                found[f"{name} {label} {within}"] = getattr(ops, name)(value, within=within)
        found[f"sum_j vector {label}"] = ops.sum_j(ops.mul(z, vector(domain)), within=4.2)
        outer = ops.einsum(vector(domain), ops.mul(z, vector(domain)), spec="a,b->ab")
        found[f"total outer {label}"] = ops.total(outer, within=NEAR)
    found["sum_i outer"] = ops.sum_i(ops.einsum(ops.sines(x, n=3), vector(EDGE), spec="m,n->mn"), within=NEAR)
    for within in (4.2, NEAR):
        found[f"sum_to_ij {within}"] = ops.mul(x, ops.sum_to_ij(t, within=within))
        found[f"sum_to_ik {within}"] = ops.mul(x, ops.sum_to_ik(t, within=within))
        found[f"total triple {within}"] = ops.total(t, within=within)
    e = ops.total(a)
    found |= {"total site": e, "of_structure site": ops.mul(a, ops.of_structure(e, domain=SITE))}
    for domain, z in ((PAIR, y), (EDGE, x), (TRIPLE, t)):
        found[f"of_structure {domain.name}"] = ops.mul(z, ops.of_structure(e, domain=domain))
    return found


def _tables() -> dict[str, Node]:
    a, x, y = atoms_values(), plain(EDGE), plain(PAIR)
    t = ops.mul(ops.to_ij(x), alg.square(ops.to_ik(x)))
    read = [("species", SITE, "i", a)]
    for table in ("species_pair", "species_pair_ordered"):
        read += [
            (table, PAIR, "ij", y),
            (table, PAIR, "ji", y),
            (table, EDGE, "ij", x),
            (table, TRIPLE, "jk", t),
        ]
    read += [("species_triple", TRIPLE, "ijk", t), ("species_triple_ordered", TRIPLE, "ijk", t)]
    found = {}
    for table, domain, of, value in read:
        label = f"{table} {domain.name} {of}"
        found[f"at {label}"] = ops.mul(value, ops.at(param(table, 2), domain=domain, of=of))
        for within in (domain.rc, NEAR) if domain.rc else (None,):
            both = ops.stack(value, alg.square(value))
            found[f"sum_at {label} {within}"] = ops.sum_at(both, domain=Domain(table), of=of, within=within)  # type: ignore[arg-type]
    everything = {
        "site": a,
        "pair": y,
        "edge": x,
        "triple": t,
        "table": param("species", 2),
        "total": ops.total(a),
    }
    for label, value in everything.items():
        found[f"sum_at all {label}"] = ops.sum_at(value, domain=NONE, of="", within=value.kind.domain.rc)
    for table in ("species_pair", "species_pair_ordered"):
        rows = ops.rows_of(param(table, 3), species=2)
        found[f"rows_of {table}"] = ops.mul(a, rows)
        found[f"sum_rows_of {table}"] = ops.sum_rows_of(ops.mul(a, rows), domain=Domain(table))  # type: ignore[arg-type]
        found[f"to_species {table}"] = ops.mul(x, ops.to_species(rows, domain=EDGE))
    for within in (4.2, NEAR):
        found[f"sum_species {within}"] = ops.sum_species(ops.sines(x, n=2), within=within, species=2)
    found["row"] = ops.row(param("species", 2))
    found["of_row"] = ops.of_row(ops.row(param("species", 2)), domain=Domain("species"))
    return found


def _features() -> dict[str, Node]:
    matrix = constant(*map(float, range(1, 13)), shape=(3, 4))
    found = {}
    a = atoms_values()
    for domain, x in ((SITE, a), (PAIR, plain(PAIR)), (EDGE, plain(EDGE))):
        label = domain.name
        s = ops.mul(x, constant(1.0, 0.5, -0.3, 0.2))
        found[f"einsum {label} mn,n->m"] = ops.einsum(matrix, s, spec="mn,n->m")
        found[f"einsum {label} n,n->"] = ops.einsum(s, alg.square(s), spec="n,n->")
        found[f"einsum {label} n->"] = ops.einsum(s, spec="n->")
        found[f"einsum {label} m,n->nm"] = ops.einsum(s, ops.take(s, indices=(0, 2)), spec="m,n->nm")
        chosen = ops.at(param("species", 3, 4), domain=SITE, of="i")
        if domain == SITE:
            found["einsum by species of an atom"] = ops.einsum(chosen, s, spec="mn,n->m")
        if domain == EDGE:
            rows = ops.rows_of(param("species_pair_ordered", 3, 4), species=2)
            of_edge = ops.to_species(rows, domain=EDGE)
            found["einsum by species of a neighbour"] = ops.einsum(of_edge, s, spec="mn,n->m")
        for indices in ((1, 2), (0, 2), (3, 0)):
            found[f"take {label} {indices}"] = ops.take(s, indices=indices)
            found[f"put {label} {indices}"] = ops.put(ops.take(s, indices=(0, 1)), indices=indices, size=5)
        found[f"put twice {label}"] = ops.put(s, indices=(0, 1, 1, 2), size=3)
        found[f"reshape {label}"] = ops.reshape(s, shape=(2, 2))
        found[f"reshape one {label}"] = ops.reshape(ops.take(s, indices=(1,)), shape=())
        found[f"stack {label}"] = ops.stack(x, alg.square(x), constant(2.0, shape=()))
    t = ops.to_ij(ops.sines(plain(EDGE), n=3))
    found["einsum triple"] = ops.einsum(t, ops.to_ik(ops.sines(plain(EDGE), n=3)), spec="n,n->")
    return found


def model_of(outputs: Mapping[str, Node]) -> Model:
    """A model with these outputs and the parameters that they read."""
    nodes = [n for n in topological(outputs.values()) if n.op is ops.param]
    parameters = []
    for node in nodes:
        n = parameter_size(node.kind, len(SPECIES))
        start, free = tuple(0.5 + 0.1 * k for k in range(n)), (True,) * n
        bounds = ((-9.0,) * n, (9.0,) * n)
        parameters.append(Parameter(node["name"], "p", node.kind, start, *bounds, free))
    return Model(SPECIES, tuple(parameters), (), dict(outputs))

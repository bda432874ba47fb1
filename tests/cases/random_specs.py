"""Random specs as data: sums of terms of the library and of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from random import Random

# ("num", 1.5), ("par", k), ("r",), ("add", [..]), ("mul", [..]), ("neg", x), ("div", x, y), ("pow", x, n),
# ("fun", name, x)
Tree = tuple
FUNCTIONS = {"exp": lambda x: math.exp(-abs(x)), "tanh": math.tanh, "cos": math.cos, "erfc": math.erfc}
LENGTHS = {"Å": 1.0, "nm": 10.0, "pm": 0.01}
ENERGIES = {"eV": 1.0, "meV": 1e-3}
# of terms of the library: arguments with their defaults, and parameters with unit, start and bounds, by pair
LIBRARY: dict[str, tuple[dict[str, str], dict[str, tuple[str, float, float, float]]]] = {
    "lj": ({"rc": "6 Å"}, {"epsilon": ("eV", 0.1, 0, 10), "sigma": ("Å", 2.5, 0.5, 6)}),
    "morse": (
        {"rc": "6 Å"},
        {"D": ("eV", 0.5, 0, 10), "a": ("/Å", 1.5, 0.1, 5), "r0": ("Å", 2.8, 0.5, 6)},
    ),
    "born_mayer": ({"rc": "6 Å"}, {"rho": ("Å", 0.3, 0.05, 2)}),
    "eam": ({"rc": "5 Å", "basis": "bessel(6)", "density": "exponential", "embedding": "square_root"}, {}),
    "pair": ({"basis": "bessel(8)", "rc": "5 Å"}, {}),
    "nn": ({"features": "bessel(8)", "hidden": "[8]", "activation": "tanh", "rc": "5 Å"}, {}),
    "zbl": ({"inner": "0.9 Å", "outer": "1.8 Å"}, {}),
    "fs": ({"rc": "4.2 Å"}, {"beta": ("/Å", 0, -2, 2)}),
}
CHOICES = {
    "rc": ["4.5 Å", "5 Å", "5.5 Å", "6 Å"],
    "outer": ["1.8 Å", "2 Å", "2.1 Å"],
    "inner": ["0.9 Å", "0.8 Å"],
    "basis": ["bessel(6)", "bessel(4)", "chebyshev(5)", "gaussian(6)"],
    "features": ["bessel(8)", "bessel(3)", "chebyshev(4)"],
    "hidden": ["[8]", "[4]", "[4, 3]"],
    "activation": ["tanh", "gate"],
    "density": ["exponential", "gaussian"],
    "embedding": ["square_root", "quadratic", "logarithmic"],
}


@dataclass
class Setting:
    """Start and bounds of a parameter, in its unit; rows: own starts and `fixed` by pair of species."""

    unit: str
    start: float
    bounds: tuple[float, float] | None
    fixed: bool = False
    rows: dict[str, tuple[float, bool]] | None = None


@dataclass
class Call:
    """A term: of the library, or the spec's own (`tree` with parameters)."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    tree: Tree | None = None
    parameters: list[Setting] = field(default_factory=list)


@dataclass
class Summand:
    factor: float
    call: int
    gate: int | None = None
    pinned: bool = False


@dataclass
class Spec:
    species: list[str]
    calls: list[Call]
    summands: list[Summand]


# --- random specs ------------------------------------------------------------------------------


def random_spec(rng: Random) -> Spec:
    species = rng.choice([[], ["Nb"], ["W"], ["Nb", "O"], ["W", "Ta"]])
    calls = [random_call(rng, species) for _ in range(rng.randint(1, 3))]
    summands = []
    for k in range(len(calls)):
        gate = rng.randrange(len(calls)) if rng.random() < 0.2 else None
        summands.append(Summand(rng.choice([1.0, 1.0, -1.0, 0.5, 2.0, 1.25]), k, gate))
    if rng.random() < 0.2:
        summands.append(Summand(1.0, 0, len(calls) - 1))
    spec = Spec(species, calls, summands)
    return spec if told_apart(spec) else random_spec(rng)


def told_apart(spec: Spec) -> bool:
    """Summands that might cancel are left out."""
    return len({(s.call, s.gate) for s in spec.summands}) == len(spec.summands)


def random_call(rng: Random, species: list[str]) -> Call:
    if rng.random() < 0.4:
        parameters = [
            random_setting(rng, "", round(rng.uniform(0.3, 2), 2), []) for _ in range(rng.randint(1, 3))
        ]
        tree = ("add", [*(("par", k) for k in range(len(parameters))), random_tree(rng, len(parameters), 2)])
        return Call("own", {"rc": rng.choice(CHOICES["rc"])}, {}, tree, parameters)
    name = rng.choice(list(LIBRARY))
    arguments, parameters = LIBRARY[name]
    given = {a: rng.choice(CHOICES[a]) for a in arguments if rng.random() < 0.5}
    settings = {}
    for p, (unit, start, low, high) in parameters.items():
        if rng.random() < 0.4:
            moved = round(start * rng.uniform(0.7, 1.3), 3)
            settings[p] = random_setting(rng, unit, moved, species, (low, high))
    return Call(name, given, settings)


def random_setting(
    rng: Random, unit: str, start: float, species: list[str], inside: tuple[float, float] = (-9, 9)
) -> Setting:
    bounds = None if rng.random() < 0.5 else (float(inside[0]), round(max(start * 2, inside[1] / 2), 3))
    pairs = ["-".join(p) for p in combinations_with_replacement(species, 2)]
    rows = None
    if pairs and rng.random() < 0.5:
        rows = {row: (round(start * rng.uniform(0.9, 1.1), 4), rng.random() < 0.3) for row in pairs}
    return Setting(unit, start, bounds, rows is None and rng.random() < 0.3, rows)


def random_tree(rng: Random, parameters: int, depth: int) -> Tree:
    if depth == 0:
        number = ("num", round(rng.uniform(0.2, 3), 2))
        return rng.choice([("r",), ("par", rng.randrange(parameters)), number])
    inner = [random_tree(rng, parameters, depth - 1) for _ in range(rng.randint(2, 3))]
    what = rng.choice(["add", "add", "mul", "mul", "neg", "div", "pow", "fun"])
    if what in ("add", "mul"):
        return (what, inner)
    if what == "neg":
        return ("add", [inner[0], ("neg", inner[1])])
    if what == "div":
        return ("div", inner[0], ("add", [("num", 1.5), ("pow", inner[1], 2)]))
    if what == "pow":
        return ("pow", inner[0], rng.choice([2, 3]))
    return ("fun", rng.choice(list(FUNCTIONS)), inner[0])


def value(tree: Tree, r: float, parameters: list[float]) -> float:
    """The number that a tree is; `exp` stands for exp(−|x|)."""
    match tree:
        case ("num", x):
            return x
        case ("par", k):
            return parameters[k]
        case ("r",):
            return r
        case ("add", xs):
            return math.fsum(value(x, r, parameters) for x in xs)
        case ("mul", xs):
            return math.prod(value(x, r, parameters) for x in xs)
        case ("neg", x):
            return -value(x, r, parameters)
        case ("div", x, y):
            return value(x, r, parameters) / value(y, r, parameters)
        case ("pow", x, n):
            return value(x, r, parameters) ** n
        case ("fun", name, x):
            return FUNCTIONS[name](value(x, r, parameters))
    raise AssertionError(tree)


def differ(a: Tree, b: Tree, parameters: int) -> bool:
    """Whether two trees are different functions, as a few points show."""
    for seed in range(3):
        rng = Random(seed)
        numbers = [rng.uniform(0.3, 2) for _ in range(parameters)]
        r = rng.uniform(1, 5)
        x, y = value(a, r, numbers), value(b, r, numbers)
        if abs(x - y) > 1e-6 * max(abs(x), abs(y), 1e-3):
            return True
    return False

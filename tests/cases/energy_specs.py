"""Random specs of all that the language can say, with energies that are finite and smooth nearly everywhere.

Unlike those of `random_specs`, they are text alone: sums, products and functions of terms of the library in
random forms, and of terms of their own with sums of sums, networks, invariants and parameters of all kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

ELEMENTS = ("Nb", "O", "Li", "W", "Si", "H")
SHARING = ("pair", "species", "ordered pair", "model")
ENDS = ("smooth", "cosine")


def energy_spec(rng: Random) -> str:
    """A spec, which is not always right: the compiler may refuse it."""
    return _Spec(rng).text()


class _Spec:
    def __init__(self, rng: Random) -> None:
        self.rng, self.pick = rng, rng.choice
        self.species = rng.sample(ELEMENTS, rng.choice((1, 1, 2, 2, 2, 3, 3, 4)))
        self.reaches = sorted(round(rng.uniform(2.2, 4.6), 2) for _ in range(rng.randint(1, 3)))
        self.terms: list[str] = []

    def text(self) -> str:
        parts = [self.summand() for _ in range(self.pick((1, 1, 1, 2, 2, 3, 4)))]
        energy = "E = " + "".join(f" {self.pick('++-')} {p}" for p in parts).lstrip(" +")
        return "\n".join([f"species {', '.join(self.species)}", *self.terms, energy]) + "\n"

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def summand(self) -> str:
        if self.chance(0.55):
            return self.call()
        a, b = self.call(), self.call()
        return self.pick(
            (
                f"{self.pick((0.5, 2, -1.5))} * {a}",
                f"{a} * gate({b})",
                f"{a} * {b} / 1 eV",
                f"{a} / (1 + gate({b}))",
                f"1 eV * tanh({a} / 1 eV)",
                f"1 eV * exp(-abs({a} / 1 eV))",
                f"1 eV * sqrt(1 + ({a} / 1 eV)^2)",
                f"1 eV * softplus({a} / 1 eV) * step({b})",
                f"max({a}, {b})",
                f"min({a}, {b})",
                f"where({b}, {a}, 0.3 * {a})",
                f"1 eV * log(1 + ({a} / 1 eV)^2) * cos({b} / 1 eV)",
                f"({a})^2 / (1 eV + 1 eV * gate({b}))",
                f"1 eV * erfc({a} / 1 eV)",
            )
        )

    # --- calls ---------------------------------------------------------------------------------

    def call(self) -> str:
        if self.chance(0.5):
            return self.own()
        return self.pick(_LIBRARY)(self)

    def rc(self) -> str:
        return f"rc = {self.pick(self.reaches)}"

    def some(self) -> str:
        """Species that a term is for, with a comma."""
        if len(self.species) == 1 or self.chance(0.7):
            return ""
        return ", ".join(self.rng.sample(self.species, self.rng.randint(1, len(self.species) - 1))) + ", "

    def basis(self, most: int = 6) -> str:
        n = self.rng.randint(1, most)
        start = f"start = {self.pick((0, 0.5, 1))}"
        return self.pick(
            (f"bessel({n})", f"chebyshev({n})", f"gaussian({n + 1}, {start})", f"spline({n + 3}, {start})")
        )

    def hidden(self) -> str:
        return self.pick(("[]", "[2]", "[4]", "[3, 3]", "[9]"))

    def activation(self) -> str:
        return self.pick(("tanh", "gate", "softplus", "identity", "sin", "cos"))

    # --- terms of the spec's own ----------------------------------------------------------------

    def own(self) -> str:
        name = f"own{len(self.terms)}"
        self.terms.append("")
        term = _Term(self)
        lines = [f"term {name}({term.formals()}) {{", *(f"  {m}" for m in term.members), "}"]
        self.terms[int(name[3:])] = "\n".join(lines)
        return f"{name}({self.some()}{self.rc()})"


class _Term:
    """Members of a term: parameters, values of atoms and neighbours, and energies."""

    def __init__(self, spec: _Spec) -> None:
        self.spec, self.rng, self.pick, self.chance = spec, spec.rng, spec.pick, spec.chance
        self.members: list[str] = []
        self.count = 0
        self.ofsites: list[str] = []  # scalars of atoms that are there
        self.near: list[str] = []  # scalars of neighbours
        self.wide: list[str] = []  # vectors of atoms
        for _ in range(self.pick((0, 1, 1, 2, 2, 3))):
            self.pick((self.density, self.density, self.zeta, self.double, self.vector, self.weighted))()
        makers = [self.site, self.pair, self.triple] if self.ofsites else [self.pair, self.triple]
        for make in [makers[0]] if self.chance(0.4) else self.rng.sample(makers, self.pick((1, 1, 2))):
            make()
        if self.chance(0.2):
            self.members.reverse()

    def formals(self) -> str:
        return f"rc = 4 Å, basis = {self.spec.basis()}"

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def parameter(self, letters: str) -> str:
        """A new parameter, as it is read where these atoms are in hand."""
        name = self.name("p")
        shared = {"i": ("species", "model"), "ij": SHARING, "ijk": (*SHARING, "triple", "ordered triple")}
        sharing = self.pick(shared[letters])
        fixed = "fixed " if self.chance(0.15) else ""
        bounds = " in (-3, 5)" if self.chance(0.3) else ""
        start = round(self.rng.uniform(0.3, 1.5), 2) if self.chance(0.9) else 0
        self.members.append(f"{fixed}param {name} = {start}{bounds} per {sharing}")
        if sharing == "species":
            return f"{name}({self.pick(letters)})"
        if "triple" in sharing or sharing == "model":
            return name
        return f"{name}(i, {self.pick('jk') if letters == 'ijk' else 'j'})"

    def end(self, r: str, rc: str = "rc") -> str:
        if self.chance(0.15):
            return f"smooth({r}, 0.6 * {rc}, {rc})"
        return f"{self.pick(ENDS)}({r}, {rc})"

    # --- values ----------------------------------------------------------------------------------

    def density(self) -> None:
        name, cut = self.name("rho"), ""
        if self.chance(0.3):
            cut = f", {self.pick((*self.spec.reaches, 3.1))}"
        end = self.end("r_ij", cut.strip(", ") or "rc")
        self.members.append(f"{name}(i) = sum(j{cut}) {self.factor('ij')} * {end}")
        self.ofsites.append(name)

    def zeta(self) -> None:
        name = self.name("zeta")
        self.members.append(f"{name}(i, j) = sum(k) {self.factor('ijk')} * {self.end('r_ik')}")
        self.near.append(name)

    def weighted(self) -> None:
        """A sum that reads values of neighbours."""
        name = self.name("w")
        self.members.append(f"{name}(i) = sum(j) {self.factor('ij')} * {self.end('r_ij')}")
        self.ofsites.append(name)

    def double(self) -> None:
        name = self.name("d")
        ends = f"{self.end('r_ij')} * {self.end('r_ik')}"
        self.members.append(f"{name}(i) = sum(j) sum(k) {self.factor('ijk')} * {ends}")
        self.ofsites.append(name)

    def vector(self) -> None:
        name, degree = self.name("A"), self.rng.randint(0, 3)
        radial = self.pick(("basis(r_ij, rc)", "flat(outer(by_species(j), basis(r_ij, rc)))"))
        head = f"outer({radial}, harmonics(u_ij, {degree}))"
        self.members.append(f"{name}(i) = sum(j) {head} * {self.end('r_ij')}")
        form = self.pick(("invariants", "invariants", "channel_invariants"))
        inside = f"{name}(i), [{max(degree, 1)}]" if form == "channel_invariants" else f"{name}(i)"
        x = self.name("x")
        value = f"{form}({inside})"
        if self.chance(0.3):
            value = f"products(pick({value}, [0]))" if self.chance(0.5) else f"concat({value}, 0.1)"
        self.members.append(f"{x}(i) = {value}")
        self.wide.append(x)
        c, y = self.name("c"), self.name("y")
        self.members.append(f"param {c}[size({x}(i))] = 0 per {self.pick(('species', 'model'))}")
        read = f"{c}(i)" if self.members[-1].endswith("species") else c
        self.members.append(f"{y}(i) = dot({read}, {x}(i))")
        self.ofsites.append(y)

    # --- energies --------------------------------------------------------------------------------

    def pair(self) -> None:
        self.members.append(f"pair(r) = 1 eV * {self.factor('ij').replace('r_ij', 'r')} * {self.end('r')}")

    def site(self) -> None:
        if self.chance(0.3):
            inputs = [f"{s}(i)" for s in (*self.ofsites[:2], *self.wide[:1])]
            inputs = [s if s[:-3] in self.wide else f"tanh({s})" for s in inputs]
            net = self.pick(("mlp", "shared_mlp"))
            hidden, activation = self.spec.hidden(), self.spec.activation()
            self.members.append(f"site(i) = {net}(concat({', '.join(inputs)}), {hidden}, {activation})")
        else:
            self.members.append(f"site(i) = 1 eV * {self.value('i', 3)}")

    def triple(self) -> None:
        text = self.factor("ijk").replace("r_ij", "a").replace("r_ik", "b").replace("cos_jik", "x")
        ends = f"{self.end('a')} * {self.end('b')}"
        self.members.append(f"triple(a, b, x) = 1 eV * {text.replace('r_jk', '(a + b)')} * {ends}")

    # --- expressions -----------------------------------------------------------------------------

    def factor(self, letters: str) -> str:
        return f"({self.value(letters, self.rng.randint(0, 3))})"

    def leaf(self, letters: str) -> str:
        known = [f"{s}(i)" for s in self.ofsites]
        if letters == "i":
            return self.pick((*known, *known, *known, self.parameter("i"), "atomic_number(i) / 50", "0.7"))
        if letters == "ijk":
            r = self.pick(("r_ij", "r_ik", "r_jk"))
            near = [f"{z}(i, {self.pick('jk')})" for z in self.near]
            leaves = [f"{r} / rc", f"{r} / rc", "cos_jik", "(cos_jik + 1/3)", *known, *near]
            return self.pick((*leaves, self.parameter("ijk"), str(round(self.rng.uniform(0.2, 2), 2))))
        near = [f"{z}(i, j)" for z in self.near]
        leaves = [
            "r_ij / rc",
            "r_ij / rc",
            "total(basis(r_ij, rc))",
            self.parameter("ij"),
            *known,
            *near,
            *near,
        ]
        if self.chance(0.1):
            c = self.name("c")
            self.members.append(f"param {c}[size(basis)] = 0 per {self.pick(('pair', 'ordered pair'))}")
            leaves.append(f"dot({c}(i, j), basis(r_ij, rc))")
        if self.ofsites and self.chance(0.04):
            leaves = [f"{self.pick(self.ofsites)}(j)"]
        return self.pick((*leaves, "covalent_radius(j) / 1 Å", "0.4"))

    def value(self, letters: str, depth: int) -> str:
        if depth <= 0:
            return self.leaf(letters)
        x = self.value(letters, depth - 1)
        if self.chance(0.5):
            return self.pick(_FUNCTIONS).replace("X", x)
        y = self.value(letters, depth - self.pick((1, 2)))
        return self.pick(_OF_TWO).replace("X", x).replace("Y", y)


_FUNCTIONS = (
    "exp(-abs(X))",
    "exp(-(X)^2)",
    "tanh(X)",
    "cos(X)",
    "sin(2.1 * (X))",
    "erfc(X)",
    "log(1.5 + (X)^2)",
    "sqrt(1 + (X)^2)",
    "abs(X)",
    "gate(X)",
    "softplus(X)",
    "(X)^2",
    "(X)^3",
    "(1.2 + (X)^2)^-1",
    "(1.2 + (X)^2)^-1.7",
    "(1.2 + (X)^2)^0.5",
    "(1.1 + (X)^2)^-0.5",
    "-(X)",
    "(0.3 - (X))",
    "step((X) - 0.4)",
    "tanh(X)^4",
)
_OF_TWO = (
    "((X) + (Y))",
    "((X) - (Y))",
    "((X) * (Y))",
    "((X) * (Y))",
    "((X) / (1.5 + (Y)^2))",
    "min(X, Y)",
    "max(X, Y)",
    "where((X) - 0.5, Y, 0.2 * (X))",
    "(1.3 + tanh(X))^tanh(Y)",
    "exp(-abs(X)) * cos(Y)",
)


# --- terms of the library ---------------------------------------------------------------------------


def _zbl(s: _Spec) -> str:
    form = s.pick(("cosine", "typewise", "lammps"))
    return f"zbl({s.some()}inner = {s.pick((0.8, 1.2))}, outer = {s.pick((1.8, 2.2, 3))}, switch = {form})"


def _pairs(name: str) -> Callable[[_Spec], str]:
    def make(s: _Spec) -> str:
        return f"{name}({s.some()}{s.rc()}{s.pick(('', ', switch = smoothed'))})"

    return make


def _eam(s: _Spec) -> str:
    density, embedding = (
        s.pick(("exponential", "gaussian")),
        s.pick(("quadratic", "logarithmic", "power", "")),
    )
    form = f", embedding = {embedding}" if embedding else ""
    return f"eam({s.some()}{s.rc()}, basis = {s.basis()}, density = {density}{form})"


def _kept(s: _Spec) -> str:
    return s.pick(("", "", f", c = keep({s.pick(('0', '0, 1', '1'))}, start = 0.2)"))


def _nep(s: _Spec) -> str:
    most = [s.rng.randint(0, 2) for _ in range(4)]
    l_max = s.pick(("[1, 0, 0]", "[2, 2, 0]", "[2, 2, 1]", "[4, 2, 1]", "[3, 0, 0]"))
    reach = s.pick(s.reaches)
    inner = s.pick([r for r in s.reaches if r <= reach])
    return (
        f"nep(rc = {reach}, rc_angular = {inner}, n_max = [{most[0]}, {most[1]}], basis_size = [{most[2]}, "
        f"{most[3]}], l_max = {l_max}, neuron = {s.pick((1, 3, 6))}, network = {s.pick(('own', 'shared'))})"
    )


def _angular(s: _Spec) -> str:
    reach = s.pick(s.reaches)
    inner = s.pick([r for r in s.reaches if r <= reach])
    return (
        f"nn_angular({s.some()}rc = {reach}, rc_angular = {inner}, features = {s.basis()}, "
        f"angular = {s.basis(2)}, l = {s.rng.randint(0, 3)}, hidden = {s.hidden()})"
    )


_LIBRARY: tuple[Callable[[_Spec], str], ...] = (
    _zbl,
    *map(_pairs, ("lj", "morse", "born_mayer", "buckingham")),
    lambda s: f"coulomb_cut({s.rc()}, form = {s.pick(('dsf', 'wolf'))})",
    lambda s: f"zbl_flexible({s.some()}rc = 2.5)",
    lambda s: "reference()",
    lambda s: f"eam_table({s.rc()}, n = 5, n_rho = 4, density = {s.pick(('of_pair', 'of_neighbour'))})",
    lambda s: f"pair_table({s.some()}{s.rc()}, n = 5, grid = {s.pick(('squared', 'even'))})",
    _eam,
    _eam,
    lambda s: f"fs({s.rc()})",
    lambda s: f"pair({s.some()}{s.basis()}, {s.rc()}{_kept(s)})",
    lambda s: f"nn({s.some()}{s.basis()}, hidden = {s.hidden()}, activation = {s.activation()}, {s.rc()})",
    lambda s: f"sw({s.some()}rc = 4.6)",
    lambda s: f"tersoff({s.some()}rc = 3.3, m = {s.pick((1, 3))})",
    lambda s: f"three_body({s.some()}{s.basis(3)}, l = {s.rng.randint(0, 4)}, {s.rc()}{_kept(s)})",
    lambda s: f"four_body({s.some()}{s.basis(1)}, l = {s.rng.randint(0, 3)}, {s.rc()}{_kept(s)})",
    lambda s: (
        f"five_body({s.some()}basis = {s.basis(2)}, l = {s.rng.randint(0, 2)}, {s.rc()}, "
        "densities = [0], of = [0])"
    ),
    _nep,
    _angular,
)

"""Specs grown from the constructs of the language, for `fuzz.py`: right, but for some of their parts."""

from __future__ import annotations

import random
import re

from potentia.compiler.chemistry.units import UNITS
from potentia.compiler.declarations import library
from potentia.compiler.elaborate.builtins import BUILTINS
from potentia.compiler.elaborate.radial_bases import FAMILIES

NUMBERS = ("0", "1", "2", "3", "4", "5", "8", "0.5", "1.5", "2.8", "1e-3", "0.1", "100")
HUGE = ("1e999", "1e308", "1e-320", "40000", "1000000000", "99999999999999999999", "0.1e-400", "007", "-1")
NAMES = (
    *"abcdrx",
    "rc",
    "A",
    "D",
    "E",
    "r0",
    "rho",
    "pair",
    "site",
    "triple",
    "Nb",
    "O",
    "Si",
    "W",
    "Xx",
    "π",
)
ATOMS = (
    "r_ij",
    "r_ik",
    "r_jk",
    "u_ij",
    "cos_jik",
    "i",
    "j",
    "k",
    "r",
    "D(i, j)",
    "A(i)",
    "rho(j)",
    "pi",
    "x0.c",
)
ODD = (
    "\0",
    "\ufeff",
    "\r\n",
    "\t",
    "é",
    "∑",
    "\u2028",
    "\U0001f600",
    '"',
    '"a.pes"',
    "#",
    "# ",
    "**",
    "==",
    ";",
    "\\",
)
PATHS = ("nowhere.pes", "", ".", "a\0b", "../x", "a" * 300, "\udc80")
MARKS = tuple("()[]{},=+-*/^:") + ODD


class Grower:
    """Specs with the shapes of the language. `wild` is how often one has a shape that is no good."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.pick = source.choice
        self.wild = self.pick((0.0, 0.02, 0.1, 0.4))
        self.lets: list[str] = []
        self.terms: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def odd(self) -> bool:
        return self.chance(self.wild)

    def spec(self) -> str:
        head = [self.pick(("species Nb", "species Nb, O", "species Si, C, O"))] if self.chance(0.8) else []
        items = [self.item() for _ in range(self.random.randint(0, 3))]
        return self.blank().join([*head, *items, "E =" + self.blank() + self.energy()])

    def item(self) -> str:
        if self.odd():
            return self.pick(
                (f'import "{self.pick(PATHS)}"', "species W", f"let {self.name()} = {self.expr(3)}")
            )
        kind = self.random.random()
        if kind < 0.3:
            self.lets.append(f"x{len(self.lets)}")
            return f"let {self.lets[-1]} = {self.pick((self.quantity(), self.quantity(), self.term_call()))}"
        name = f"t{len(self.terms)}"
        if kind < 0.4:
            text = f"term {name}(rc = 5 Å) = {self.energy()}"
        else:
            members = [self.member(k) for k in range(self.random.randint(0, 3))] + self.energies()
            body = "".join(self.blank() + m for m in members)
            text = f"term {name}(rc = 5 Å, basis = {self.basis()}) {{{body}\n}}"
        self.terms.append(name)
        return text

    def blank(self) -> str:
        return self.pick(("\n", "\n", "\n\n", " # a remark\n", "\n# alone\n", "\n\t"))

    def name(self) -> str:
        return self.pick(NAMES)

    def number(self) -> str:
        return self.pick(HUGE) if self.odd() else self.pick(NUMBERS)

    def quantity(self, unit: str | None = None) -> str:
        if unit is None or self.odd():
            unit = self.pick(("", "", "Å", "eV", "/Å", "eV/Å^2", "Å^99999", "foo", *UNITS))
        return f"{self.number()} {unit}"

    def member(self, k: int) -> str:
        size = f"[{self.pick(('size(basis)', '3', self.number()))}]" if self.chance(0.2) else ""
        bounds = f" in ({self.quantity('eV')}, {self.quantity('eV')})" if self.chance(0.2) else ""
        sharing = self.pick(("", " per species", " per model", " per ordered pair", " per triple"))
        fixed = "fixed " if self.chance(0.2) else ""
        return f"{fixed}param p{k}{size} = {self.quantity('eV')}{bounds}{sharing}"

    def energies(self) -> list[str]:
        pair = f"pair(r) = 1 eV * {self.function(3)} * smooth(r, rc)"
        site = f"rho(i) = sum(j) {self.function(2).replace('r / rc', 'r_ij / rc')} * smooth(r_ij, rc)"
        triple = f"triple(a, b, c) = 1 eV * (c + {self.number()})^2 * smooth(a, rc) * smooth(b, rc)"
        form = self.pick(("1 eV * rho(i)", "1 eV * sqrt(rho(i))", "mlp(concat(rho(i)), [3], tanh)"))
        return self.pick(
            ([pair], [pair, triple], [site, f"site(i) = {form}"], [triple], [self.anything(), pair])
        )

    def anything(self) -> str:
        head = self.pick(("site(i)", "triple(a, b, c)", "f(r)", "zeta(i, j)", "x"))
        return f"{head} = {self.pick(('', '', 'sum(j) ', 'sum(j) sum(k) '))}{self.expr(4)}"

    def function(self, depth: int) -> str:
        """A plain number that depends on r."""
        if self.odd():
            return self.expr(depth)
        kind = self.random.random()
        if depth == 0 or kind < 0.2:
            return self.pick(("r / rc", "r / rc", self.number(), "total(basis(r, rc))"))
        if kind < 0.6:
            return f"({self.function(depth - 1)} {self.pick('+-*/')} {self.function(depth - 1)})"
        if kind < 0.7:
            return f"({self.function(depth - 1)})^{self.pick(('2', '-1', '0.5', '(1/3)', self.number()))}"
        one = ("exp", "log", "sin", "cos", "tanh", "abs", "sqrt", "erfc", "step", "gate", "softplus")
        return f"{self.pick(one)}({self.function(depth - 1)})"

    def energy(self) -> str:
        operands = [self.term_call() for _ in range(self.random.randint(1, 3))]
        return self.pick((" + ", " + ", " - ", "\n + ")).join(operands)

    def term_call(self) -> str:
        if self.lets and self.odd():
            return self.pick(self.lets)
        name = self.name() if self.odd() else self.pick((*library.term_names(), *self.terms))
        arguments = dict.fromkeys(self.argument(name) for _ in range(self.random.randint(0, 2)))
        call = f"{name}({', '.join(arguments)})"
        many = (f"pin {call}", f"1 eV * gate({call})", f"({call})", f"{call} / 1 eV * {call}", f"-{call}")
        return self.pick(many) if self.chance(0.2) else call

    def argument(self, term: str) -> str:
        declared = library.term(term)
        if declared is None or self.odd():
            return self.pick(("rc = 4", f"{self.name()} = {self.expr(2)}", self.quantity(), "Nb"))
        if self.chance(0.2):
            return self.pick(("Nb", "O", "rc = 4", "rc = 6.5 Å"))
        formal = self.pick(
            (*declared.formals, *(m for m in declared.members if hasattr(m, "sharing"))) or ("",)
        )
        if not formal:
            return "Nb"
        if self.lets and hasattr(formal, "sharing") and self.chance(0.3):
            owned = self.pick((formal.name, formal.name, "sigma", "D", "c"))
            return f"{formal.name} = {self.pick(self.lets)}.{owned}"
        start = formal.default if hasattr(formal, "default") else formal.value
        text = start.span.text if start is not None else "4 Å"
        return f"{formal.name} = {self.changed(text, hasattr(formal, 'sharing'))}"

    def changed(self, text: str, parameter: bool) -> str:
        """Another value like the one given."""
        if re.match(r"(bessel|chebyshev|gaussian|spline)\(", text):
            return self.basis()
        if self.chance(0.3) and text[:1].isdigit():
            text = self.number() + text.lstrip("0123456789.")
        if parameter and self.chance(0.4):
            rows = ", ".join(
                f"{k}: {text}" for k in self.pick((("Nb-Nb",), ("Nb-Nb", "Nb-O", "O-O"), ("Nb", "O")))
            )
            joined = f"{{Nb-Nb = Nb-O: {text}, O-O: fixed {text}}}"
            return self.pick(
                (f"fixed {text}", f"{text} in (0, {self.number()})", f"{{{rows}}}", joined, self.kept())
            )
        return text

    def kept(self) -> str:
        return f"keep({self.pick(('', '0', '0, 1', '1, 1', '99', '-1', '0, start = 1'))})"

    def basis(self) -> str:
        family = self.pick(tuple(FAMILIES))
        n = self.number() if self.odd() else self.pick("1458")
        return self.pick((f"{family}{self.pick('4589')}", f"{family}({n})", f"{family}(n = {n})"))

    def expr(self, depth: int) -> str:
        kind = self.random.random()
        if depth == 0 or kind < 0.25:
            return self.pick((self.quantity(), self.name(), self.pick(ATOMS), self.number()))
        if kind < 0.55:
            return f"{self.expr(depth - 1)} {self.pick('+-*/')} {self.expr(depth - 1)}"
        if kind < 0.65:
            return f"({self.expr(depth - 1)}){self.pick(('', '', '^2', '^-1', '^0.5', f'^{self.expr(1)}'))}"
        if kind < 0.7:
            return f"-{self.expr(depth - 1)}"
        if kind < 0.75:
            return f"[{', '.join(self.expr(depth - 1) for _ in range(self.random.randint(0, 3)))}]"
        if kind < 0.8:
            return f"sum({self.pick('jkil')}) {self.expr(depth - 1)}"
        name = self.pick((*BUILTINS, "basis", *library.term_names()[:2]))
        return f"{name}({', '.join(self.expr(depth - 1) for _ in range(self.random.randint(1, 3)))})"

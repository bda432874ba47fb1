"""Specs as text: plainly, or in other words of the same meaning.

With random numbers a spec is written with other names, orders, units, signs, lets, definitions and comments.
"""

from __future__ import annotations

from random import Random

from random_specs import ENERGIES, LENGTHS, LIBRARY, Call, Setting, Spec, Summand, Tree


class Writer:
    """A spec as text; rng None: plainly."""

    def __init__(self, spec: Spec, rng: Random | None) -> None:
        self.spec, self.rng = spec, rng
        self.lets: list[str] = []
        self.terms: list[str] = []
        self.count = 0

    def maybe(self, chance: float = 0.5) -> bool:
        return self.rng is not None and self.rng.random() < chance

    def fresh(self, plain: str) -> str:
        self.count += 1
        return (
            f"{self.rng.choice('kmpqz')}{self.count}x"
            if self.rng and self.maybe()
            else f"{plain}{self.count}"
        )

    def shuffled(self, items: list) -> list:
        items = list(items)
        if self.rng is not None:
            self.rng.shuffle(items)
        return items

    def text(self) -> str:
        uses = [s.call for s in self.spec.summands] + [s.gate for s in self.spec.summands]
        names: dict[int, str] = {}
        for k, call in enumerate(self.spec.calls):
            written = self.call(call)
            if uses.count(k) > 1 or self.maybe(0.3):
                name = self.fresh("t")
                self.lets.append(f"let {name} = {written}")
                names[k] = name
            else:
                names[k] = written
        parts = [self.summand(s, names) for s in self.shuffled(self.spec.summands)]
        energy = "E = " + self.joined(parts)
        species = [f"species {', '.join(self.spec.species)}"] if self.spec.species else []
        lines = self.shuffled([*species, *self.terms, *self.lets, energy])
        if self.rng is not None:
            lines = [self.spaced(line) for line in lines]
        return "\n".join(lines) + "\n"

    def spaced(self, line: str) -> str:
        """Ends of lines, spaces and comments where they mean nothing."""
        line = line.replace(" + ", self.rng.choice([" + ", "\n  +  ", "+"]))
        line = line.replace(", ", self.rng.choice([", ", ",", " ,\n    "]))
        return f"# {self.rng.random()}\n{line}" if self.maybe(0.2) else line

    def joined(self, parts: list[tuple[bool, str]]) -> str:
        """A sum of (negative, text)."""
        if self.maybe(0.2):  # -(b - a)
            return "-(" + self.joined([(not n, t) for n, t in parts]) + ")"
        first = f"-{parts[0][1]}" if parts[0][0] else parts[0][1]
        return first + "".join(f" {'-' if n else '+'} {t}" for n, t in parts[1:])

    def summand(self, s: Summand, names: dict[int, str]) -> tuple[bool, str]:
        factors = [f"(pin {names[s.call]})" if s.pinned else names[s.call]]
        if s.gate is not None:
            factors.append(f"gate({self.noted(names[s.gate])})")
        size = abs(s.factor)
        if size != 1.0:
            factors.append(f"{size:g}" if not self.maybe() else f"({2 * size:g} / 2)")
        elif self.maybe(0.2):
            factors.append("1")
        product = " * ".join(self.noted(f) for f in self.shuffled(factors))
        return s.factor < 0, product

    def noted(self, text: str) -> str:
        if self.maybe(0.1):
            return f"(-(-{text}))"
        return f"({text})" if self.maybe(0.2) else text

    # --- calls ---------------------------------------------------------------------------------

    def call(self, call: Call) -> str:
        if call.tree is not None:
            return self.own(call)
        known = LIBRARY[call.name][0]
        given = {name: self.argument(text) for name, text in call.arguments.items()}
        for name, default in known.items():
            if name not in given and self.maybe(0.3):
                given[name] = self.argument(default)
        positional = []
        for name in known:  # those at the beginning of the declaration may go without their names
            if name not in given or not self.maybe() or call.name in ("zbl",):
                break
            positional.append(given.pop(name))
        named = [f"{name} = {text}" for name, text in given.items()]
        named += [f"{name} = {self.setting(s)}" for name, s in call.settings.items()]
        return f"{call.name}({', '.join([*positional, *self.shuffled(named)])})"

    def argument(self, text: str) -> str:
        if not text.endswith(" Å"):
            return text.replace("bessel(", "bessel(n = ") if self.maybe() else text
        written = self.length(float(text[:-2]))
        if self.maybe(0.3):
            name = self.fresh("a")
            self.lets.append(f"let {name} = {written}")
            return name
        return written

    def length(self, x: float) -> str:
        unit = self.rng.choice(list(LENGTHS)) if self.rng is not None else "Å"
        return f"{x / LENGTHS[unit]:.10g} {unit}"

    def number(self, x: float, unit: str) -> str:
        if self.rng is None:
            return f"{x:g} {unit}".strip()
        if unit == "Å":
            return self.length(x)
        if unit == "eV":
            name = self.rng.choice(list(ENERGIES))
            return f"{x / ENERGIES[name]:.10g} {name}"
        if unit == "/Å" and self.maybe():
            return f"{x * 10:.10g} /nm"
        return f"{x:g} {unit}".strip()

    def setting(self, s: Setting) -> str:
        within = (
            f" in ({self.number(s.bounds[0], s.unit)}, {self.number(s.bounds[1], s.unit)})"
            if s.bounds
            else ""
        )
        if s.rows is None:
            return ("fixed " if s.fixed else "") + self.number(s.start, s.unit) + within
        entries = []
        for row, (start, fixed) in self.shuffled(list(s.rows.items())):
            key = "-".join(reversed(row.split("-"))) if self.maybe() else row
            entries.append(f"{key}: {'fixed ' if fixed else ''}{self.number(start, s.unit)}{within}")
        return "{" + ", ".join(entries) + "}"

    # --- terms of the spec's own -----------------------------------------------------------------

    def own(self, call: Call) -> str:
        name = self.fresh("own")
        self.parameters = [self.fresh("c") for _ in call.parameters]
        self.definitions: list[str] = []
        body = self.tree(call.tree)
        members = [
            f"param {n} = {self.setting(s)}" for n, s in zip(self.parameters, call.parameters, strict=True)
        ]
        members = [m.replace("= fixed", "=") if "fixed " in m else m for m in members]
        members = [f"fixed {m}" if s.fixed else m for m, s in zip(members, call.parameters, strict=True)]
        factors = self.shuffled(["1 eV", f"({body})", "smooth(r, rc)"])
        energy = f"pair(r) = {' * '.join(factors)}"
        inside = "\n  ".join(self.shuffled([*members, *self.definitions, energy]))
        default = self.argument(call.arguments["rc"]) if self.maybe() else "3 Å"
        self.terms.append(f"term {name}(rc = {default}) {{\n  {inside}\n}}")
        return f"{name}(rc = {self.argument(call.arguments['rc'])})"

    def tree(self, tree: Tree) -> str:
        text = self.plain(tree)
        if self.maybe(0.1) and tree[0] not in ("num",):
            name = self.fresh("d")
            self.definitions.append(f"{name}(r) = {text}")
            return f"{name}(r)"
        return f"(-(-({text})))" if self.maybe(0.05) else text

    def plain(self, tree: Tree) -> str:
        match tree:
            case ("num", x):
                return f"({x / 2:g} + {x / 2:g})" if self.maybe(0.1) else f"{x:g}"
            case ("par", k):
                return self.parameters[k] + ("(i, j)" if self.maybe(0.3) else "")
            case ("r",):
                return "(r / 1 Å)" if not self.maybe() else "(10 * r / 1 nm)"
            case ("add", xs):
                parts = [(x[0] == "neg", self.tree(x[1] if x[0] == "neg" else x)) for x in self.shuffled(xs)]
                return f"({self.joined(parts)})"
            case ("mul", xs):
                return self.product(self.shuffled(xs))
            case ("neg", x):
                return f"(-{self.tree(x)})" if not self.maybe() else f"(-1 * {self.tree(x)})"
            case ("div", x, y):
                return (
                    f"({self.tree(x)} / {self.tree(y)})"
                    if not self.maybe()
                    else f"({self.tree(y)}^-1 * {self.tree(x)})"
                )
            case ("pow", x, n):
                return f"({self.tree(x)})^{n}" if not self.maybe() else f"({' * '.join([self.tree(x)] * n)})"
            case ("fun", name, x):
                return f"{name}({self.tree(x)})" if name != "exp" else f"exp(-abs({self.tree(x)}))"
        raise AssertionError(tree)

    def product(self, xs: list[Tree]) -> str:
        sums = [x for x in xs if x[0] == "add"]
        if sums and self.maybe(0.3):  # a·(b + c) = a·b + a·c
            rest = [x for x in xs if x is not sums[0]]
            parts = [(x[0] == "neg", self.product([x[1] if x[0] == "neg" else x, *rest])) for x in sums[0][1]]
            return f"({self.joined(parts)})"
        return "(" + " * ".join(self.tree(x) for x in xs) + ")"


def written(spec: Spec, rng: Random | None = None) -> str:
    return Writer(spec, rng).text()

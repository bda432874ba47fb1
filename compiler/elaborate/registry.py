"""`@builtin`: a function of the language, its checks, its help and its words for the editor in one place.

    @builtin
    def gate(x: Node) -> Node:
        \"\"\"gate(x): 1/(1 + exp(-x)), of a number or an energy in eV\"\"\"

The name in the language is that of the function, without a `_` at its end that keeps it apart from one of
Python's. The first paragraph of its docstring is the help that editors and the documentation show. Its
parameters say how many arguments it takes, and of which kind:

- `Node` alone: numbers, which become IR. Such a function may also be passed by its name, `activation = tanh`.
- `Use`, then `Value`: arguments of any kind, evaluated; the function checks what they are.
- `Use` alone: the function reads its arguments itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, overload

from ..diagnostics.diagnostic import SpecError
from ..ir.graph import Node
from ..syntax import tree as syntax
from .evaluate import adopt_zero, evaluate, fault
from .scope import Env
from .values import Quantity, Value, as_node

_MANY = 99  # arguments, of a function that takes any number

F = TypeVar("F", bound=Callable[..., Value])


@dataclass(frozen=True)
class Use:
    """A call of a function of the language, in its environment."""

    call: syntax.Call
    env: Env

    def fault(self, code: str, message: str, help: str | None = None) -> SpecError:
        """A fault of the call as a whole."""
        return fault(code, message, self.call.span, help)


@dataclass(frozen=True, eq=False)
class Builtin:
    """A function of the language.

    help: one line that begins with the call, `log(x), the natural logarithm`.
    usage: the text after `usage:` in a message about its arguments.
    least, most: the number of its arguments.
    numeric: all of them are numbers.
    reads: it evaluates its arguments itself.
    same_unit: its last two arguments are of one unit, which a bare 0 takes.
    counts: its plain numbers are counts or places, which have no unit, not even `rad`.
    """

    name: str
    function: Callable[..., Value]
    help: str
    usage: str
    least: int
    most: int
    numeric: bool
    reads: bool
    same_unit: bool
    counts: bool

    def value(self, call: syntax.Call, env: Env) -> Value:
        """The value of a call. Raises SpecError and KindError."""
        if self.reads:
            return self.function(Use(call, env))
        values = positional(call, env, self.least, self.most, self.usage)
        return self.function(*self._numbers(call, values) if self.numeric else (Use(call, env), *values))

    def _numbers(self, call: syntax.Call, values: list[Value]) -> Iterator[Node]:
        numbers: list[Quantity | Node] = []
        for value, argument in zip(values, call.arguments, strict=True):
            if not isinstance(value, (Quantity, Node)):
                message = f"`{self.name}` takes numbers"
                raise fault("not-a-number", message, argument.span, f"usage: {self.usage}")
            numbers.append(value)
        if self.same_unit:
            a, b = numbers[-2:]
            numbers[-2:] = [adopt_zero(a, b), adopt_zero(b, a)]
        return map(as_node, numbers)


_registered: dict[str, Builtin] = {}


def registered() -> Mapping[str, Builtin]:
    """The functions so far, in the order of their definitions; `builtins.BUILTINS` are all of them."""
    return MappingProxyType(_registered)


@overload
def builtin(function: F, /) -> F: ...


@overload
def builtin(
    *, usage: str | None = None, same_unit: bool = False, counts: bool = False
) -> Callable[[F], F]: ...


def builtin(
    function: F | None = None, /, *, usage: str | None = None, same_unit: bool = False, counts: bool = False
) -> F | Callable[[F], F]:
    """Enter a function in the language; in Python it stays as it is. For the options see `Builtin`.

    usage: by default the help, or, of a function that takes more than numbers, the call at its beginning.
    """

    def enter(function: F) -> F:
        name = function.__name__.rstrip("_")
        if name in _registered:
            raise TypeError(f"`{name}` is a function of the language already")
        help = inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        takes = list(inspect.signature(function, eval_str=True).parameters.values())
        numeric = not takes or takes[0].annotation is not Use
        arguments = takes if numeric else takes[1:]
        many = any(p.kind is p.VAR_POSITIONAL for p in arguments)
        single = [p for p in arguments if p.kind is not p.VAR_POSITIONAL]
        _registered[name] = Builtin(
            name,
            function,
            help,
            usage or (help if numeric else help.partition(": ")[0]),
            least=sum(p.default is p.empty for p in single),
            most=_MANY if many else len(single),
            numeric=numeric,
            reads=not arguments,
            same_unit=same_unit,
            counts=counts,
        )
        return function

    return enter if function is None else enter(function)


def positional(call: syntax.Call, env: Env, least: int, most: int, usage: str) -> list[Value]:
    """The values of least…most arguments, none of them named. Raises SpecError."""
    for argument in call.arguments:
        if argument.name is not None:
            message = f"`{call.name}` takes no argument `{argument.name}`"
            raise fault("unknown-argument", message, argument.span, f"usage: {usage}")
    if not least <= len(call.arguments) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        message = f"`{call.name}` takes {count} argument{'s' * (most != 1)}, not {len(call.arguments)}"
        raise fault("wrong-arguments", message, call.span, f"usage: {usage}")
    return [evaluate(a.value, env) for a in call.arguments]

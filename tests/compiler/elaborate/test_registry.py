"""The functions of the language are declared once: `@builtin` holds their names, checks and help."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from potentia.compiler import pipeline
from potentia.compiler.declarations.keywords import KEEP
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.elaborate import registry
from potentia.compiler.elaborate.builtins import BUILTINS, NUMERIC
from potentia.compiler.elaborate.networks import ACTIVATIONS
from potentia.compiler.elaborate.registry import Use, builtin
from potentia.compiler.elaborate.values import Value
from potentia.compiler.ir import build as alg
from potentia.compiler.ir.graph import Model, Node
from potentia.compiler.ir.printer import print_model


def model_of(formula: str) -> Model:
    """A model with a formula of the distance as its energy."""
    spec = f"species Nb\nterm t(rc = 4 Å) {{ param D = 1 eV\n pair(r) = D * {formula} }}\nE = t()"
    return pipeline.build(pipeline.check(pipeline.parse(spec)))


@pytest.mark.parametrize("name", BUILTINS)
def test_the_help_begins_with_a_call(name: str) -> None:
    assert BUILTINS[name].help.startswith(f"{name}(")
    assert BUILTINS[name].usage.startswith(f"{name}(")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_a_function_of_one_number(name: str) -> None:
    assert name in NUMERIC
    assert BUILTINS[name].function is ACTIVATIONS[name]
    assert BUILTINS[name].least == BUILTINS[name].most == 1


def test_the_reserved_word_is_a_function() -> None:
    assert KEEP in BUILTINS


@pytest.fixture
def entered() -> Iterator[None]:
    """Functions entered by a test are gone after it."""
    before = dict(registry._registered)
    yield
    registry._registered.clear()
    registry._registered.update(before)


@pytest.mark.usefixtures("entered")
def test_a_decorated_function_is_all_that_the_language_needs() -> None:
    @builtin
    def cube(x: Node) -> Node:
        """cube(x): x³"""
        return alg.mul(x, x, x)

    written_out = "((r / 2 Å) * (r / 2 Å) * (r / 2 Å))"
    assert print_model(model_of("cube(r / 2 Å)")) == print_model(model_of(written_out))
    with pytest.raises(SpecError) as caught:
        model_of("cube(r, r)")
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.help) == ("wrong-arguments", "usage: cube(x): x³")
    assert fault.message == "`cube` takes 1 argument, not 2"


@pytest.mark.usefixtures("entered")
def test_parameters_say_how_many_arguments_there_are() -> None:
    @builtin
    def span_(first: Node, last: Node | None = None) -> Node:
        """span(x) or span(x, y)"""
        return first

    @builtin
    def any_of(use: Use, first: Value, *others: Value) -> Value:
        """any_of(x, …): its first argument"""
        return first

    @builtin(usage="raw(…)")
    def raw(use: Use) -> Value:
        """raw(x, y): what it likes"""
        raise use.fault("bad-size", "no")

    shapes = {n: (b.least, b.most, b.numeric, b.reads, b.usage) for n, b in BUILTINS.items()}
    assert shapes["span"] == (1, 2, True, False, "span(x) or span(x, y)")
    assert shapes["any_of"] == (1, 99, False, False, "any_of(x, …)")
    assert shapes["raw"] == (0, 0, False, True, "raw(…)")


@pytest.mark.usefixtures("entered")
def test_a_name_is_entered_once() -> None:
    def exp(x: Node) -> Node:
        """exp(x)"""
        return x

    with pytest.raises(TypeError, match="`exp` is a function of the language already"):
        builtin(exp)


def test_the_functions_are_in_the_order_of_their_definitions() -> None:
    """Messages and completion list them in it."""
    numeric = [BUILTINS[name].function for name in NUMERIC]
    lines = [inspect.getsourcelines(function)[1] for function in numeric]
    assert len({function.__module__ for function in numeric}) == 1
    assert lines == sorted(lines)

"""Lowering by dispatch: for each operation the rule of a target, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from ..diagnostics.diagnostic import InternalError
from ..ir.graph import Op

Rule = TypeVar("Rule", bound=Callable[..., Any])


class Lowering(Generic[Rule]):
    """The rules of a target. An instance is a decorator: `@lowers(ops.tanh)`.

    refused: operations without a rule, with the reason.
    """

    def __init__(self, target: str, refused: Mapping[Op, str]) -> None:
        self.target, self.refused = target, refused
        self._rules: dict[Op, Rule] = {}

    def __call__(self, *operations: Op) -> Callable[[Rule], Rule]:
        def register(rule: Rule) -> Rule:
            for op in operations:
                if op in self._rules or op in self.refused:
                    raise InternalError(f"{self.target} lowers `{op.name}` twice, or refuses it too")
                self._rules[op] = rule
            return rule

        return register

    @property
    def lowered(self) -> frozenset[Op]:
        """The operations with a rule."""
        return frozenset(self._rules)

    def rule(self, op: Op) -> Rule:
        """The rule of an operation. Raises InternalError where it is refused or unknown."""
        found = self._rules.get(op)
        if found is None:
            reason = self.refused.get(op, "it has no rule")
            raise InternalError(f"{self.target} does not lower `{op.name}`: {reason}")
        return found

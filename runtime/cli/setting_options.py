"""Options that stand for fields of a configuration, made of the fields: name, type, default and help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..files.plain_data import Data, ReadData

Given = ReadData


@dataclass(frozen=True)
class Setting:
    """An option that stands for `key` of the configuration; a switch, where given, says no to it."""

    key: str
    declared: Any
    switch: bool = False

    @property
    def name(self) -> str:
        return self.key.replace(".", "_")

    @property
    def parameter(self) -> Parameter:
        default = False if self.switch else None
        return Parameter(self.name, Parameter.KEYWORD_ONLY, default=default, annotation=self.declared)


def options_of(
    model: type[BaseModel], section: str = "", only: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[Setting, ...]:
    """The options of a command that stand for fields of a configuration, in their order.

    An option is a field declared by `files.settings.option`. section: where the model stands in the
    configuration; only: the fields wanted, all where none are named; without: fields left out.
    """
    wanted = only or [name for name in model.model_fields if name not in without]
    prefix = f"{section}." if section else ""
    fields = {name: model.model_fields[name] for name in wanted}
    return tuple(
        _setting(f"{prefix}{name}", name, field, field.json_schema_extra["option"])
        for name, field in fields.items()
        if isinstance(field.json_schema_extra, dict)
    )


def _setting(key: str, name: str, field: FieldInfo, spelt: Any) -> Setting:
    switch = field.annotation is bool and field.default is True
    flag = spelt["flag"] or f"--{name.replace('_', '-')}"
    shown = spelt["shown"] or (
        "" if field.annotation is bool or field.default is None else _shown(field.default)
    )
    help = f"{field.description} [{shown}]" if shown else field.description
    declared = typer.Option(flag, metavar=spelt["metavar"], help=help)
    kind = bool if switch else _kind(field.annotation) | None
    return Setting(key, Annotated[kind, declared], switch)


def _kind(annotation: Any) -> Any:
    """The type of an option: `float` of `float | None`, `str` of words."""
    if get_origin(annotation) is Literal:
        return str
    kinds = [part for part in get_args(annotation) if part is not NoneType]
    return _kind(kinds[0]) if kinds else annotation


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def having(**groups: Sequence[Setting]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A command with the options of each group in place of its parameter of that name, declared `Given`.

    The command gets the options that were given, under their keys in the configuration.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        declared = signature(command, eval_str=True)
        spelt: list[Parameter] = []
        for name, parameter in declared.parameters.items():
            options = [setting.parameter for setting in groups.get(name, ())]
            spelt += options or [parameter.replace(kind=Parameter.KEYWORD_ONLY)]

        @wraps(command)
        def called(**values: Any) -> int:
            for name, group in groups.items():
                values[name] = _given(group, values)
            return command(**values)

        called.__signature__ = declared.replace(parameters=spelt)  # type: ignore[attr-defined]
        called.__annotations__ = {p.name: p.annotation for p in spelt}
        return called

    return decorate


def _given(group: Sequence[Setting], values: Data) -> Data:
    """The given options of a group, taken out of the arguments of a command."""
    taken = [(setting, values.pop(setting.name)) for setting in group]
    return {
        s.key: not value if s.switch else value
        for s, value in taken
        if value is not None and value is not False  # 0 is a value
    }

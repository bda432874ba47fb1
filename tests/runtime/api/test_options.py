"""The typed options of Python are the fields of the configurations, with their types."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import potentia
import pytest
from potentia.runtime.api import options
from potentia.runtime.data.config import DataConfig, FileConfig
from potentia.runtime.design.config import Budget
from potentia.runtime.residuals.config import FitConfig, WeightsConfig
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@pytest.mark.parametrize(
    ("typed", "config"),
    [
        (options.FileOptions, FileConfig),
        (options.DataOptions, DataConfig),
        (options.WeightOptions, WeightsConfig),
        (options.SearchOptions, FitConfig),
        (options.BudgetOptions, Budget),
    ],
)
def test_options_are_the_fields_of_the_configuration(typed: Any, config: type[BaseModel]) -> None:
    fields = {n: f for n, f in config.model_fields.items() if n not in ("data", "weights")}
    written = get_type_hints(typed)
    assert list(written) == list(fields)
    assert {n: words(kind, float if n == "test" else None) for n, kind in written.items()} == {
        n: words(f.annotation, float if n == "test" else None) for n, f in fields.items()
    }


def words(kind: Any, also: type | None) -> set[str]:
    """The members of a union; a test set may be given as a fraction too."""
    members = (
        {kind} if kind in (str, bool, int, float) or get_origin(kind) is Literal else set(get_args(kind))
    )
    return {str(m) for m in members or {kind} if m is not NoneType and m is not also}


def test_options_of_the_command_line_are_options_of_python() -> None:
    flagged = {name for name, field in FitConfig.model_fields.items() if is_option(field)}
    flagged |= {name for name, field in DataConfig.model_fields.items() if is_option(field)}
    assert flagged <= set(get_type_hints(options.FitOptions))


def is_option(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict)


FUNCTIONS = ("read_data", "fit", "evaluate", "fisher", "prune", "design", "properties", "diff", "export")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_has_a_type_and_a_line(name: str) -> None:
    function = getattr(potentia, name)
    parameters = signature(function).parameters.values()
    assert all(p.annotation is not Parameter.empty for p in parameters)
    doc = function.__doc__ or ""
    assert [p.name for p in parameters if not re.search(rf"\b{p.name}(, \w+)?: ", doc)] == []
    assert "Raises " in doc


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_misspelt_option_is_none_of_the_declared(name: str) -> None:
    """Explicit, or of an unpacked TypedDict: no function takes options that it does not declare."""
    for p in signature(getattr(potentia, name)).parameters.values():
        assert p.kind is not Parameter.VAR_POSITIONAL
        if p.kind is Parameter.VAR_KEYWORD:
            assert re.fullmatch(r"Unpack\[(\w+)\]", p.annotation)

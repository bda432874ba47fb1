"""The page of all keys of the configuration files, from the classes that check them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from potentia.runtime.active.config import ActiveConfig
from potentia.runtime.design.config import DesignConfig
from potentia.runtime.files.settings import Section
from potentia.runtime.properties.config import PropertiesConfig
from potentia.runtime.residuals.config import FitConfig
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from safe_text import cell, plain

_HEAD = """# Configuration files

Made from the classes that check the files. A key that is not here is refused (`unknown-key`), and a value of another kind
or beyond its bounds is (`bad-value`). Options of the command line go before keys; the last column names the option.
"""
_WORDS = {float: "number", int: "whole number", str: "text", bool: "true, false", object: "anything"}
# the words of options for units; other words name a kind of text
_UNITS = {"K": "K", "FS": "fs", "SECONDS": "s", "MB": "MB", "Å": "Å", "GPA": "GPa"}
_BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


@dataclass(frozen=True)
class File:
    """A kind of configuration file: its title, the class of its content, and who reads it."""

    title: str
    root: type[BaseModel]
    reader: str


_FILES = (
    File(
        "run.toml",
        FitConfig,
        "`potentia fit SPEC --config run.toml`; also the table `[fit]` of active learning",
    ),
    File("design.toml", DesignConfig, "`potentia design design.toml`, see [designing](designing.md)"),
    File(
        "properties.toml",
        PropertiesConfig,
        "`potentia properties RUN --config …`, see [properties](properties.md)",
    ),
    File("active.toml", ActiveConfig, "`potentia active active.toml`, see [active learning](active.md)"),
)


def settings_page() -> str:
    """The page in Markdown: a section for each file, a table of keys for each of its tables."""
    seen: dict[type[BaseModel], str] = {}
    parts = [_HEAD]
    for file in _FILES:
        seen[file.root] = file.title.replace(".", "-")
        parts += [f"## {file.title} {{#{seen[file.root]}}}", f"{file.reader}."]
        parts += _tables(file.root, (), file.title, seen)
    return "\n\n".join(parts) + "\n"


def _tables(
    model: type[BaseModel], path: Sequence[str], file: str, seen: dict[type[BaseModel], str]
) -> Iterator[str]:
    """The keys of a table, then those of the tables in it. A table that was shown already is named alone."""
    if path:
        anchor = "-".join([file.replace(".", "-"), *path])
        yield f"### {file}: [{'.'.join(path)}] {{#{anchor}}}"
        if model in seen:
            yield f"The keys are those [above](#{seen[model]})."
            return
        seen[model] = anchor
        yield plain(" ".join((model.__doc__ or "").split()))
    fields = model.model_fields
    keys = {name: field for name, field in fields.items() if _table(field.annotation) is None}
    if keys:
        rows = [_row(name, field) for name, field in keys.items()]
        yield "\n".join(["| key | value | default | meaning | option |", "|---|---|---|---|---|", *rows])
    for name, field in fields.items():
        inside = _table(field.annotation)
        if inside is not None:
            yield from _tables(inside, (*path, _named(name, field)), file, seen)


def _named(name: str, field: FieldInfo) -> str:
    """`structures.NAME` of a table of tables."""
    return f"{name}.NAME" if get_origin(field.annotation) is dict else name


def _table(annotation: Any) -> type[BaseModel] | None:
    """The class of a table in `Section`, `dict[str, Section]`, `list[Section]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((t for t in map(_table, get_args(annotation)) if t is not None), None)


def _row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    spelt: Any = extra.get("option") if isinstance(extra, dict) else None
    switch = field.annotation is bool and field.default is True
    meaning = field.description or ""
    if switch and spelt:
        meaning = f"`false`: {meaning[0].lower()}{meaning[1:]}"
    flag = f"`{spelt['flag'] or '--' + name.replace('_', '-')}`" if spelt else ""
    value = _units(_value(field), spelt)
    cells = (f"`{name}`", value, _default(field, spelt), cell(meaning), flag)
    return f"| {' | '.join(cells)} |"


def _value(field: FieldInfo) -> str:
    """The kind of value, with its bounds."""
    found = [
        f"{sign} {getattr(item, bound):g}"
        for item in field.metadata
        for bound, sign in _BOUNDS.items()
        if getattr(item, bound, None) is not None
    ]
    return _kind(field.annotation) + (f" {', '.join(found)}" if found else "")


def _kind(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inside)
    if origin is Annotated:
        return _kind(inside[0])
    if origin in (Union, UnionType):
        return " or ".join(_kind(part) for part in inside if part is not NoneType)
    if origin in (list, tuple):
        several = [part for part in inside if part is not Ellipsis]
        return f"list: {', '.join(_kind(part) for part in several)}"
    if origin is dict:
        return f"table: {_kind(inside[1])}"
    return _WORDS.get(annotation, "text")


def _default(field: FieldInfo, spelt: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if spelt and spelt["shown"]:
        return str(spelt["shown"])
    if value is None or value in ({}, [], (), ""):
        return ""
    if isinstance(value, Section):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list | tuple):
        return f"`[{', '.join(map(repr, value))}]`".replace("'", '"')
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _units(kind: str, spelt: Any) -> str:
    """The kind of a value with its unit, where the option names one."""
    unit = _UNITS.get(spelt["metavar"]) if spelt else None
    return f"{kind}, {unit}" if unit else kind

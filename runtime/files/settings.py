"""TOML files as checked settings: what every configuration shares, with a diagnostic for each fault."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, PydanticCustomError

from ...compiler.diagnostics.diagnostic import Diagnostic, UserError, did_you_mean
from ...compiler.diagnostics.plain import shortened
from .reading import read_plain

_MOST = 20  # faults that are told one by one
_LONGEST = 80  # characters of a value in a message
_LARGEST = 1 << 20  # bytes of a configuration
# a key of so many parts takes tomllib memory in the square of them
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DEEP = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:{_PART}[ \t]*\.[ \t]*){{50}}", re.MULTILINE)

M = TypeVar("M", bound=BaseModel)


class ConfigError(UserError):
    """A run configuration that is not valid."""


class Section(BaseModel):
    """A table of a configuration: no unknown keys, no NaN and no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def option(
    default: object,
    help: str,
    *,
    metavar: str | None = None,
    flag: str | None = None,
    shown: str | None = None,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
) -> Any:
    """A field that is an option of the command line too, with its help; bounds are those of `Field`.

    metavar: the word for its value, a unit in most cases; flag: where it is not the name of the field with
    dashes, and of a switch that turns a field off; shown: the default in words, where it is no constant.
    """
    spelt: JsonDict = {"metavar": metavar, "flag": flag, "shown": shown}
    extra: JsonDict = {"option": spelt}
    return Field(default, description=help, json_schema_extra=extra, gt=gt, ge=ge, lt=lt, le=le)


def one_of(names: Sequence[str]) -> BeforeValidator:
    """A check of a field, which takes one of these words: as Literal does, for words of a registry."""

    def check(value: object) -> object:
        if value not in names:
            *others, last = map(repr, names)
            expected = " or ".join([", ".join(others), last] if others else [last])
            raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
        return value

    return BeforeValidator(check)


def read_toml(path: Path) -> dict[str, object]:
    """The content of a TOML file. Raises ConfigError: missing-file, bad-toml."""
    try:
        content = read_plain(path, _LARGEST)
    except FileNotFoundError:
        raise ConfigError(Diagnostic("missing-file", f"there is no file `{path}`", place=str(path))) from None
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror or error}"
        raise ConfigError(Diagnostic("missing-file", message, place=str(path))) from None
    except ValueError as error:
        message = f"cannot read `{path}`: {error}"
        raise ConfigError(Diagnostic("bad-toml", message, place=str(path))) from None
    try:
        return _parsed(content.decode("utf-8"))
    except UnicodeDecodeError:
        message = "the file is not UTF-8 text"
    except ValueError as error:
        message = f"the file is not TOML: {error}"
    raise ConfigError(Diagnostic("bad-toml", message, place=str(path)))


def _parsed(text: str) -> dict[str, object]:
    """Raises ValueError."""
    if _DEEP.search(text):
        raise ValueError("a key has more than 50 parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # of Python, which reads no number of thousands of digits
        raise ValueError("a whole number has more than 64 bits") from None
    except RecursionError:
        raise ValueError("its brackets are too deep") from None


def with_flags(content: dict[str, object], flags: Mapping[str, object] | None) -> dict[str, object]:
    """The content with flags over it. Flags have dotted names; None is not given."""
    for name, value in (flags or {}).items():
        if value is not None:
            section, _, key = name.rpartition(".")
            inside = content.setdefault(section, {}) if section else content
            if isinstance(inside, dict):
                inside[key] = value
    return content


def validated(root: type[M], content: Mapping[str, object], place: str | None) -> M:
    """`content` as a configuration of class `root`.

    Raises ConfigError with one diagnostic for each fault: unknown-key, bad-value.
    """
    too_large = [_too_large(where, place) for where in _beyond_64_bits(content, "")]
    if too_large:
        raise ConfigError(too_large)
    try:
        return root.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_faults(root, error, place)) from None


def _faults(root: type[BaseModel], error: ValidationError, place: str | None) -> list[Diagnostic]:
    found = error.errors()
    more = len(found) - _MOST
    rest = [Diagnostic("more-faults", f"and {more} more", "note", place=place)] if more > 0 else []
    return [*(_fault(root, each, place) for each in found[:_MOST]), *rest]


def _beyond_64_bits(value: object, where: str) -> Iterator[str]:
    """The keys of whole numbers that no 64 bits hold, as TOML asks for."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _beyond_64_bits(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _beyond_64_bits(item, f"{where}.{index}")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield where


def _too_large(where: str, place: str | None) -> Diagnostic:
    return Diagnostic("bad-value", f"`{where}` is a whole number of more than 64 bits", place=place)


def _fault(root: type[BaseModel], error: ErrorDetails, place: str | None) -> Diagnostic:
    where = [str(part) for part in error["loc"]]
    key = shortened(".".join(where), _LONGEST)
    if error["type"] == "extra_forbidden":
        known = _keys_of(root, where[:-1])
        elsewhere = _elsewhere(root, where[-1])
        help = did_you_mean(where[-1], known) or elsewhere or f"known keys: {', '.join(known)}"
        return Diagnostic("unknown-key", f"`{key}` is not a key of the configuration", place=place, help=help)
    if error["type"] == "missing":
        return Diagnostic("bad-value", f"`{key}` is missing", place=place)
    given = error["input"]
    if error["type"] == "value_error":  # raised by a check of ours, in our words
        reason = str(error["ctx"]["error"])
        return Diagnostic("bad-value", f"`{key}`: {reason}" if key else reason, place=place)
    reason = error["msg"][0].lower() + error["msg"][1:]
    return Diagnostic(
        "bad-value", f"`{key}` is {_shown(given)}: {reason}", place=place, help=_choice(given, error)
    )


def _shown(value: object) -> str:
    text = shortened(str(value), _LONGEST)
    return f"`{text}`" if isinstance(value, str) else text


def _choice(given: object, error: ErrorDetails) -> str | None:
    """The closest of the words that a key takes."""
    if error["type"] != "literal_error":
        return None
    words = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    return did_you_mean(str(given), words)


def _keys_of(root: type[BaseModel], where: Sequence[str]) -> list[str]:
    section = root
    for name in where:  # a name of a table of tables, or an index of an array of them, stays in its section
        field = section.model_fields.get(name)
        section = (_section(field.annotation) if field else None) or section
    return list(section.model_fields)


def _elsewhere(root: type[BaseModel], key: str) -> str | None:
    """`sigma_forces` at the top: it belongs into a section."""
    for name, section in _sections(root):
        if key in section.model_fields:
            return f"`{key}` belongs into the section [{name}]"
    return f"`{key}` stands outside the sections" if key in root.model_fields else None


def _sections(root: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in root.model_fields.items():
        section = _section(field.annotation)
        if section:
            yield name, section


def _section(annotation: object) -> type[BaseModel] | None:
    """The section in `Section`, `Section | None`, `dict[str, Section]` or `tuple[Section, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for s in map(_section, get_args(annotation)) if s is not None), None)

"""The configuration of a fit, as a TOML file and as flags; every fault of it is a diagnostic.

seed = 1
[data]
test = "split=test"
stress_unit = "GPa"
[weights]
sigma_energy = 0.001            # eV/atom
config_type = { surface = 4.0 }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..compiler.diagnostics import Diagnostic, UserError, did_you_mean
from .label_keys import LabelKeys


class ConfigError(UserError):
    """A run configuration that is not valid."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Where labels are, in what unit and sign; which structures are the test set."""

    energy_key: str = "energy"
    forces_key: str = "forces"
    use_forces: bool = True
    stress_key: str = "stress"
    use_stress: bool = True
    virial_key: str | None = None
    stress_unit: str = "eV/Å^3"
    stress_sign: Literal["tension", "compression"] = "tension"
    virial_sign: Literal["minus", "plus"] = "minus"
    config_type_key: str = "config_type"
    weight_key: str | None = None
    test: str | None = None  # `split=test`, or a fraction: `0.1`

    def keys(self) -> LabelKeys:
        """The keys for the reader. Raises DataError for a unit that is not known."""
        return LabelKeys(
            energy=self.energy_key,
            forces=self.forces_key,
            stress=self.stress_key,
            virial=self.virial_key,
            stress_unit=self.stress_unit,
            stress_sign=self.stress_sign,
            virial_sign=self.virial_sign,
            config_type=self.config_type_key,
            weight=self.weight_key,
        )


class WeightsConfig(_Section):
    """What counts as an error of one, of each kind of label; factors on the weight of config types.

    sigma_energy in eV/atom, sigma_forces in eV/Å, sigma_stress in GPa. A row's weight is 1/σ².
    """

    sigma_energy: float = Field(0.001, gt=0)
    sigma_forces: float = Field(0.1, gt=0)
    sigma_stress: float = Field(1.5, gt=0)
    config_type: dict[str, float] = Field(default_factory=dict)


class FitConfig(_Section):
    """All that a fit depends on besides the spec and the data."""

    data: DataConfig = DataConfig()
    weights: WeightsConfig = Field(default_factory=lambda: WeightsConfig.model_validate({}))
    method: Literal["auto", "least-squares", "first-order"] = "auto"
    max_iterations: int | None = Field(None, ge=1)
    time_limit: float | None = Field(None, gt=0)  # seconds
    tolerance: float = Field(1e-3, gt=0, lt=1)  # a step that lowers the loss by a smaller share is the last
    starts: int = Field(1, ge=1)
    seed: int = Field(0, ge=0)
    memory_mb: float = Field(1000.0, ge=50)  # what batches and their derivatives may take
    precision: Literal["float64", "float32"] = "float64"
    ridge: float = Field(0.0, ge=0)  # on parameters in units of their size; 0 leaves directions free
    reference_energies: bool = True  # one energy a species, added to the formula where it has none

    def flat(self) -> dict[str, Any]:
        """Plain data, for files and fingerprints."""
        return self.model_dump(mode="json")


def load_config(path: Path | str | None = None, flags: Mapping[str, Any] | None = None) -> FitConfig:
    """The configuration of a TOML file, with flags over it. Flags have dotted names; None is not given.

    Raises ConfigError with one diagnostic for each fault: missing-file, bad-toml, unknown-key, bad-value.
    """
    content = _read(Path(path)) if path is not None else {}
    for name, value in (flags or {}).items():
        if value is not None:
            section, _, key = name.rpartition(".")
            inside = content.setdefault(section, {}) if section else content
            if isinstance(inside, dict):
                inside[key] = value
    try:
        return FitConfig.model_validate(content)
    except ValidationError as error:
        place = str(path) if path is not None else None
        raise ConfigError(_fault(e, place) for e in error.errors()) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(Diagnostic("missing-file", f"there is no file `{path}`", place=str(path))) from None
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror or error}"
        raise ConfigError(Diagnostic("missing-file", message, place=str(path))) from None
    except UnicodeDecodeError:
        raise ConfigError(Diagnostic("bad-toml", "the file is not UTF-8 text", place=str(path))) from None
    except tomllib.TOMLDecodeError as error:
        message = f"the file is not TOML: {error}"
        raise ConfigError(Diagnostic("bad-toml", message, place=str(path))) from None


def _fault(error: Mapping[str, Any], place: str | None) -> Diagnostic:
    where = [str(part) for part in error["loc"]]
    key = ".".join(where)
    if error["type"] == "extra_forbidden":
        known = _keys_of(where[:-1])
        help = did_you_mean(where[-1], known) or _elsewhere(where[-1]) or f"known keys: {', '.join(known)}"
        return Diagnostic("unknown-key", f"`{key}` is not a key of the configuration", place=place, help=help)
    given = error["input"]
    reason = error["msg"][0].lower() + error["msg"][1:]
    advice = _choice(given, error)
    return Diagnostic("bad-value", f"`{key}` is {_shown(given)}: {reason}", place=place, help=advice)


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else str(value)


def _choice(given: Any, error: Mapping[str, Any]) -> str | None:
    """The closest of the words that a key takes."""
    if error["type"] != "literal_error":
        return None
    words = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    return did_you_mean(str(given), words)


def _keys_of(where: list[str]) -> list[str]:
    section: type[BaseModel] = FitConfig
    for name in where:
        section = _section(section.model_fields[name].annotation) or section
    return list(section.model_fields)


def _elsewhere(key: str) -> str | None:
    """`sigma_forces` at the top: it belongs into a section."""
    for name, section in _sections():
        if key in section.model_fields:
            return f"`{key}` belongs into the section [{name}]"
    return f"`{key}` stands outside the sections" if key in FitConfig.model_fields else None


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in FitConfig.model_fields.items():
        section = _section(field.annotation)
        if section:
            yield name, section


def _section(annotation: Any) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((a for a in options if isinstance(a, type) and issubclass(a, BaseModel)), None)

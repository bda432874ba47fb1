"""The configuration of a design: a catalogue of candidate terms, sizes wanted, budgets.

core = "pin zbl()"
sizes = [15, 30, 75]
[[catalogue]]
term = "three_body(bessel8, l = 4, rc = 2.4 * d)"
grow = "five_body(bessel8, l = 4, rc = 2.4 * d, of = {chosen})"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, field_validator

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.config import DataConfig
from ..files.settings import ConfigError, Section, option, read_toml, validated, with_flags
from ..residuals.config import WeightsConfig

CHOSEN = "{chosen}"
_LENGTH = re.compile(r"\bd\b")


class Budget(Section):
    """The budget of a design. When it is spent, the front of the results so far is written."""

    time_limit: float | None = option(
        None, "Time after which the design stops; its results so far are kept.", metavar="SECONDS", gt=0
    )
    fits: int | None = Field(None, ge=1, description="Number of trials: pieces measured, selections, fits.")
    workers: int = option(1, "Number of processes.", ge=1, le=1024)


class Entry(Section):
    """A candidate term. Its linear parameters are selected from."""

    term: str = Field(description="The term, with `d` for a length of the material.")
    grow: str | None = Field(
        None,
        description="Second candidate, with `{chosen}` for the components of the first that were selected.",
    )
    most: int = Field(16, ge=1, description="Number of components that `{chosen}` holds at the most.")

    def scaled(self, factor: float) -> Entry:
        """The same with every `d` multiplied by a factor."""
        grow = self.grow and _LENGTH.sub(f"{factor:g} * d", self.grow)
        return self.model_copy(update={"term": _LENGTH.sub(f"{factor:g} * d", self.term), "grow": grow})

    @field_validator("grow")
    @classmethod
    def _names_the_chosen(cls, text: str | None) -> str | None:
        if text is not None and CHOSEN not in text:
            raise ValueError(f"it does not say where the chosen components go: write `of = {CHOSEN}`")
        return text


class DesignConfig(Section):
    """The configuration of a design: everything it depends on besides the data."""

    catalogue: list[Entry] = Field(min_length=1)
    species: list[str] = Field(
        default_factory=list, description="Species; those of the data, where none are named."
    )
    core: str = Field("pin zbl()", description="Terms that are always there and never selected.")
    properties: str | None = Field(
        None, description="File of `potentia properties`, beside this one: guards and objectives."
    )
    sizes: list[int] = Field(
        default_factory=lambda: [10, 15, 20, 30, 50, 75],
        min_length=1,
        description="Numbers of parameters wanted.",
    )
    moves: list[float] = Field(
        default_factory=list, description="Factors on the lengths of each term that are tried."
    )
    most_columns: int = Field(
        1500, ge=1, description="Number of columns to select from; terms that would bring more are left out."
    )
    folds: int = Field(
        5, ge=2, le=1000, description="Folds of the cross-validation inside the training structures."
    )
    seed: int = Field(0, ge=0, description="Seed of the split and of the folds.")
    memory_mb: float = Field(1500.0, ge=50, le=1e9, description="Memory for a batch and its derivatives, MB.")
    data: DataConfig = DataConfig()
    weights: WeightsConfig = Field(default_factory=lambda: WeightsConfig.model_validate({}))
    budget: Budget = Field(default_factory=lambda: Budget.model_validate({}))

    @field_validator("moves")
    @classmethod
    def _factors(cls, moves: list[float]) -> list[float]:
        if any(m <= 0 or m == 1 for m in moves):
            raise ValueError("a move is a factor on the lengths of a term, positive and not 1")
        return moves

    @field_validator("sizes")
    @classmethod
    def _positive(cls, sizes: list[int]) -> list[int]:
        if min(sizes) < 1:
            raise ValueError("a size is a number of parameters, at least 1")
        return sorted(set(sizes))


def load_design(path: Path, flags: Mapping[str, object] | None = None) -> DesignConfig:
    """The configuration of a TOML file, with flags (dotted names; None is not given) over it.

    Raises ConfigError: missing-file, bad-toml, empty-catalogue, unknown-key, bad-value.
    """
    content = read_toml(path)
    if not content.get("catalogue"):
        help = 'add [[catalogue]] tables with `term = "pair(bessel8, rc = 2 * d)"`'
        message = "the catalogue is empty: there is nothing to design from"
        raise ConfigError(Diagnostic("empty-catalogue", message, place=str(path), help=help))
    return validated(DesignConfig, with_flags(content, flags), str(path))

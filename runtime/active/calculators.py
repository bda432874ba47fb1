"""Calculators that a configuration names, which comes from others as often as not: without `allow_code` they
are those of ASE by their names, classes of calculators of installed packages, and runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, UserError, did_you_mean
from ..runs.formats import METADATA
from ..runs.run_folder import load
from .config import LabelConfig

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

# arguments of calculators of ASE that start programs, or hand lines on to one that does
_STARTS = re.compile("command|cmd|exe|shell|script|binary|program|profile|header|amendments", re.IGNORECASE)
# names that ASE knows besides those that it lists
_MORE = ("mace_mp", "mattersim", "Psi4")


@dataclass(frozen=True)
class CalculatorMaker:
    """beside: the folder in which runs, and modules with `allow_code`, are looked for; place: of messages."""

    config: LabelConfig
    beside: Path
    allow_code: bool
    place: str

    def made(self) -> Calculator:
        """The calculator. Raises DataError unknown-calculator, needs-allow-code; ArtifactError of a run."""
        name = self.config.calculator
        for folder in (self.beside / name, Path(name)):
            if (folder / METADATA).is_file():
                return self._called(load(folder).calculator)
        if not self.allow_code:
            self._require_plain(self.config.arguments)
        return self._called(self._of_module(name) if ":" in name else self._of_ase(name))

    # --- kinds ---------------------------------------------------------------------------------

    def _of_ase(self, name: str) -> Callable[..., Calculator]:
        from ase.calculators.calculator import external_calculators, get_calculator_class
        from ase.calculators.names import names

        known = (*names, *external_calculators, *_MORE)
        if name not in known:
            raise self._unknown("ASE has none of this name", did_you_mean(name, known))
        try:
            with _path(without=self.beside):
                return get_calculator_class(name)
        except Exception as error:  # ASE imports packages of others: anything may happen
            raise self._unknown(str(error)) from error

    def _of_module(self, name: str) -> Callable[..., Calculator]:
        module, _, attribute = name.partition(":")
        package = module.partition(".")[0]
        if not self.allow_code and package not in packages_distributions():
            place = package or module  # `./mine.py` has a dot in front
            raise self._code(f"the calculator `{name}` is code: `{place}` is not an installed package")
        try:
            with _path(with_=self.beside) if self.allow_code else _path(without=self.beside):
                kind = getattr(import_module(module), attribute)
        except Exception as error:  # as above
            raise self._unknown(str(error)) from error
        if not self.allow_code and not _is_calculator(kind):
            raise self._code(f"the calculator `{name}` is code: it is not a class of calculators of ASE")
        return kind

    def _require_plain(self, arguments: Mapping[str, object]) -> None:
        for name in arguments:
            if _STARTS.search(name):
                what = f"the argument `{name}` of the calculator `{self.config.calculator}`"
                raise self._code(f"{what} is code: it may start programs")

    def _called(self, kind: Callable[..., Calculator]) -> Calculator:
        try:
            return kind(**self.config.arguments)
        except UserError:
            raise
        except Exception as error:
            message = f"the calculator `{self.config.calculator}` cannot be made: {error}"
            help = "its arguments are [label.arguments]"
            raise self._error("unknown-calculator", message, help) from error

    # --- faults --------------------------------------------------------------------------------

    def _unknown(self, why: str, help: str | None = None) -> DataError:
        message = f"there is no calculator `{self.config.calculator}`: {why}"
        usual = "a name of ASE such as `emt`, `module:Class` of an installed package, or the folder of a run"
        return self._error("unknown-calculator", message, help or usual)

    def _code(self, message: str) -> DataError:
        help = "`--allow-code` lets it run, where you trust the configuration"
        return self._error("needs-allow-code", message, help)

    def _error(self, code: str, message: str, help: str) -> DataError:
        return DataError(Diagnostic(code, message, place=self.place, help=help))


def _is_calculator(kind: Any) -> bool:
    from ase.calculators.calculator import Calculator

    return isinstance(kind, type) and issubclass(kind, Calculator)


@contextmanager
def _path(with_: Path | None = None, without: Path | None = None) -> Iterator[None]:
    """Where modules are looked for: in a folder first, or neither in it nor in the working directory."""
    before = sys.path[:]
    if with_ is not None:
        sys.path.insert(0, str(with_))
    if without is not None:
        closed = {without.resolve(), Path.cwd()}
        sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() not in closed]
    try:
        yield
    finally:
        sys.path[:] = before

"""A run on the disk: a fitted potential, in files that stand alone and hold no code.

spec.pes         the spec in canonical form, species stated
parameters.npz   theta (P,) and names (P,)
metadata.json    versions, parameters, errors, configuration, digests
certificates.json  what is proved of it, docs/certificates.md
covariance.npz   covariance (P_free, P_free) and root (P_free, P_free), where they are known
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ..structures.arrays import Covariance, Theta
from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, UserError, did_you_mean
from ...compiler.diagnostics.source import Source
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ...compiler.syntax.language_version import LANGUAGE
from ...compiler.syntax.language_version import upgraded as upgraded_spec
from .formats import CERTIFICATES, COVARIANCE, FORMAT, METADATA, PARAMETERS, SPEC, TRAINING, upgraded
from ..files.atomic import atomic_directory, write_atomic
from ..files.lock import only_writer_of
from ..files.npz import AnyArray, arrays_of, npz_bytes
from ..files.orphans import recover
from ..files.reading import damaged, first_fault, read_json, read_plain
from .deviations import RunDeviations, not_calibrated
from .metadata import CalibrationEntry, Metadata, ParameterEntry
from ..evaluation.error_table import error_line
from ..potential.potential import Potential, at_start
from ..presentation import html
from ..files.plain_data import Data

if TYPE_CHECKING:
    from ..information.uncertainty import Uncertainty
    from ..potential.calculator import Deviations

_A_RUN = "a run is a folder that `potentia fit -o FOLDER` writes"
_DAMAGED = "it was cut short or changed since it was written: fit again, or copy it again"


@dataclass(frozen=True, eq=False, repr=False)
class FittedPotential(Potential):
    """A potential that was loaded from a run.

    metadata: the errors, configuration, data and history that the run keeps. folder: the run.
    """

    metadata: Metadata = field(kw_only=True)
    folder: Path = field(kw_only=True)

    def deviations(self, on_warning: OnWarning = as_python_warning) -> Deviations:
        """Standard deviations as a function of a structure. Raises ArtifactError no-covariance.

        on_warning: is told of deviations that are not calibrated.
        """
        uncertainty = uncertainty_of(self)
        if uncertainty.calibration is None:
            on_warning(not_calibrated(self.folder))
        return RunDeviations(uncertainty)

    def parameter_deviations(self) -> Theta | None:
        """Standard deviations (P,) of the coefficients, NaN of fixed ones; None without a covariance."""
        known = covariance(self.folder)
        if known is None:
            return None
        found = np.full(len(self.theta), np.nan)
        found[self.free] = np.sqrt(np.maximum(np.diag(known), 0.0))
        return found

    def lines(self) -> list[str]:
        return [*super().lines(), f"{self.folder}: {self._ended()}", *self._errors()]

    def _ended(self) -> str:
        words = {None: "not fitted", True: "converged", False: "not converged"}
        reason = f" ({self.metadata.reason})" if self.metadata.reason else ""
        return f"{words[self.metadata.converged]}{reason}"

    def _errors(self) -> list[str]:
        parts = {"train": self.metadata.train, "test": self.metadata.test}
        return [f"{name:<5} RMSE {error_line(m)}" for name, m in parts.items() if m]

    def _about(self) -> list[str]:
        return [html.note(text) for text in (f"{self.folder}: {self._ended()}", *self._errors())]

    def to_dict(self) -> Data:
        """Plain data, as of a `Potential`, with the folder of the run and its errors."""
        about = self.metadata.model_dump(mode="json", include={"converged", "reason", "train", "test"})
        return {**super().to_dict(), "run": str(self.folder), **about}


def save(
    folder: Path | str,
    potential: Potential,
    *,
    covariance: Covariance | None = None,
    root: Covariance | None = None,
    replace: bool = False,
    training: str | None = None,
    certified: bool = True,
    certificates: bytes | None = None,
    **about: Any,
) -> Metadata:
    """Write a run, whole or not at all. An existing folder is refused unless `replace` is set.

    root (P_free, P_free): as `QuadraticModel.spread`.
    training: the course of the errors, as comma-separated values.
    certified: write what is proved of it too, which takes a second and more.
    certificates: what is proved, where a run of the same formula and numbers has it.
    about: fields of Metadata, such as train, test, config, data.
    Raises ArtifactError: unwritable, in-use.
    """
    names = np.array(potential.model.vector.names)
    files = {
        SPEC: potential.text.encode(),
        PARAMETERS: npz_bytes({"theta": potential.theta, "names": names}),
    }
    if certified:
        files[CERTIFICATES] = certificates or _certificates(potential)
    if covariance is not None:
        files[COVARIANCE] = _covariance_bytes(covariance, root)
    if training is not None:
        files[TRAINING] = training.encode()
    metadata = Metadata(
        potentia=_version(),
        language=LANGUAGE,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        species=list(potential.species),
        n_parameters=potential.n_parameters,
        parameters=_entries(potential.model),
        digests={name: _digest(content) for name, content in files.items()},
        **about,
    )
    files[METADATA] = (metadata.model_dump_json(indent=2) + "\n").encode()
    with only_writer_of(Path(folder)), atomic_directory(folder, replace) as part:
        for name, content in files.items():
            write_atomic(part / name, content)
    return metadata


def _certificates(potential: Potential) -> bytes:
    from ...compiler.certificates.certify import as_text, certify

    return as_text(certify(potential.model, potential.theta)).encode()


def load(folder: Path | str) -> FittedPotential:
    """The potential of a run, with its metadata.

    Raises ArtifactError: missing-artifact, not-a-run, newer-artifact, newer-language,
    damaged-artifact.
    """
    folder = Path(folder)
    metadata = read_metadata(folder)
    arrays = _arrays(folder, PARAMETERS, metadata)
    spec = _spec(folder, metadata)
    try:
        program = Program.of(Source(spec, str(folder / SPEC)))
        made = at_start(program.for_species(tuple(metadata.species)))
    except UserError as error:
        message = f"the spec of {folder} is not valid in potentia {_version()}: {error.message}"
        help = f"it was written by potentia {metadata.potentia}"
        raise ArtifactError(
            Diagnostic("damaged-artifact", message, place=str(folder / SPEC), help=help)
        ) from error
    theta = _theta(folder, made.model, arrays)
    return FittedPotential(made.program, theta, metadata=metadata, folder=folder)


def as_run(potential: Potential, folder: Path, metadata: Metadata) -> FittedPotential:
    """A potential that was saved, as `load` has it, with the kernels that are compiled."""
    whole = {f.name: getattr(potential, f.name) for f in fields(Potential)}
    return FittedPotential(**whole, metadata=metadata, folder=folder)


def uncertainty_of(run: FittedPotential) -> Uncertainty:
    """The uncertainty of a run, calibrated where the run has a calibration.

    Raises ArtifactError: no-covariance.
    """
    from ..information.calibration import Calibration
    from ..information.uncertainty import Uncertainty

    root, stored = covariance_root(run.folder), run.metadata.calibration
    if root is None:
        message = f"`{run.folder}` has no covariance of its parameters"
        help = "`potentia fisher RUN --data FILE` works it out"
        raise _error("no-covariance", message, run.folder, help)
    return Uncertainty(run, root, None if stored is None else Calibration.from_dict(stored.model_dump()))


def read_spec(folder: Path) -> str:
    """The spec of a run, in the present language; its parameters are not read.

    Raises ArtifactError: those of `load`.
    """
    return _spec(folder, read_metadata(folder))


def _spec(folder: Path, metadata: Metadata) -> str:
    spec, language = _text(folder, _checked(folder, SPEC, metadata)), metadata.language
    if language > LANGUAGE:
        message = (
            f"the spec of {folder} is in language {language}; this potentia ({_version()}) has {LANGUAGE}"
        )
        raise _error("newer-language", message, folder / SPEC, "it was written by a newer potentia: upgrade")
    return upgraded_spec(spec, language)


def amend(folder: Path, covariance: Covariance, root: Covariance, calibration: Data | None) -> None:
    """Add later results about its parameters to a run; the folder is replaced, whole or not at all.

    calibration: None keeps the present one.
    Raises ArtifactError: unwritable, in-use, and those of `load`.
    """
    content = _covariance_bytes(covariance, root)
    with only_writer_of(folder):
        metadata = read_metadata(folder)
        metadata.digests[COVARIANCE] = _digest(content)
        if calibration is not None:
            metadata.calibration = CalibrationEntry.model_validate(calibration)
        with atomic_directory(folder, replace=True) as part:
            copytree(folder, part, dirs_exist_ok=True)
            write_atomic(part / COVARIANCE, content)
            write_atomic(part / METADATA, metadata.model_dump_json(indent=2) + "\n")


def covariance(folder: Path | str) -> Covariance | None:
    """The covariance of the trained numbers, where it is known, without undetermined directions."""
    return _square(Path(folder), "covariance")


def covariance_root(folder: Path | str) -> Covariance | None:
    """A with A Aᵀ the covariance of the trained numbers, undetermined directions in it; a row of zeros for a
    number that no label depends on.
    """
    return _square(Path(folder), "root")


def stored_certificates(folder: Path | str) -> bytes | None:
    """What was proved of a run, as it was written; None of a run of the time before certificates."""
    metadata = read_metadata(Path(folder))
    return _checked(Path(folder), CERTIFICATES, metadata) if CERTIFICATES in metadata.digests else None


def _square(folder: Path, name: str) -> Covariance | None:
    metadata = read_metadata(folder)
    if COVARIANCE not in metadata.digests:
        return None
    arrays = _arrays(folder, COVARIANCE, metadata)
    if name in arrays and arrays[name].shape != (metadata.n_parameters,) * 2:
        raise _damaged(folder / COVARIANCE, "it does not have a row for each trained number")
    return arrays.get(name)


def _covariance_bytes(covariance: Covariance, root: Covariance | None) -> bytes:
    return npz_bytes({"covariance": covariance} | ({} if root is None else {"root": root}))


def read_metadata(folder: Path) -> Metadata:
    """The metadata of a run, which is put back first where a killed process had taken it away.

    Raises ArtifactError.
    """
    with suppress(OSError):
        recover(folder)
    if not folder.exists():
        near = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        help = did_you_mean(folder.name, near) or _A_RUN
        raise _error("missing-artifact", f"there is no run `{folder}`", folder, help)
    path = folder / METADATA
    if not folder.is_dir() or not path.exists():
        near = [p.name for p in folder.parent.iterdir() if (p / METADATA).is_file()]
        help = did_you_mean(folder.name, near) or _A_RUN
        raise _error("not-a-run", f"`{folder}` is not a run: it holds no {METADATA}", folder, help)
    content = read_json(path, _DAMAGED)
    if not isinstance(content, Mapping):
        raise _damaged(path, "it is not a table")
    written = content.get("format")
    if isinstance(written, int) and written > FORMAT:
        message = f"`{folder}` has format {written}; this potentia ({_version()}) reads {FORMAT}"
        raise _error("newer-artifact", message, folder, "it was written by a newer potentia: upgrade")
    try:
        return Metadata.model_validate(upgraded(content))
    except ValidationError as error:
        raise _damaged(path, first_fault(error)) from error


def _arrays(folder: Path, name: str, metadata: Metadata) -> dict[str, AnyArray]:
    """The arrays of a file whose digest is right."""
    return arrays_of(_checked(folder, name, metadata), folder / name)


def _checked(folder: Path, name: str, metadata: Metadata) -> bytes:
    """The bytes of a file, as they were written."""
    path = folder / name
    try:
        content = read_plain(path)
    except FileNotFoundError as error:
        raise _damaged(folder, f"{name} is missing") from error
    except OSError as error:
        raise _damaged(path, f"it cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if _digest(content) != metadata.digests.get(name):
        raise _damaged(path, "it is not what the fit wrote")
    return content


def _text(folder: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(folder / SPEC, "it is not UTF-8 text") from error


def _theta(folder: Path, model: Model, arrays: Mapping[str, AnyArray]) -> Theta:
    path = folder / PARAMETERS
    if not {"theta", "names"} <= arrays.keys():
        raise _damaged(path, "it lacks `theta` or `names`")
    theta, names = arrays["theta"], [str(name) for name in arrays["names"].ravel()]
    expected = list(model.vector.names)
    if theta.shape != (len(expected),) or theta.dtype != np.float64:
        raise _damaged(path, f"it has {theta.size} parameters, and the spec has {len(expected)}")
    if len(names) != len(expected):
        raise _damaged(path, f"it has {len(names)} names, and the spec has {len(expected)} parameters")
    if names != expected:
        wrong = next(n for n, e in zip(names, expected, strict=False) if n != e)
        raise _damaged(path, f"its parameter `{wrong}` is not one of the spec")
    if not np.isfinite(theta).all():
        wrong = names[int(np.flatnonzero(~np.isfinite(theta))[0])]
        raise _damaged(path, f"its parameter `{wrong}` is not a number")
    return theta


def _entries(model: Model) -> list[ParameterEntry]:
    def bounds(values: tuple[float, ...]) -> list[float | None]:
        return [v if np.isfinite(v) else None for v in values]  # JSON has no infinity

    return [
        ParameterEntry(
            name=p.name,
            unit=str(p.kind.unit),
            size=len(p.start),
            lower=bounds(p.lower),
            upper=bounds(p.upper),
            free=list(p.free),
        )
        for p in model.parameters
    ]


def _version() -> str:
    try:
        return version("potentia")
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"


def _digest(content: bytes) -> str:
    return "sha256:" + sha256(content).hexdigest()


def _error(code: str, message: str, place: Path, help: str | None) -> ArtifactError:
    return ArtifactError(Diagnostic(code, message, place=str(place), help=help))


def _damaged(path: Path, why: str) -> ArtifactError:
    return damaged(path, why, _DAMAGED)

"""`potentia log`: the history of a potential."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, UserError
from . import console
from .options import Form, Json, Markdown, form_of

if TYPE_CHECKING:
    from ..runs.lineage import Step

_ERRORS = (
    ("energy_rmse_ev_per_atom", "E", "meV/atom", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F", "meV/Å", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S", "GPa", 1.0, "{:.3f}"),
)
_SHOWN = 12  # digits of a digest
VERSIONED = ("formula", "numbers")  # kinds of change that versions in git show
TROUBLE = 2  # as of `diff`, where 1 is the answer of the gate


def command(
    model: Annotated[Path, typer.Argument(metavar="RUN|SPEC", show_default=False, help="Run, or spec file.")],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="REV", help="Versions of a spec after this revision of git alone."),
    ] = None,
    gate: Annotated[
        str | None,
        typer.Option(
            "--gate",
            metavar="KINDS",
            help="Kinds of change that make the exit code 1 where a version has one: formula, numbers.",
        ),
    ] = None,
    json: Json = False,
    markdown: Markdown = False,
) -> int:
    """Print the history of a potential, the latest first.

    The history of a run has its fits, prunings and designs, with data and errors. The history of a spec has
    those of the run beside it, and the changes of meaning of its versions in git.

    \b
    Examples:
      potentia log runs/nb
      potentia log nb.pes
      potentia log studies/nb/front/030.pes --json
      potentia log nb.pes --since v1.2 --gate formula
      potentia log nb.pes --since main --markdown
    """
    from ..comparison.gate import kinds_of

    try:
        kinds = () if gate is None else kinds_of(gate, VERSIONED)
        return _history(model, since, kinds, form_of(json, markdown))
    except UserError as error:
        if gate is None:
            raise
        console.report(error.diagnostics, json)
        return TROUBLE


def _history(model: Path, since: str | None, kinds: tuple[str, ...], form: Form) -> int:
    """Print it; whether a version has changes of these kinds. Raises UserError."""
    from ..files.git import commits
    from ..runs.formats import METADATA, SPEC
    from ..runs.run_folder import read_metadata
    from .log_versions import versions_of

    is_spec = model.suffix == ".pes" and not model.is_dir()
    if not is_spec and (kinds or since is not None):
        message = f"`--since` and `--gate` are for versions of a spec in git, and `{model}` is a run"
        help = "`potentia diff RUN RUN --gate formula,numbers` compares two runs"
        raise ArtifactError(Diagnostic("usage", message, help=help))
    folder = _beside(model, SPEC) if is_spec else model
    steps = [] if is_spec and not (folder / METADATA).is_file() else read_metadata(folder).history
    known = commits(model) if is_spec and model.is_file() else []
    if not known and (not steps or kinds or since is not None):
        message = (
            f"nothing is known of where `{model}` comes from: no run lies beside it, and git has no version"
        )
        help = "`potentia fit` makes runs, and `git add` and `git commit` versions"
        raise ArtifactError(Diagnostic("no-history", message, place=str(model), help=help))
    versions = versions_of(model, known, since)
    _warn(model, is_spec, form == "json")
    told = [] if kinds or since is not None else steps
    if form == "json":
        history = [s.model_dump() for s in told]
        rows = [version.as_dict(kinds) for version in versions]
        console.result_json({"run": str(folder) if steps else None, "history": history, "versions": rows})
    else:
        in_markdown = form == "markdown"
        parts = [_markdown(step) if in_markdown else "\n  ".join(_told(step)) for step in reversed(told)]
        parts += [version.markdown(kinds) if in_markdown else version.text(kinds) for version in versions]
        console.result("\n\n".join(parts) or f"no version since {since}")
    return int(any(any(version.changes(kinds).values()) for version in versions))


def _warn(model: Path, is_spec: bool, json: bool) -> None:
    """The warnings of the run, or of the spec as it is now."""
    from ..runs.versions import read_version
    from .spec_warnings import report_versions

    if model.is_file() or not is_spec:
        with suppress(UserError):  # the history of a damaged run is told all the same
            report_versions([read_version(str(model))], json)


def _beside(spec: Path, name: str) -> Path:
    """The run of a spec: the folder that it lies in, or one of its name, as a design lays them."""
    return spec.parent if spec.name == name else spec.with_suffix("")


def _markdown(step: Step) -> str:
    from ..comparison.difference_markdown import escaped, listed

    head, *facts = _told(step)
    return "\n\n".join([f"### {escaped(head)}", listed([" ".join(fact.split()) for fact in facts])])


def _told(step: Step) -> list[str]:
    lines = [step.origin or "of unknown origin"]
    if step.n_parameters is not None:
        lines.append(
            f"model   {console.counted(step.n_parameters, 'trained parameter')}, {_digest(step.spec)}"
        )
    lines += [
        f"{part:<8}{_errors(errors)}"
        for part, errors in (("train", step.train), ("test", step.test))
        if errors
    ]
    lines += [f"data    {name}, {_digest(digest)}" for name, digest in step.data.items()]
    if step.created:
        lines.append(f"made    {step.created} by potentia {step.potentia}")
    return lines


def _digest(digest: str) -> str:
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:_SHOWN]}"


def _errors(errors: dict[str, float]) -> str:
    shown: Sequence[str] = [
        f"{name} {form.format(factor * errors[key])} {unit}"
        for key, name, unit, factor, form in _ERRORS
        if key in errors
    ]
    return ", ".join(shown)

"""The front of a design on the disk: specs with comments, runs, a table as JSON, a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ...compiler.syntax.formatter import format_source
from ..evaluation.errors import ErrorData, compare
from ..evaluation.timing import microseconds_as_run
from ..files.atomic import write_atomic
from ..potential.potential import Potential, compile
from ..runs.run_folder import FittedPotential, covariance, covariance_root, load, save, stored_certificates
from .front_row import Row
from .loop import Member
from .study import Study

FRONT = "front"


def write_front(study: Study, members: Sequence[Member]) -> list[Row]:
    """Write `front/N.pes`, the run `front/N`, `front.json` and `front.png`; the rows of the table.

    N is the number of parameters. Only here the models meet the test structures.
    """
    rows: list[Row] = []
    for member in members:
        spec = commented(member)
        folder = study.folder / FRONT / f"{member.size:03d}"
        write_atomic(folder.with_suffix(".pes"), spec)
        fitted = load(study.run(member.spec))
        potential = compile(spec).with_theta(fitted.theta)
        test = _save(study, potential, fitted, folder)
        rows.append(
            Row(
                size=member.size,
                cv=member.cv,
                train=member.train,
                operations=member.operations,
                microseconds_per_atom=microseconds_as_run(potential, study.data.train),
                terms=member.terms,
                properties=member.properties,
                test=test,
                spec=str(folder.with_suffix(".pes")),
                run=str(folder),
            )
        )
    write_atomic(study.folder / "front.json", json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    if rows:
        from .front_plot import save_plot

        save_plot(study.folder / "front.png", rows)
    return rows


def _save(study: Study, potential: Potential, fitted: FittedPotential, folder: Path) -> ErrorData | None:
    """The run with the commented spec; its errors on the test structures."""
    test = study.data.test
    metrics = compare(test, potential.predict(test)).as_dict() if test else None
    about = fitted.metadata.model_dump(
        include={"train", "config", "data", "labels", "warnings", "converged", "reason", "origin"}
    )
    sigma, root = covariance(fitted.folder), covariance_root(fitted.folder)
    save(
        folder,
        potential,
        covariance=sigma,
        root=root,
        replace=True,
        certificates=stored_certificates(fitted.folder),
        test=metrics,
        **about,
    )
    return metrics


def commented(member: Member) -> str:
    """The spec with what each term earns."""
    energy, forces = member.cv["energy"] * 1e3, member.cv["forces"] * 1e3
    lines = [
        f"# {member.size} numbers, chosen by `potentia design`",
        "# errors, cross-validated inside the training structures:",
        f"#   energy {energy:.3g} meV/atom, forces {forces:.3g} meV/Å",
    ]
    lines.append("# Without one of its terms, all others refitted, the loss would be so many times as large:")
    for call, numbers, factor in sorted(member.terms, key=lambda t: -t[2]):
        lines.append(f"#   {factor:.3g} × without the {numbers} of {call}")
    return format_source("\n".join(lines) + "\n" + member.spec, "front")

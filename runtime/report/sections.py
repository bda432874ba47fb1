"""The sections of a report, each a part of a page, or nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from json import dumps
from typing import cast

import numpy as np

from ...compiler.certificates.certificate import Certificates, Verdict
from ...compiler.diagnostics.plain import plain
from ...compiler.diagnostics.render import as_text
from ..editor.spec_html import spec_lines
from ..evaluation.errors import ErrorData, ErrorKey
from ..evaluation.parity import parity_panels
from ..evaluation.spread import by_config_type, spread_panels
from ..files.plain_data import ReadData
from ..fitting.curve_plot import learning_panels
from ..information.plot import information_panels
from ..presentation.figures import Panel, svg
from ..presentation.page import cards, columns, folded, note, pictures, section, table
from ..properties.plots import family_panels
from ..properties.results import PropertyData
from ..runs.lineage import Step
from ..runs.run_folder import FittedPotential, covariance
from .content import Content

_ERRORS: tuple[tuple[ErrorKey, str, float, str], ...] = (
    ("energy_rmse_ev_per_atom", "E (meV/atom)", 1000.0, "{:.2f}"),
    ("forces_rmse_ev_per_ang", "F (meV/Å)", 1000.0, "{:.1f}"),
    ("stress_rmse_gpa", "S (GPa)", 1.0, "{:.3f}"),
)
_WORDS = {"E": "energy", "F": "forces", "S": "stress"}
_SHORT = 20  # rows
_MOST = 400  # numbers that are listed


def summary(content: Content) -> str:
    """The run in a few figures."""
    about = content.run.metadata
    part = "test" if about.test else "train"
    errors: Mapping[str, object] = about.test or about.train or {}
    found = [("trained numbers", str(about.n_parameters))]
    for key, head, factor, form in _ERRORS:
        value = errors.get(key)
        if isinstance(value, int | float):
            name, _, unit = head.rstrip(")").partition(" (")
            found.append((f"RMSE of {_WORDS[name]}, {part}", f"{form.format(factor * value)} {unit}"))
    reach = max((d.rc or 0.0 for d in content.run.model.lists()), default=0.0)
    found += [("longest cutoff", f"{reach:g} Å")] if reach else []
    if content.microseconds is not None:
        found.append(("an atom: energy, forces, stress", f"{content.microseconds:.3g} µs"))
    found.append(("proofs", str(content.certificates.verdict)))
    words = [
        about.origin,
        about.created and f"{about.created} by potentia {about.potentia}",
        _ending(content),
    ]
    return cards(found) + note(" · ".join(w for w in words if w))


def _ending(content: Content) -> str:
    about = content.run.metadata
    if about.converged is None:
        return ""
    return f"{'converged' if about.converged else 'not converged'} ({about.reason})"


def spec(content: Content) -> str:
    """The text in colours; long lines go on below."""
    lines = "".join(f"<div>{line}</div>" for line in spec_lines(content.run.text))
    return f'<div class="spec">{lines}</div>'


def remarks(content: Content) -> str:
    """Warnings of the fit and about the spec, and what is not there."""
    about = content.run.metadata
    texts = [*about.warnings, *(as_text([d]) for d in content.warnings)]
    parts = [f"<pre>{_safe(text)}</pre>" for text in texts]
    return section("remarks", *parts, *map(note, content.remarks)) if parts or content.remarks else ""


def errors(content: Content) -> str:
    """Tables, parity with errors, errors by config type."""
    about = content.run.metadata
    rows = [["RMSE", "structures", *(head for _, head, _, _ in _ERRORS)]]
    for part, found in (("train", about.train), ("test", about.test)):
        if found:
            rows += _error_rows(part, found)
    parts = [table(rows)] if len(rows) > 1 else []
    if content.parts:
        parts.append(_drawn("parity", parity_panels(content.parts)))
        by_type = by_config_type(content.parts)
        if len({row.config_type for row in by_type}) > 1:
            legend = "lines: 5 to 95 % of the errors; bars: 25 to 75 %; dots: the median"
            parts += ["<h3>errors by config type</h3>", note(legend), _drawn("types", spread_panels(by_type))]
    return section("errors", *parts) if parts else ""


def _error_rows(part: str, found: dict[str, object]) -> list[list[str]]:
    whole = cast(ErrorData, found)
    kinds = whole.get("by_config_type") or {}
    inner = [(f"· {name or '(no type)'}", kinds[name]) for name in sorted(kinds)] if len(kinds) > 1 else []
    rows = []
    for name, e in [(part, whole), *inner]:
        values = [(e.get(key), factor, form) for key, _, factor, form in _ERRORS]
        cells = ["–" if v is None else form.format(factor * v) for v, factor, form in values]
        rows.append([name, str(e.get("n_structures", "")), *cells])
    return rows


def learning(content: Content) -> str:
    """The course of the fit; a linear one has a single row."""
    if content.learning is None or len(content.learning.rows) < 2:
        return ""
    return section("learning curve", _drawn("learning", learning_panels(content.learning)))


def curves(content: Content) -> str:
    """Dimers, equations of state, and so on."""
    panels = [panel for some in family_panels(content.curves).values() for panel in some]
    return section("curves", _drawn("curves", panels)) if panels else ""


def properties(content: Content) -> str:
    """Value ± σ, beside the reference."""
    if not content.properties:
        return ""
    head = ["property", "value", "±", "unit", "reference", "verdict"]
    failed = [f"{p['name']}: {p['reason']}" for p in content.properties if p["status"] == "failed"]
    whole = _long(head, [_property(p) for p in content.properties])
    return section("properties", whole, *map(note, failed[:_SHORT]))


def _property(p: PropertyData) -> list[str]:
    verdict = {None: "", True: "ok", False: "off"}[p["within"]]
    shown = "failed" if p["value"] is None else f"{p['value']:.5g}"
    sigma = "" if p["sigma"] is None else f"{p['sigma']:.2g}"
    return [p["name"], shown, sigma, _unit(p["unit"]), _reference(p["reference"] or {}), verdict]


def _reference(wanted: ReadData) -> str:
    """`170 ± 20`, or bounds."""
    value, tolerance = wanted.get("value"), wanted.get("tolerance")
    if value is not None:
        return f"{value:.5g}" if tolerance is None else f"{value:.5g} ± {tolerance:.3g}"
    bounds = (("≥", wanted.get("min")), ("≤", wanted.get("max")))
    return " ".join(f"{sign} {bound:.4g}" for sign, bound in bounds if bound is not None)


def information(content: Content) -> str:
    """The plot of `fisher`."""
    if content.information is None:
        return ""
    found, coverage = content.information
    text = f"{len(found.spectrum)} numbers, {found.n_rows} labels, {found.n_sloppy} sloppy modes"
    dimension = found.effective_dimension
    text += "" if dimension is None else f", effective dimension {dimension:.1f}"
    return section("information", note(text), _drawn("information", information_panels(found, coverage)))


def proofs(content: Content) -> str:
    """A row for each certificate, with what keeps it from being proved."""
    found: Certificates = content.certificates
    rows = [["statement", "verdict", "finding"]]
    for c in found.certificates:
        open_ones = [f"{f.subject}: {f.sentence}" for f in c.findings if f.verdict is not Verdict.PROVED]
        rows.append([c.statement, str(c.verdict), "; ".join(open_ones[:4])])
    return section("proofs", table(rows, words=True))


def numbers(content: Content) -> str:
    """All trained numbers ± σ, folded away."""
    run, trained = content.run, content.run.model.vector.trained
    if not trained:
        return ""
    shown = trained[:_MOST]
    sigma = _deviations(run) or [""] * len(trained)
    values = [f"{value:.6g}" for value in run.theta[run.free]]
    units = [_unit(str(t.parameter.kind.unit)) for t in shown]
    rows = [list(row) for row in zip([t.name for t in shown], values, sigma, units, strict=False)]
    more = [note(f"… and {len(trained) - _MOST} more")] if len(trained) > _MOST else []
    title = f"trained numbers ({len(trained)})"
    return folded(title, _long(["number", "value", "±", "unit"], rows), *more)


def _long(head: list[str], rows: Sequence[list[str]]) -> str:
    """A long table in pieces, which stand beside each other where the page is wide."""
    pieces = 1 if len(rows) <= _SHORT else 2
    size = -(-len(rows) // pieces)
    return columns(*(table([head, *rows[k : k + size]]) for k in range(0, len(rows), size)))


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _deviations(run: FittedPotential) -> list[str]:
    found = covariance(run.folder)
    return [] if found is None else [f"{s:.2g}" for s in np.sqrt(np.maximum(np.diag(found), 0.0))]


def history(content: Content) -> str:
    """Steps, data and settings, folded away."""
    about = content.run.metadata
    rows = [["step", "when", "numbers", "data"]]
    rows += [_step(step) for step in reversed(about.history)]
    settings = f"<pre>{_safe(dumps(about.config, ensure_ascii=False, indent=2))}</pre>"
    labels = [note(about.labels)] if about.labels else []
    return columns(
        folded("history", table(rows, words=True), *labels),
        folded("settings of the fit", settings) if about.config else "",
    )


def _step(step: Step) -> list[str]:
    data = ", ".join(f"{name} ({digest[:14]}…)" for name, digest in step.data.items())
    return [step.origin or "unknown", step.created, str(step.n_parameters or ""), data]


def _drawn(name: str, panels: Sequence[Panel]) -> str:
    return pictures(*(svg(panel, f"{name} {k}") for k, panel in enumerate(panels)))


def _safe(text: str) -> str:
    return escape(plain(text))

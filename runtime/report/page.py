"""A report as one HTML page."""

from __future__ import annotations

from ..editor.spec_html import spec_colours
from ..presentation.page import page
from . import sections
from .content import Content, named

_ORDER = (
    sections.spec,
    sections.summary,
    sections.remarks,
    sections.errors,
    sections.learning,
    sections.curves,
    sections.properties,
    sections.information,
    sections.proofs,
    sections.numbers,
    sections.history,
)


def report_page(content: Content) -> str:
    """The whole page: the spec on top, then all that is known, from errors to settings."""
    parts = [part for make in _ORDER if (part := make(content))]
    return page(named(content.run.folder), parts, spec_colours([".spec"]))

"""Certificates as values: statements about a model, each proved, open or refuted, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FORMAT = 1  # of the JSON, docs/certificates.md


class Verdict(StrEnum):
    """The outcome of a proof; of several findings the worst counts."""

    PROVED = "proved"
    OPEN = "not provable"
    FAILS = "fails"


_ORDER = tuple(Verdict)


@dataclass(frozen=True)
class Finding:
    """One place or property: a sentence for people, and the numbers of it."""

    subject: str
    verdict: Verdict
    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def data(self) -> dict[str, object]:
        return {"subject": self.subject, "status": str(self.verdict), "text": self.sentence, **self.facts}


@dataclass(frozen=True)
class Certificate:
    """A statement, and the findings that it consists of."""

    name: str
    statement: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        return max((f.verdict for f in self.findings), key=_ORDER.index, default=Verdict.PROVED)

    @property
    def details(self) -> tuple[Finding, ...]:
        """The findings that say more than the statement: where it is not proved, and how far."""
        return tuple(f for f in self.findings if self.name == "repulsion" or f.verdict is not Verdict.PROVED)

    def data(self) -> dict[str, object]:
        return {
            "statement": self.statement,
            "status": str(self.verdict),
            "findings": [f.data() for f in self.findings],
        }


@dataclass(frozen=True)
class Certificates:
    """All certificates of a model with its parameters."""

    species: tuple[str, ...]
    certificates: tuple[Certificate, ...]

    @property
    def verdict(self) -> Verdict:
        return max((c.verdict for c in self.certificates), key=_ORDER.index)

    @property
    def is_proved(self) -> bool:
        return self.verdict is Verdict.PROVED

    def data(self) -> dict[str, object]:
        """As JSON: `docs/certificates.md`. Numbers are finite."""
        return {
            "format": FORMAT,
            "species": list(self.species),
            "status": str(self.verdict),
            "certificates": {c.name: c.data() for c in self.certificates},
        }

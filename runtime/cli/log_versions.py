"""Versions of a spec in git, each with its changes, as `potentia log` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..comparison.comparing import Compared, compared
from ..comparison.gate import Changes, changes, lines
from ..files.git import Commit, commits
from ..runs.versions import Version, read_version


class Committed(NamedTuple):
    """A version of a spec in git. found: its changes; None of the first."""

    commit: Commit
    found: Compared | None

    def changes(self, kinds: Sequence[str]) -> Changes:
        """The number of changes of each kind."""
        return {} if self.found is None else changes(kinds, self.found)

    def as_dict(self, kinds: Sequence[str]) -> dict[str, object]:
        c = self.commit
        told = {"commit": c.digest, "day": c.day, "subject": c.subject, "changes": self._changed()}
        return told | ({"gate": self.changes(kinds)} if kinds else {})

    def text(self, kinds: Sequence[str]) -> str:
        c = self.commit
        told = [f"{c.digest}  {c.day}  {c.subject}", self._changed()]
        return "\n".join([*told, *(f"  {line}" for line in lines(self.changes(kinds)))])

    def markdown(self, kinds: Sequence[str]) -> str:
        """A heading, the changes as a table, and the verdicts of the gate."""
        from ..comparison.difference_markdown import changed, code, escaped, listed

        c = self.commit
        told = [] if self.found is None else changed(self.found)
        verdicts = [listed(found)] if (found := lines(self.changes(kinds))) else []
        head = f"### {code(c.digest)} {c.day}: {escaped(c.subject)}"
        return "\n\n".join([head, *(told or [escaped(self._changed())]), *verdicts])

    def _changed(self) -> str:
        if self.found is None:
            return "  first version"
        head, *lines = replace(self.found, effects=None).text().splitlines()
        return "\n".join(lines) or ("  same in meaning" if self.found.is_same else f"  {head}")


def versions_of(spec: Path, known: Sequence[Commit], since: str | None = None) -> list[Committed]:
    """The versions of a spec by its commits, the latest first. since: as `commits` has it.

    Raises SpecError as `commits` and `read_version`.
    """
    wanted = set(known if since is None else commits(spec, since))
    later: Version | None = None
    found: list[Committed] = []
    for commit in known:
        if commit not in wanted and later is None:
            continue
        version = read_version(f"{commit.digest}:./{spec.name}", spec.parent)
        if later is not None:
            found[-1] = Committed(found[-1].commit, compared(version, later))
        later = version if commit in wanted else None
        if commit in wanted:
            found.append(Committed(commit, None))
    return found

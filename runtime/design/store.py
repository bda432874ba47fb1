"""The trials of a study in an SQLite file: finished trials survive a crash, running ones are done again.

Several processes, of several machines too, take trials from it; each is taken by one, in the order they were
added. Who works on one says so now and then: a process of another machine that is silent is no more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from time import time
from typing import Any, TypeAlias

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.plain_data import Data, ReadData
from ..files.process import own_name, runs_here
from ..files.reading import damaged

_TABLES = """
create table if not exists study (key text primary key, value text not null);
create table if not exists trials (
    id text primary key, kind text not null, payload text not null, status text not null,
    worker text, result text, seconds real
);
create table if not exists beats (id text primary key, seen real not null);
create table if not exists digests (id text primary key, digest text not null);
"""
_COLUMNS = {
    "study": ["key", "value"],
    "trials": ["id", "kind", "payload", "status", "worker", "result", "seconds"],
    "beats": ["id", "seen"],
    "digests": ["id", "digest"],
}
_TAKE = """
update trials set status = 'running', worker = ?
where id = (select id from trials where status = 'pending' order by rowid limit 1)
returning id, kind, payload
"""


_BEAT = "insert or replace into beats (id, seen) values (?, ?)"
_RESULTS = "select id, result, digest from trials left join digests using (id)"
_ELSEWHERE = "choose another folder with `-o`"
_AGAIN = "start the study again in another folder"
_EVERY = 20.0  # s between two signs of life
_SILENT = 600.0  # s without one after which a process of another machine is no more; clocks differ by less


# What a trial depends on and what it results in: plain data, of the form that its kind has.
Payload: TypeAlias = ReadData
Result: TypeAlias = Data


@dataclass(frozen=True)
class Trial:
    """A piece of work: its kind and its inputs, plain data. Equal trials have one id."""

    kind: str
    payload: Payload

    @property
    def id(self) -> str:
        return sha256(_text([self.kind, self.payload]).encode()).hexdigest()[:16]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _text(data: object) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


class Store:
    """A study on the disk. Raises ArtifactError: unwritable, other-study, damaged-artifact."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise self._unusable("it is no plain file")
            with self._connected() as db:
                self._require_own(db)
                db.executescript(_TABLES)
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            raise self._unusable(str(error)) from error

    def _require_own(self, db: sqlite3.Connection) -> None:
        """Raise ArtifactError `other-study` where the database has tables of another program."""
        tables = [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            columns = [row[1] for row in db.execute(f"pragma table_info({json.dumps(table)})")]
            if _COLUMNS.get(table) != columns:
                message = f"{self.path} is a database of another program: it has a table `{table}`"
                raise ArtifactError(Diagnostic("other-study", message, place=str(self.path), help=_ELSEWHERE))

    def _unusable(self, why: str) -> ArtifactError:
        message = f"cannot use {self.path} as the store of a study: {why}"
        return ArtifactError(Diagnostic("unwritable", message, place=str(self.path), help=_ELSEWHERE))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The database. Raises ArtifactError: unwritable, damaged-artifact."""
        try:
            with self._connected() as db:
                yield db
        except sqlite3.OperationalError as error:  # a full disk, a lock that nobody lets go
            raise self._unusable(str(error)) from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise damaged(self.path, str(error), _AGAIN) from error

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=60.0)
        try:
            with db:
                yield db
        finally:
            db.close()

    def belongs(self, study: Mapping[str, str]) -> None:
        """Keep the inputs of the study, or raise ArtifactError `other-study` where they were others."""
        with self._open() as db:
            known = dict(db.execute("select key, value from study"))
            if not known:
                db.executemany("insert into study values (?, ?)", study.items())
                return
        for key, value in study.items():
            if known.get(key) != value:
                message = f"the study in {self.path.parent} was made with another {key}"
                help = "give a new folder with `-o`, or the same configuration and data"
                raise ArtifactError(Diagnostic("other-study", message, place=str(self.path), help=help))

    def add(self, trials: Iterable[Trial]) -> None:
        """Add trials to be done; known ones stay as they are."""
        rows = [(t.id, t.kind, _text(t.payload)) for t in trials]
        with self._open() as db:
            db.executemany(
                "insert or ignore into trials (id, kind, payload, status) values (?, ?, ?, 'pending')", rows
            )

    def release(self) -> None:
        """Trials of processes that are no more become open again."""
        with self._open() as db:
            running = db.execute("select id, worker from trials where status = 'running'").fetchall()
            seen = dict(db.execute("select id, seen from beats"))
            dead = [(id,) for id, worker in running if not _alive(worker, seen.get(id, 0.0))]
            db.executemany("update trials set status = 'pending' where id = ?", dead)

    def take(self) -> Trial | None:
        """The next open trial, now this process's; None where there is none."""
        with self._open() as db:
            row = db.execute(_TAKE, (own_name(),)).fetchone()
            if row is not None:
                db.execute(_BEAT, (row[0], time()))
        if row is None:
            return None
        found = Trial(row[1], self._data(row[2]))
        if found.id != row[0]:
            raise self.changed(f"trial {row[0]}")
        return found

    @contextmanager
    def working(self, trial: Trial) -> Iterator[None]:
        """Within it signs of life are given for a trial that was taken."""
        ended = Event()

        def beat() -> None:
            while not ended.wait(_EVERY):
                with suppress(sqlite3.Error), self._open() as db:  # the next one will do
                    db.execute(_BEAT, (trial.id, time()))

        thread = Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def finish(self, trial: Trial, result: Mapping[str, object], seconds: float) -> None:
        self._end(trial, "done", _text(result), seconds)

    def _end(self, trial: Trial, status: str, result: str, seconds: float) -> None:
        with self._open() as db:
            db.execute(
                "update trials set status = ?, result = ?, seconds = ? where id = ?",
                (status, result, seconds, trial.id),
            )
            db.execute("insert or replace into digests values (?, ?)", (trial.id, _digest(result)))

    def reopen(self, trial: Trial) -> None:
        """A trial of this process that was cut off is open again."""
        with self._open() as db:
            db.execute("update trials set status = 'pending' where id = ?", (trial.id,))

    def fail(self, trial: Trial, reason: str, seconds: float) -> None:
        """A trial that came to nothing, with the reason; the study goes on."""
        self._end(trial, "failed", _text({"reason": reason}), seconds)

    def unfinished(self, trials: Iterable[Trial]) -> list[Trial]:
        """The trials that are neither done nor failed."""
        status = self._status()
        return [t for t in trials if status.get(t.id) not in ("done", "failed")]

    def _status(self) -> dict[str, str]:
        with self._open() as db:
            return dict(db.execute("select id, status from trials"))

    def result(self, trial: Trial) -> Result | None:
        """The result of a trial that is done, else None."""
        with self._open() as db:
            row = db.execute(f"{_RESULTS} where id = ? and status = 'done'", (trial.id,)).fetchone()
        return None if row is None else self._result(*row)

    def failures(self) -> dict[str, str]:
        """The reasons of failed trials, by their id."""
        with self._open() as db:
            rows = db.execute(f"{_RESULTS} where status = 'failed' order by trials.rowid").fetchall()
        return {row[0]: str(self._result(*row).get("reason")) for row in rows}

    def _result(self, id: str, result: object, digest: str | None) -> Result:
        """A result as it was written; trials of the time before digests have none.

        Raises ArtifactError damaged-artifact.
        """
        found = self._data(result)
        if not isinstance(found, dict) or (digest is not None and digest != _digest(str(result))):
            raise self.changed(f"result of the trial {id}")
        return found

    def changed(self, what: str) -> ArtifactError:
        """The error damaged-artifact of something that was written otherwise."""
        return damaged(self.path, f"the {what} is not what it was", _AGAIN)

    def _data(self, text: object) -> Any:
        try:
            return json.loads(str(text))
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, "a trial of it is not JSON", _AGAIN) from error

    def count(self) -> int:
        """Trials done or failed."""
        return sum(status in ("done", "failed") for status in self._status().values())


def _alive(worker: object, seen: object) -> bool:
    """Whether the process still runs; one of another machine, whether it was heard of lately."""
    if worker is None:
        return False
    runs = runs_here(worker)
    return isinstance(seen, float) and time() - seen < _SILENT if runs is None else runs

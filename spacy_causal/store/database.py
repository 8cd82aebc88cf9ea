"""`Database`: journals of datasets in SQLite or PostgreSQL, by SQLAlchemy."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import srsly
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from spacy_causal.store import DEFAULT_URL
from spacy_causal.store.lock import DatasetLock
from spacy_causal.store.records import Record

IN_MEMORY = "sqlite://"
LONGEST_NAME = 200

_metadata = MetaData()
_journal = Table(
    "journal",
    _metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("dataset", String(LONGEST_NAME), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("session", String(100), nullable=False),
    Column("input_hash", BigInteger, nullable=False),
    Column("task_hash", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("journal_by_dataset", "dataset", "id"),
    sqlite_autoincrement=True,
)
_inputs = Table(
    "inputs",
    _metadata,
    Column("dataset", String(LONGEST_NAME), primary_key=True),
    Column("hash", BigInteger, primary_key=True),
    Column("content", Text, nullable=False),
)


class Database:
    """Datasets under one URL.

    Its tables are made when a dataset is first opened to write to, so that one which is
    only read may be where nothing can be written.

    url (str): As SQLAlchemy has it; "sqlite://" keeps all in memory and writes nothing.
    Raises ValueError when it cannot be opened; what reads or writes later raises
    OSError when it cannot.
    """

    def __init__(self, url: str = DEFAULT_URL):
        self.url = parse_url(url)
        try:
            self.engine = _engine(url)
            self.engine.connect().close()
        except (SQLAlchemyError, ImportError) as error:
            # Printed as text, a URL hides its password.
            reason = _reason(error)
            raise ValueError(f"{self.url} cannot be opened: {reason}") from error

    def names(self) -> list[str]:
        """The datasets that there are, sorted."""
        rows = self._rows(select(_journal.c.dataset).distinct())
        return sorted(row.dataset for row in rows)

    def dataset(self, name: str) -> "Dataset":
        """One to write to: nobody else can until it is closed.

        Raises ValueError when somebody else does, or for a new name that is too long
        or empty.
        """
        # Read before tables are made: those that there are may be somebody else's.
        known = self.names()
        # SQLite, which knows no such limit, may have one from before.
        if not name.strip() and name not in known:
            raise ValueError("A dataset has a name, and none is given.")
        if len(name) > LONGEST_NAME and name not in known:
            raise ValueError(
                f"The name of a dataset has at most {LONGEST_NAME} characters, and "
                f"{name[:20]!r}... has {len(name)}."
            )
        with _told("written"):
            _metadata.create_all(self.engine)
            return Dataset(self.engine, name, DatasetLock(self.engine, name))

    def records(self, name: str) -> Iterator[Record]:
        """The journal of a dataset, in order."""
        columns = [column for column in _journal.c if column.name != "dataset"]
        query = select(*columns).where(_journal.c.dataset == name)
        for row in self._rows(query.order_by(_journal.c.id)):
            yield Record(**{**row._mapping, "content": srsly.json_loads(row.content)})

    def inputs(self, name: str) -> dict[int, dict[str, Any]]:
        """The texts of a dataset by their hash."""
        query = select(_inputs.c.hash, _inputs.c.content)
        rows = self._rows(query.where(_inputs.c.dataset == name))
        return {row.hash: srsly.json_loads(row.content) for row in rows}

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    def _rows(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """What a query finds: nothing where there are no tables yet."""
        with _told("read"), self.engine.connect() as connection:
            if inspect(connection).has_table(_journal.name):
                streamed = connection.execution_options(yield_per=1000)
                yield from streamed.execute(query)


class Dataset:
    """The one writer of a dataset."""

    def __init__(self, engine: Engine, name: str, lock: DatasetLock):
        self.name, self._engine, self._lock = name, engine, lock
        query = select(_inputs.c.hash).where(_inputs.c.dataset == name)
        with engine.connect() as connection:
            self._known = set(connection.scalars(query))

    def append(
        self,
        records: Sequence[Record],
        inputs: dict[int, dict[str, Any]] | None = None,
    ) -> list[Record]:
        """Add records, and the texts they are about, all or none. When this returns
        they are on the disk.

        RETURNS (list[Record]): With their ids and times.
        Raises OSError when they cannot be written.
        """
        new = {h: x for h, x in (inputs or {}).items() if h not in self._known}
        written = []
        with _told("written"), self._engine.begin() as connection:
            for number, content in new.items():
                values = {"hash": number, "content": _dumps(content)}
                connection.execute(insert(_inputs).values(dataset=self.name, **values))
            for record in records:
                record = replace(record, content=record.content or {}, at=time.time())
                values = {**vars(record), "content": _dumps(record.content)}
                del values["id"]
                row = insert(_journal).values(dataset=self.name, **values)
                number = connection.scalar(row.returning(_journal.c.id))
                written.append(replace(record, id=int(number or 0)))
        self._known |= set(new)
        return written

    def close(self) -> None:
        """Let others write."""
        self._lock.release()


def parse_url(url: str) -> URL:
    """The parts of a database's URL.

    Raises ValueError, which does not show a password, when it is none.
    """
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise ValueError(
            "The URL of the database has to be like sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME."
        ) from error


def is_in_memory(url: str) -> bool:
    """Whether what is stored under a URL is gone with the process."""
    parsed = parse_url(url)
    return parsed.get_backend_name() == "sqlite" and parsed.database in (
        None,
        "",
        ":memory:",
    )


@contextmanager
def _told(done: str) -> Iterator[None]:
    """What fails is told in a line, without the statement and what it would store."""
    try:
        yield
    except SQLAlchemyError as error:
        message = f"the database cannot be {done}: {_reason(error)}"
        raise OSError(message) from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _engine(url: str) -> Engine:
    if is_in_memory(url):
        options: dict[str, Any] = {"poolclass": StaticPool}
        options["connect_args"] = {"check_same_thread": False}
        engine = create_engine(url, **options)
    elif (path := _frozen(url)) is not None:
        uri = f"{path.as_uri()}?immutable=1"
        engine = create_engine(url, creator=partial(sqlite3.connect, uri, uri=True))
    else:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _frozen(url: str) -> Path | None:
    """An SQLite file where nothing can be written beside it, as SQLite does to read one
    in WAL mode; not if somebody who can is writing it or has left a log."""
    parsed = parse_url(url)
    path = Path(parsed.database or "").resolve()
    if parsed.get_backend_name() != "sqlite" or not path.is_file():
        return None
    log = path.with_name(f"{path.name}-wal")
    return None if log.exists() or os.access(path.parent, os.W_OK) else path


def _set_pragmas(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        # WAL alone would lose the last transactions when the power fails.
        "synchronous=FULL",
        "busy_timeout=10000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _dumps(value: Any) -> str:
    return srsly.json_dumps(value)

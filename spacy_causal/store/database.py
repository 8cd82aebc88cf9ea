"""`Database`: journals of datasets in SQLite or PostgreSQL, by SQLAlchemy."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from spacy_causal.store.lock import DatasetLock
from spacy_causal.store.records import Record

DEFAULT_URL = "sqlite:///spacy-causal.db"
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

    url (str): As SQLAlchemy has it; "sqlite://" keeps all in memory and writes nothing.
    Raises ValueError when it cannot be opened.
    """

    def __init__(self, url: str = DEFAULT_URL):
        self.url = parse_url(url)
        try:
            self.engine = _engine(url)
            _metadata.create_all(self.engine)
        except (SQLAlchemyError, ImportError) as error:
            reason = getattr(error, "orig", None) or error
            # Printed as text, a URL hides its password.
            raise ValueError(f"{self.url} cannot be opened: {reason}") from error

    def names(self) -> list[str]:
        """The datasets that there are, sorted."""
        with self.engine.connect() as connection:
            names = connection.scalars(select(_journal.c.dataset).distinct())
            return sorted(names)

    def dataset(self, name: str) -> "Dataset":
        """One to write to: nobody else can until it is closed.

        Raises ValueError when somebody else does, or for a new name that is too long.
        """
        # SQLite, which knows no such limit, may have one from before.
        if len(name) > LONGEST_NAME and name not in self.names():
            raise ValueError(
                f"The name of a dataset has at most {LONGEST_NAME} characters, and "
                f"{name[:20]!r}... has {len(name)}."
            )
        return Dataset(self.engine, name, DatasetLock(self.engine, name))

    def records(self, name: str) -> Iterator[Record]:
        """The journal of a dataset, in order."""
        columns = [column for column in _journal.c if column.name != "dataset"]
        query = select(*columns).where(_journal.c.dataset == name)
        with self.engine.connect() as connection:
            rows = connection.execution_options(yield_per=1000).execute(
                query.order_by(_journal.c.id)
            )
            for row in rows.mappings():
                yield Record(**{**row, "content": srsly.json_loads(row["content"])})

    def inputs(self, name: str) -> dict[int, dict[str, Any]]:
        """The texts of a dataset by their hash."""
        query = select(_inputs.c.hash, _inputs.c.content)
        with self.engine.connect() as connection:
            rows = connection.execute(query.where(_inputs.c.dataset == name))
            return {number: srsly.json_loads(content) for number, content in rows}

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()


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
        """
        new = {h: x for h, x in (inputs or {}).items() if h not in self._known}
        written = []
        with self._engine.begin() as connection:
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


def _engine(url: str) -> Engine:
    if is_in_memory(url):
        options: dict[str, Any] = {"poolclass": StaticPool}
        options["connect_args"] = {"check_same_thread": False}
        engine = create_engine(url, **options)
    else:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _set_pragmas)
    return engine


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

"""One writer a dataset."""

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Engine, text


class DatasetLock:
    """Held until it is released or its process ends, however it ends.

    Beside an SQLite file stands a small file for each dataset; PostgreSQL has locks of
    its own. What is in memory needs none.
    Raises ValueError when somebody else holds it.
    """

    def __init__(self, engine: Engine, dataset: str):
        self._file: BinaryIO | None = None
        self._connection: Connection | None = None
        number = blake2b(dataset.encode("utf8"), digest_size=7).digest()
        if engine.dialect.name == "postgresql":
            connection = engine.connect()
            self._connection = connection.execution_options(
                isolation_level="AUTOCOMMIT"
            )
            key = int.from_bytes(number, "big")
            query = text("SELECT pg_try_advisory_lock(:key)")
            held = bool(self._connection.scalar(query, {"key": key}))
        elif engine.url.database and engine.url.database != ":memory:":
            # A link's own name would make another lock of the same database.
            database = Path(engine.url.database).resolve()
            path = database.with_name(f".{database.name}.{number.hex()}.lock")
            self._file = path.open("ab")
            held = _lock(self._file)
        else:
            held = True
        if not held:
            self.release()
            raise ValueError(
                f"The dataset {dataset!r} is open in another process: stop it first, "
                "or annotate through its server (?session=NAME)."
            )

    def release(self) -> None:
        """Let somebody else have it."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            with suppress(Exception):
                self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
            self._connection.close()
        self._file = self._connection = None


def _lock(file: BinaryIO) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(  # type: ignore[attr-defined, unused-ignore]
                file.fileno(),
                msvcrt.LK_NBLCK,  # type: ignore[attr-defined, unused-ignore]
                1,
            )
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

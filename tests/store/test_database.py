"""The journal on disk: what was appended is there, whatever happens next."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from spacy_causal.store.database import Database, is_in_memory
from spacy_causal.store.records import Record

SAID = [
    Record("answer", "ann", 2**53 - 1, 5, {"accept": ["PER"], "text": "ü\u200f😀"}),
    Record("undo", "ann", content={"answer": 1}),
]


def emptied(url):
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS journal, inputs"))
    database.close()
    return url


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return emptied(request.getfixturevalue("postgres_url"))
    return (
        f"sqlite:///{tmp_path}/new/a.db" if request.param == "sqlite" else "sqlite://"
    )


def test_records_come_back_in_order(url):
    database = Database(url)
    dataset = database.dataset("one")
    inputs = {2**53 - 1: {"text": "Änne\n"}}
    written = dataset.append(SAID, inputs)
    written += dataset.append(SAID[:1], inputs)
    other = database.dataset("other")
    other.append(SAID[:1], {1: {"text": "elsewhere"}})
    other.close()
    found = list(database.records("one"))
    assert found == written
    assert [record.id for record in found] == sorted(record.id for record in found)
    assert [record.content for record in found[:2]] == [x.content for x in SAID]
    assert database.inputs("one") == inputs
    assert database.names() == ["one", "other"]
    dataset.close()
    database.close()


def test_all_or_none_of_a_call_is_written(url):
    database = Database(url)
    dataset = database.dataset("one")
    with pytest.raises(TypeError):
        dataset.append([SAID[0], Record("answer", content={"accept": {1, 2}})])
    assert list(database.records("one")) == []
    dataset.append(SAID)
    assert len(list(database.records("one"))) == 2
    dataset.close()
    database.close()


def test_one_writer_a_dataset(url):
    database, again = Database(url), Database(url)
    dataset = database.dataset("one")
    if not is_in_memory(url):
        with pytest.raises(ValueError, match="'one' is open in another process"):
            again.dataset("one")
    again.dataset("other").close()
    dataset.close()
    again.dataset("one").close()
    database.close()
    again.close()


def test_one_writer_by_whatever_name(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    dataset = database.dataset("one")
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    linked = Database(f"sqlite:///{tmp_path}/link.db")
    with pytest.raises(ValueError, match="'one' is open in another process"):
        linked.dataset("one")
    dataset.close()
    linked.dataset("one").close()
    database.close()
    linked.close()


def test_a_name_that_is_too_long_or_empty_begins_no_dataset(url):
    database = Database(url)
    dataset = database.dataset("ü" * 200)
    dataset.append(SAID)
    dataset.close()
    with pytest.raises(ValueError, match="at most 200 characters, and 'nnn"):
        database.dataset("n" * 201)
    for empty in ("", " "):
        with pytest.raises(ValueError, match="A dataset has a name"):
            database.dataset(empty)
    assert database.names() == ["ü" * 200]
    database.close()


def test_a_long_name_from_before_is_opened(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.dataset("another").close()
    row = "INSERT INTO journal VALUES (1, :name, 'ended', '', 0, 0, '{}', 0)"
    with database.engine.begin() as connection:
        connection.execute(text(row), {"name": "n" * 300})
    database.dataset("n" * 300).close()
    database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nowhere", "has to be like sqlite:///FILE"),
        ("postgresql://ann:secret@host:port/x", "has to be like sqlite:///FILE"),
        ("oracle9://ann:secret@host/x", "cannot be opened: Can't load plugin"),
        ("sqlite+driver://", "cannot be opened: Can't load plugin"),
    ],
)
def test_a_url_that_cannot_be_opened_is_told_apart(url, reason):
    with pytest.raises(ValueError) as raised:
        Database(url)
    assert reason in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "a.db"
    path.write_text("Anna lives in Paris. " * 100)
    with pytest.raises(ValueError, match=r"a\.db cannot be opened: file is not a data"):
        Database(f"sqlite:///{path}")
    assert path.read_text() == "Anna lives in Paris. " * 100


def test_nothing_is_made_where_nothing_is_written(url):
    database = Database(url)
    assert database.names() == list(database.records("one")) == []
    assert database.inputs("one") == {}
    assert not inspect(database.engine).get_table_names()
    database.close()


def test_tables_of_somebody_else_are_left_alone(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE journal (day TEXT)"))
    for use in (database.names, lambda: database.dataset("one")):
        with pytest.raises(OSError) as raised:
            use()
        assert str(raised.value) == (
            "the database cannot be read: no such column: journal.dataset"
        )
    assert inspect(database.engine).get_table_names() == ["journal"]
    database.close()


def test_what_cannot_be_written_or_read_is_told_in_a_line(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    dataset = database.dataset("one")
    dataset.append(SAID)
    with database.engine.begin() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
    # The one connection of the pool has the limit.
    with pytest.raises(OSError) as raised:
        dataset.append([Record("answer", content={"text": "secret" * 9999})])
    assert str(raised.value) == (
        "the database cannot be written: database or disk is full"
    )
    assert len(list(database.records("one"))) == 2
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE inputs"))
    with pytest.raises(OSError, match="be read: no such table: inputs"):
        database.inputs("one")
    dataset.close()
    database.close()


def test_sqlite_syncs_what_it_commits(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    database.close()


def test_in_memory_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite://")
    database.dataset("one").append(SAID)
    assert not list(tmp_path.iterdir())
    database.close()


WRITER = """
import sys
from spacy_causal.store.database import Database
from spacy_causal.store.records import Record
dataset = Database(sys.argv[1]).dataset("one")
for i in range(10**6):
    dataset.append([Record("answer", task_hash=i)], {i: {"text": "x" * 500}})
    print(i, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_a_kill(tmp_path, seed):
    url = f"sqlite:///{tmp_path}/a.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True
    )
    least = random.Random(seed).randrange(5, 60)
    acknowledged = [int(writer.stdout.readline()) for _ in range(least)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()
    database = Database(url)
    # The dead writer's lock is gone with it.
    database.dataset("one").close()
    kept = [record.task_hash for record in database.records("one")]
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) - len(acknowledged) in (0, 1)
    assert set(database.inputs("one")) == set(kept)
    database.close()


@pytest.fixture(scope="session")
def postgres_url():
    """A server of its own where PostgreSQL is installed; it does not run as root."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    places = [Path(p).parent for p in [shutil.which("initdb")] if p]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        pytest.skip("PostgreSQL is not installed")
    as_other = []
    # Not under pytest's folder, which every run closes to other users again.
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    if os.geteuid() == 0:
        if (
            not shutil.which("runuser")
            or subprocess.run(["id", "postgres"], capture_output=True).returncode
        ):
            pytest.skip("PostgreSQL does not run as root, and has no user here")
        as_other = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    binaries = places[-1]

    def run(name, *args):
        command = [*as_other, str(binaries / name), *args]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder)

    made = run("initdb", "-D", str(folder / "data"), "-U", "ann", "--auth=trust")
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-h 127.0.0.1 -p {port} -k {folder}"
    log = str(folder / "log")
    data = ["-D", str(folder / "data"), "-l", log, "-o", options]
    begun = run("pg_ctl", *data, "-w", "start")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    yield f"postgresql+psycopg://ann@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
    shutil.rmtree(folder)

"""A real server in a process of its own, talked to over HTTP."""

import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import spacy

from spacy_causal.server.controller import PATIENCE
from spacy_causal.store.database import Database
from spacy_causal.store.ledger import Ledger


def settled(server, session="", seconds=180):
    """The progress, once something was learnt and nothing is being learnt."""
    for _ in range(10 * seconds):
        progress = server.client.get("/api/progress", params={"session": session})
        learning = progress.json()["learning"]
        if learning["batches"] and not learning["busy"]:
            return progress.json()
        time.sleep(0.1)
    raise AssertionError(progress.text)


def test_a_session(serve, model, texts, database, tmp_path):
    """Asked, answered, learnt from, undone, interrupted, saved."""
    output = tmp_path / "taught"
    server = serve(
        "one", model, texts, "--db", database, "--batch-size", 4, "--output", output
    )
    config = server.client.get("/api/config").json()
    assert config["view_id"] == "choice"
    assert config["config"]["labels"] == ["LOC", "PER"]
    (question,) = server.questions()
    assert question["text"].endswith("lives in Paris .")
    assert [option["id"] for option in question["options"][-2:]] == [
        "none of these",
        "O",
    ]
    asked = []
    for _ in range(9):
        span = question["spans"][0]
        asked.append(question)
        truth = "PER" if span["start"] == 0 else "LOC"
        reply = server.answer(question, accept=[truth], seconds=1.5)
        assert reply["saved"] == ["saved"]
        (question,) = reply["questions"]
    progress = settled(server)
    assert progress["learning"]["batches"] >= 1
    assert progress["learning"]["failure"] is None
    assert progress["bad_lines"] == 1 and "texts.txt:4" in progress["problems"][0]
    undone = server.client.post("/api/undo", json={"session": ""}).json()
    assert undone["question"]["_task_hash"] == asked[-1]["_task_hash"]
    assert undone["progress"]["answered"] == 8
    saved = server.client.post("/api/save", json={"session": ""}).json()
    assert saved["waiting"] == 0
    assert server.stop() == 0
    *_, ended = " ".join("".join(server.printed).split()).partition("1 bad line was")
    assert ended.startswith(" skipped") and "texts.txt:4: control character" in ended
    ledger = Ledger(Database(database).records("one"))
    assert len(ledger.answers) == 8
    nlp = spacy.load(output)
    assert nlp.pipe_names == ["causal_ner"]
    changed = nlp.get_pipe("causal_ner").model.to_bytes()
    assert changed != spacy.load(model).get_pipe("causal_ner").model.to_bytes()
    kept, before = (
        set(json.loads((folder / "vocab/strings.json").read_text()))
        for folder in (output, model)
    )
    assert kept <= before


def test_a_killed_server_has_every_answer_and_asks_nothing_twice(
    serve, model, texts, database
):
    arguments = "one", model, texts, "--db", database, "--batch-size", 3
    server = serve(*arguments)
    answered = []
    for count in (5, 4):
        (question,) = server.questions()
        for _ in range(count):
            assert question["_task_hash"] not in answered
            answered.append(question["_task_hash"])
            (question,) = server.answer(question, accept=["PER"])["questions"]
        server.kill()
        server.start()
    assert [answer for answer in answered] == [
        record.task_hash
        for record in Ledger(Database(database).records("one")).answers.values()
    ]
    remaining = []
    question = server.questions()[0]
    while question:
        remaining.append(question["_task_hash"])
        reply = server.answer(question, answer="ignore")
        question = next(iter(reply["questions"]), None)
    assert reply["done"]
    assert not set(remaining) & set(answered)
    assert len(set(remaining)) == len(remaining)
    assert settled(server)["learning"]["batches"] >= 1


def test_twenty_annotators_at_once(serve, model, texts, database):
    server = serve("one", model, texts, "--db", database)
    given, failures = [], []

    def annotate(session):
        try:
            for _ in range(3):
                for question in server.questions(session):
                    assert server.answer(question, session, accept=["LOC"])[
                        "saved"
                    ] == ["saved"]
                    given.append((session, question["_task_hash"]))
        except Exception as error:
            failures.append(error)

    names = [f"annotator {i}" for i in range(20)]
    threads = [threading.Thread(target=annotate, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len({number for _, number in given}) == len(given) > 40
    assert server.stop() == 0
    answers = Ledger(Database(database).records("one")).answers.values()
    assert sorted((x.session, x.task_hash) for x in answers) == sorted(given)


@pytest.mark.parametrize("recipe", ["feedback", "active"])
def test_it_ends_at_once_where_standard_input_says_nothing(
    serve, model, database, recipe
):
    reading, writing = os.pipe()
    options = "--db", database
    server = serve("one", model, "-", *options, recipe=recipe, stdin=reading)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < PATIENCE
    for end in (reading, writing):
        os.close(end)


def test_a_full_disk_is_told_in_a_line(serve, model, texts, database):
    # What measures coverage would meet the full disk, too, and say so at length.
    unmeasured = dict.fromkeys(("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"))
    server = serve("one", model, texts, "--db", database, env=unmeasured)
    (question,) = server.questions()
    log = Path(database.removeprefix("sqlite:///") + "-wal")
    resource = pytest.importorskip("resource", reason="only Unix limits processes")
    limit = (log.stat().st_size, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
    said = {"task_hash": question["_task_hash"], "answer": "accept", "accept": ["PER"]}
    reply = server.client.post("/api/answers", json={"answers": [said]})
    assert reply.status_code == 503
    assert reply.json()["detail"].startswith("the database cannot be written: ")
    assert server.stop() == 1
    printed = "".join(server.printed)
    assert "the database cannot be written" in printed
    assert "Traceback" not in printed and "INSERT" not in printed


def test_an_ephemeral_session_leaves_no_word(serve, model, tmp_path, database):
    source = tmp_path / "source" / "texts.txt"
    source.parent.mkdir()
    words = ["Xqvortz", "Zyblinkum", "Qwexel"]
    source.write_text(f"{words[0]} lives in {words[1]} .\n{words[2]} lives in Rome .\n")
    temporary, home = tmp_path / "temporary", tmp_path / "home"
    output = tmp_path / "taught"
    for folder in (temporary, home):
        folder.mkdir()
    server = serve(
        *("one", model, source, "--db", database, "--ephemeral", "--output", output),
        env={"TMPDIR": str(temporary), "HOME": str(home)},
    )
    questions = []
    while asked := server.questions():
        questions += asked
        server.answer(asked[0], accept=["PER"])
    server.client.post("/api/save", json={"session": ""})
    assert server.stop() == 0
    assert words[0] in " ".join(question["text"] for question in questions)
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path != source]
    assert output / "vocab" / "strings.json" in left
    for path in left:
        content = path.read_bytes()
        assert not any(word.encode() in content for word in words), path
    assert not any(word in line for word in words for line in server.printed)
    file = sqlite3.connect(Path(database.removeprefix("sqlite:///")))
    kinds = file.execute("SELECT kind, content FROM journal").fetchall()
    file.close()
    assert [kind for kind, _ in kinds] == ["ended"]
    assert json.loads(kinds[0][1])["answers"] == len(questions)


def test_a_model_that_is_not_saved_is_no_success(
    serve, model, texts, database, tmp_path
):
    """The error is said, and all else is as at any other end."""
    output = tmp_path / "new" / "taught"
    options = "--db", database, "--output", output
    server = serve("one", model, texts, *options)
    server.answer(server.questions()[0], accept=["PER"])
    # It could be written to when the session began.
    output.rmdir()
    output.write_text("")
    assert server.stop() == 1
    printed = "".join(server.printed)
    assert "was not saved to" in printed and "answers" not in printed
    assert "Traceback" not in printed
    kinds = [record.kind for record in Database(database).records("one")]
    assert kinds == ["begun", "answer", "update", "ended"]


def test_an_ephemeral_session_that_fails_at_the_end_leaves_its_counts(
    serve, model, texts, database, tmp_path
):
    output = tmp_path / "taught"
    options = "--db", database, "--output", output, "--ephemeral"
    server = serve("one", model, texts, *options)
    server.answer(server.questions()[0], accept=["PER"])
    output.rmdir()
    output.write_text("")
    assert server.stop() == 1
    (ended,) = Database(database).records("one")
    assert (ended.kind, ended.content["answers"]) == ("ended", 1)


@pytest.mark.parametrize("ephemeral", [(), ("--ephemeral",)])
def test_one_server_a_dataset(serve, model, texts, database, ephemeral):
    """An ephemeral one could not leave its counts, which it finds out at its start."""
    serve("one", model, texts, "--db", database)
    try:
        serve("one", model, texts, "--db", database, *ephemeral)
    except AssertionError as error:
        assert "open in another process" in str(error)
    else:
        raise AssertionError("Two servers write to one dataset.")

"""Active learning over a real server in a process of its own."""

import sqlite3

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from test_server import settled

from spacy_causal.server.export import export, read_answers
from spacy_causal.server.texts import texts_of
from spacy_causal.store.database import Database
from spacy_causal.store.ledger import Ledger

LABELS = {0: "PER", 3: "LOC"}
GOLD = [{"token_start": i, "token_end": i, "label": x} for i, x in LABELS.items()]


@pytest.fixture
def dev(tmp_path):
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=["Emma", "lives", "in", x, "."]) for x in ("Rome", "Oslo")]
    for doc in docs:
        doc.set_ents([Span(doc, i, i + 1, label) for i, label in LABELS.items()])
    path = tmp_path / "dev.spacy"
    DocBin(docs=docs).to_disk(path)
    return path


def next_question(server, tries=120):
    """The next one: the server answers within a second, also while it learns."""
    for _ in range(tries):
        asked = server.questions()
        if asked:
            return asked[0]
    raise AssertionError(server.client.get("/api/progress").text)


def test_a_session(serve, model, texts, database, dev, tmp_path):
    """Two batches and a half; killed and taken up again; undone; exported."""
    arguments = "one", model, texts, "--db", database, "--batch", 3, "--dev", dev
    server = serve(*arguments, recipe="active")
    config = server.client.get("/api/config").json()
    assert config["view_id"] == "ner_manual"
    assert config["config"]["labels"] == ["LOC", "PER"]
    hashes = []
    for _ in range(7):
        question = next_question(server)
        assert len(question["tokens"]) == 5
        hashes.append(question["_task_hash"])
        reply = server.answer(question, n=0, spans=GOLD, seconds=2)
        assert reply["saved"] == ["saved"]
    learning = settled(server)["learning"]
    assert (learning["batches"], learning["failure"]) == (2, None)
    assert [point["answered"] for point in learning["curve"]] == [0, 3, 6]
    assert all(0 <= point["f1"] <= 1 for point in learning["curve"])
    # The model was trained on such sentences: what it suggests is right.
    places = [(x["token_start"], x["label"]) for x in next_question(server)["spans"]]
    assert places == [(0, "PER"), (3, "LOC")]
    server.kill()
    ledger = Ledger(Database(database).records("one"))
    assert [len(batch) for batch in ledger.batches] == [3, 3]
    assert [x.task_hash for x in ledger.answers.values()] == hashes
    server.start()
    question = next_question(server)
    assert question["_task_hash"] not in hashes
    curve = server.client.get("/api/progress").json()["learning"]["curve"]
    assert [point["answered"] for point in curve] == [0, 3, 6]
    assert curve[:2] == learning["curve"][:2]
    server.answer(question, n=0, spans=[])
    undone = server.client.post("/api/undo", json={"session": ""}).json()["question"]
    # As it was suggested, not as it was answered.
    assert undone["spans"] == question["spans"] != []
    server.answer(undone, n=0, answer="reject")
    server.client.post("/api/save", json={"session": ""})
    assert server.stop() == 0
    tasks = read_answers("one", database)
    assert len(tasks) == 8 and "suggested" in tasks[0]
    assert export(tasks, tmp_path / "gold.spacy", "spacy", None) == 7
    spans = [text.spans() for text in texts_of(tasks)]
    assert all([label for *_, label in each] == ["PER", "LOC"] for each in spans)


@pytest.mark.parametrize("augment", ["seqmix", "counterfactual"])
def test_a_session_that_learns_more_than_it_was_told(
    serve, model, texts, database, dev, augment, tmp_path
):
    output = tmp_path / "taught"
    arguments = "one", model, texts, "--db", database, "--batch", 4, "--dev", dev
    options = "--augment", augment, "--output", output
    server = serve(*arguments, *options, recipe="active")
    for _ in range(4):
        server.answer(next_question(server), n=0, spans=GOLD)
    learning = settled(server)["learning"]
    assert (learning["batches"], learning["failure"]) == (1, None)
    assert server.stop() == 0
    doc = spacy.load(output)("Emma lives in Rome .")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Emma", "PER"),
        ("Rome", "LOC"),
    ]


def test_what_is_no_answer_to_a_sentence(serve, model, texts, database):
    server = serve("one", model, texts, "--db", database, recipe="active")
    number = next_question(server)["_task_hash"]
    for given in (
        {"answer": "accept"},
        {"answer": "accept", "spans": [*GOLD, GOLD[0]]},
        {"answer": "accept", "spans": [{**GOLD[0], "label": "none"}]},
        {"answer": "accept", "spans": [{**GOLD[0], "token_end": 9}]},
        {"answer": "reject", "spans": GOLD},
    ):
        body = {"answers": [{"task_hash": number, **given}]}
        reply = server.client.post("/api/answers", json=body)
        assert reply.status_code == 422, given
    assert server.client.get("/api/progress").json()["total"] == 0


@pytest.mark.parametrize("augment", ["seqmix", "counterfactual"])
def test_an_ephemeral_session_leaves_no_word(serve, model, tmp_path, database, augment):
    source = tmp_path / "source" / "texts.txt"
    source.parent.mkdir()
    people = ["Xqvortz", "Qwexel", "Vrumpf", "Jjokla"]
    cities = ["Zyblinkum", "Wzorth", "Kkeffen", "Yttrop"]
    words = [*people, *cities]
    pairs = zip(people, cities, strict=True)
    source.write_text("".join(f"{a} lives in {b} .\n" for a, b in pairs))
    output = tmp_path / "taught"
    options = "--db", database, "--ephemeral", "--output", output, "--batch", 4
    options += "--augment", augment
    server = serve("one", model, source, *options, recipe="active")
    for _ in people:
        question = next_question(server)
        assert question["text"].split()[0] in people
        server.answer(question, n=0, spans=GOLD)
    assert settled(server)["learning"]["failure"] is None
    assert server.stop() == 0
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path != source]
    assert output / "vocab" / "strings.json" in left
    for path in left:
        content = path.read_bytes()
        assert not any(word.encode() in content for word in words), path
    file = sqlite3.connect(database.removeprefix("sqlite:///"))
    kinds = file.execute("SELECT kind FROM journal").fetchall()
    file.close()
    assert kinds == [("ended",)]

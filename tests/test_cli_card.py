"""`python -m spacy causal card`, and the card in a package of the model."""

import os
import subprocess
import sys
from importlib.metadata import distributions

import pytest
import spacy
import srsly
from small_encoders import cnn
from spacy.tokens import DocBin, Span
from typer.testing import CliRunner

from spacy_causal.augment.seqmix.parents import label_rows
from spacy_causal.cli.app import app
from spacy_causal.corpus.files import write_docbin
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes
from spacy_causal.store.records import Record
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import TokenTargets, set_targets

MODEL = {"@architectures": "spacy-causal.DeconfoundedTagger.v1", "tok2vec": cnn()}
SCORED = "| label | n | P | R | F1 |"
TEXT = "Anna Smith works for Acme Services in Paris ."


@pytest.fixture
def model(nlp, examples, tmp_path):
    spacy.util.fix_random_seed(0)
    nlp.meta["name"] = "tiny_causal"
    frequent = {"@misc": "spacy-causal.frequent_confounders.v1"}
    nlp.add_pipe("causal_ner", config={"model": MODEL, "confounders": frequent})
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(15):
        nlp.update(examples, sgd=optimizer)
    nlp.get_pipe("causal_ner").temperature = 1.5
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(examples, tmp_path):
    DocBin(docs=[eg.reference for eg in examples]).to_disk(tmp_path / "data.spacy")
    return tmp_path / "data.spacy"


@pytest.fixture
def database(tmp_path):
    """Two answers to a question about a mention, one of them skipped, and a sentence
    that was annotated whole."""
    url = f"sqlite:///{tmp_path}/answers.db"
    tokens = [{"text": "Rome", "start": 0, "end": 4, "id": 0, "ws": False}]
    span = {"start": 0, "end": 4, "token_start": 0, "token_end": 0, "label": "LOC"}
    question = {"text": "Rome", "tokens": tokens, "spans": [span]}
    asked = {"shown": ["LOC"], "unit": "mention", "mode": "K = 1", "accept": ["LOC"]}
    tasks = [
        ("choice", {**question, **asked, "answer": "accept", "_session_id": "ann"}),
        ("choice", {**question, **asked, "answer": "ignore", "_session_id": "bob"}),
        ("ner_manual", {**question, "answer": "accept", "_session_id": "ann"}),
    ]
    database = Database(url)
    dataset = database.dataset("answers")
    for view, task in tasks:
        task = set_hashes({**task, "_view_id": view}, view)
        text = {"text": task.pop("text"), "tokens": task.pop("tokens")}
        inputs = task["_input_hash"], task["_task_hash"]
        record = Record("answer", task["_session_id"], *inputs, task)
        dataset.append([record], {inputs[0]: text})
    dataset.close()
    database.close()
    return url


def call(*arguments):
    return CliRunner().invoke(app, ["card", *map(str, arguments)])


def test_everything_is_in_it(model, data, database, tmp_path):
    output = tmp_path / "out" / "card.md"
    shown = call(
        *(model, data, "--train", data, "--samples", 20, "--output", output),
        *("--dataset", "answers", "--db", database),
    )
    assert shown.exit_code == 0, shown.output
    text = output.read_text()
    for line in (
        "# en\\_tiny\\_causal 0.0.0",
        "| PER | 3 | 3 |",
        "Temperature: 1.500 (set beforehand).",
        "| questions, K = 1 | 2 | 1 | 1 | 1 |",
        "| whole sentences | 1 | 1 | 1 | 0 |",
        "| annotation | 4 | 28 | 0 | 0 |",
        "python -m spacy causal card model data.spacy --train data.spacy "
        "--dataset answers --samples 20",
    ):
        assert line in text.splitlines()
    for said in ("| RI |", "F1 (%), unseen", "ECE, mentions", "adjustment = ", "P(z)"):
        assert said in text
    nlp = spacy.load(model)
    confounders = nlp.get_pipe("causal_ner").confounders
    assert confounders
    for confounder in confounders:
        assert f"| {confounder.word} | {confounder.probability:.4f} |" in text
    assert str(tmp_path) not in text


def test_training_data_may_carry_token_targets(model, data, examples, tmp_path):
    """As `export` writes it: no annotation, but one-hot rows."""
    docs = [eg.reference for eg in examples]
    tag_set = TagSet("biluo", ("LOC", "ORG", "PER"))
    for doc in docs:
        rows = label_rows(doc, "ner", tag_set)
        set_targets(doc, "ner", TokenTargets("biluo", tag_set.names, rows))
        assert not doc.ents
    exported = tmp_path / "exported.spacy"
    write_docbin(exported, DocBin(docs=docs, store_user_data=True))
    shown, annotated = (
        call(model, data, "--train", train, "--samples", 10).stdout.splitlines()
        for train in (exported, data)
    )
    assert "| PER | 3 | 3 |" in shown
    assert "| answers and other token targets | 4 | 28 | 0 | 0 |" in shown
    differing = {a for a, b in zip(annotated, shown, strict=True) if a != b}
    assert len(differing) == 3, "the file's name, its source, the command"


def test_the_same_input_gives_the_same_card(model, data):
    first, second = (call(model, data, "--samples", 10) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert first.stdout == second.stdout
    assert "unseen" not in first.stdout


def test_of_spacys_own_ner(nlp, examples, data, tmp_path):
    other = spacy.blank("en")
    other.add_pipe("ner")
    other.initialize(lambda: examples)
    other.to_disk(tmp_path / "ner")
    shown = call(tmp_path / "ner", data, "--samples", 0)
    assert shown.exit_code == 0, shown.output
    assert "Confounders" not in shown.stdout and "Temperature" not in shown.stdout
    assert "| RI |" in shown.stdout


def test_of_a_tagger(examples, data, tmp_path):
    other = spacy.blank("en")
    other.add_pipe("causal_tagger", config={"model": MODEL})
    other.initialize(lambda: examples)
    other.to_disk(tmp_path / "tagger")
    shown = call(tmp_path / "tagger", data)
    assert shown.exit_code == 0, shown.output
    assert "| PUNCT | 4 |" in shown.stdout
    assert "RI" not in shown.stdout and "Temperature: 1.000" in shown.stdout


def test_of_data_with_labels_that_the_model_has_not(model, examples, tmp_path):
    """As a test set has them: what can be measured is."""
    docs = [eg.reference for eg in examples]
    docs[0].set_ents([Span(docs[0], 0, 1, "all")], default="outside")
    DocBin(docs=docs).to_disk(tmp_path / "test.spacy")
    shown = call(model, tmp_path / "test.spacy", "--samples", 0)
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert "Not measured: test.spacy has labels unknown to it: all." in lines
    rows = {line.split(" | ")[0]: line for line in lines[lines.index(SCORED) :]}
    n = sum(len(doc.ents) for doc in docs)
    assert rows["| all"].startswith("| all | 1 | 0.0 | 0.0 | 0.0 |")
    assert rows["| all labels"].startswith(f"| all labels | {n} |")


def test_what_cannot_be_written_is_said(model, data, tmp_path):
    (tmp_path / "file").touch()
    for output, code in ((tmp_path, 2), (tmp_path / "file" / "card.md", 1)):
        shown = call(model, data, "--samples", 0, "--output", output)
        assert isinstance(shown.exception, SystemExit)
        assert shown.exit_code == code


def test_what_cannot_be_done_is_said(model, data, tmp_path):
    url = f"sqlite:///{tmp_path}/none.db"
    for arguments, said in (
        ((tmp_path / "nothing", data), "nothing"),
        ((tmp_path / "nothing", data, "--meta"), "folder"),
        ((model, data, "--dataset", "x", "--db", url), "no database"),
        ((model, data, "--component", "ner"), "no ner"),
    ):
        shown = call(*arguments)
        assert shown.exit_code == 1
        assert said in " ".join(shown.stdout.split())
    (model / "README.md").write_text("Mine.")
    assert call(model, data, "--meta", "--samples", 0).exit_code == 1
    assert (model / "README.md").read_text() == "Mine."


def test_the_card_is_of_the_package_that_is_built(model, data, tmp_path):
    named = ("--name", "messages", "--version", "1.2.3")
    shown = call(model, data, "--meta", "--samples", 0, *named)
    assert shown.exit_code == 0, shown.output
    packages = tmp_path / "packages"
    packages.mkdir()
    run("-m", "spacy", "package", model, packages, "--build", "none")
    lines = (packages / "en_messages-1.2.3" / "README.md").read_text().splitlines()
    assert "# en\\_messages 1.2.3" in lines
    command = "python -m spacy causal card model data.spacy "
    assert command + "--name messages --version 1.2.3 --samples 0" in lines
    # As spaCy has it, a name may begin with its language.
    shown = call(model, data, "--samples", 0, "--name", "en_letters")
    assert "# en\\_letters 1.2.3" in shown.stdout.splitlines()


def test_a_description_is_of_the_last_card_unless_it_is_your_own(
    model, data, examples, tmp_path
):
    def described(path):
        shown = call(model, path, "--meta", "--samples", 0)
        assert shown.exit_code == 0, shown.output
        return srsly.read_json(model / "meta.json")["description"]

    DocBin(docs=[examples[0].reference]).to_disk(tmp_path / "one.spacy")
    assert described(data).endswith("on 4 documents of data.spacy.")
    assert described(tmp_path / "one.spacy").endswith("on 1 documents of one.spacy.")
    meta = srsly.read_json(model / "meta.json")
    srsly.write_json(model / "meta.json", {**meta, "description": "Finds names."})
    assert described(data) == "Finds names."


@pytest.mark.parametrize(
    "named",
    [("--name", ""), ("--name", "my-model"), ("--name", "a_"), ("--version", "first")],
)
def test_what_spacy_package_refuses_is_refused(model, data, named):
    before = (model / "meta.json").read_bytes()
    shown = call(model, data, "--meta", "--samples", 0, *named)
    assert shown.exit_code == 1
    assert named[0] in shown.stdout
    assert (model / "meta.json").read_bytes() == before
    assert not (model / "README.md").exists()


def run(*command, **environment):
    found = subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.mark.slow
def test_the_package_has_the_card_and_runs_elsewhere(model, data, tmp_path):
    for _ in range(2):  # A card may be written anew.
        shown = call(model, data, "--meta", "--samples", 10)
        assert shown.exit_code == 0, shown.output
    description = srsly.read_json(model / "meta.json")["description"]
    assert description.startswith("Named entities (LOC, ORG, PER): strict F1")
    packages, elsewhere = tmp_path / "packages", tmp_path / "elsewhere"
    packages.mkdir()
    # Without an index the isolated build fails, and spaCy builds in this environment.
    package = ("-m", "spacy", "package", model, packages, "--build", "wheel")
    run(*package, PIP_NO_INDEX="1")
    (wheel,) = packages.glob("*/dist/*.whl")
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", elsewhere, wheel)
    (installed,) = distributions(name="en_tiny_causal", path=[str(elsewhere)])
    card = (model / "README.md").read_text()
    said = installed.metadata.get_payload() or installed.metadata["Description"]
    assert said.split() == card.split()
    assert installed.metadata["Summary"] == description
    assert any("spacy-causal" in needed for needed in installed.requires)
    code = (
        "import spacy, en_tiny_causal\n"
        f"doc = en_tiny_causal.load()({TEXT!r})\n"
        f"same = spacy.load('en_tiny_causal')({TEXT!r})\n"
        "print([(e.text, e.label_) for e in doc.ents])\n"
        "assert [e.text for e in doc.ents] == [e.text for e in same.ents]\n"
        "print(spacy.load('en_tiny_causal').get_pipe('causal_ner').temperature)\n"
    )
    found, temperature = run("-c", code, PYTHONPATH=str(elsewhere)).splitlines()
    expected = [(e.text, e.label_) for e in spacy.load(model)(TEXT).ents]
    assert expected and found == str(expected)
    assert temperature == "1.5"

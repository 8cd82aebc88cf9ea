"""What `check` finds, and how the commands answer."""

import pytest
import spacy
from spacy.cli._util import app as spacy_app
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.doctor import examine_corpus, shared_texts
from spacy_causal.corpus.records import Options

NLP = spacy.blank("en")


def spacy_file(path, *docs):
    DocBin(docs=docs).to_disk(path)
    return path


def make_doc(words, spans=(), *, annotated=True, spaces=None):
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    if annotated:
        ents = [Span(doc, start, end, label) for start, end, label in spans]
        doc.set_ents(ents, default="outside")
    return doc


@pytest.mark.parametrize(
    ("doc", "reason"),
    [
        (make_doc([]), "the document is empty"),
        (make_doc(["Ada"], annotated=False), "all annotation is missing"),
        (make_doc(["Ada", " "], [(0, 2, "P")]), "white space at its edge"),
    ],
)
def test_problems(tmp_path, doc, reason):
    path = spacy_file(tmp_path / "a.spacy", make_doc(["x"]), doc)
    (problem,) = examine_corpus(path, Options()).problems
    assert problem.line == 2 and reason in problem.reason


def test_oddities(tmp_path):
    split = make_doc(["Ada", "ran", "xr", "ay"], [(2, 3, "X")], spaces=[1, 1, 0, 0])
    path = spacy_file(tmp_path / "a.spacy", make_doc(["b"]), make_doc(["b"]), split)
    diagnosis = examine_corpus(path, Options())
    assert [problem.line for problem in diagnosis.oddities] == [2, 3]
    assert diagnosis.labels == {"X": 1} and not diagnosis.problems


def test_raw_corpora_and_shared_texts(tmp_path):
    train, dev = tmp_path / "a.txt", tmp_path / "b.txt"
    train.write_text("[Ada](P) ran\nBob [sat\n")
    dev.write_text("Bob sat\n[Ada](P) ran\n")
    diagnoses = [examine_corpus(path, Options(lang="xx")) for path in (train, dev)]
    assert [problem.line for problem in diagnoses[0].problems] == [2]
    assert shared_texts(*diagnoses) == [("Ada ran", 1, 2)]


def test_no_spacy_file(tmp_path):
    path = tmp_path / "a.spacy"
    path.write_bytes(b"what?")
    (problem,) = examine_corpus(path, Options()).problems
    assert "no .spacy file" in problem.reason


def test_commands(tmp_path):
    source, output = tmp_path / "a.txt", tmp_path / "out" / "a.spacy"
    source.write_text("[Ada](P) ran\nBob [sat\n")
    run, arguments = CliRunner().invoke, ["convert", str(source), str(output)]
    refused = run(app, arguments)
    assert refused.exit_code == 1 and not output.exists()
    assert "a.txt:2" in refused.output.replace("\n", "")
    assert run(app, [*arguments, "--skip-bad"]).exit_code == 0
    assert run(app, ["check", str(output), "--dev", str(output)]).exit_code == 0
    assert run(app, ["check", str(source)]).exit_code == 1


def test_spacy_has_the_commands():
    assert "convert" in CliRunner().invoke(spacy_app, ["causal", "--help"]).output

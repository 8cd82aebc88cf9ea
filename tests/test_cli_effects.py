"""`python -m spacy causal effects`, as a user calls it."""

import re
from importlib.metadata import version

import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_causal.cli.app import app

HOSTILE = "<script>$x</script>"


@pytest.fixture
def data(nlp, examples, tmp_path):
    path = tmp_path / "data.spacy"
    DocBin(docs=[eg.reference for eg in examples]).to_disk(path)
    return path


@pytest.fixture
def model(nlp, examples, tmp_path):
    nlp.add_pipe("ner")
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def call(*arguments):
    return CliRunner().invoke(app, ["effects", *map(str, arguments)])


def test_tables_figures_and_a_page(model, data, tmp_path):
    output, page = tmp_path / "out" / "effects.json", tmp_path / "out" / "page.html"
    shown = call(
        *(model, data, "--train", data, "--samples", 50),
        *("--output", output, "--html", page),
    )
    assert shown.exit_code == 0, shown.output
    for said in ("ACE of context", "RI", "PER", "all types", "unseen", "survived"):
        assert said in shown.stdout
    assert "Substitute" not in shown.stdout
    figures = srsly.read_json(output)
    assert figures["n_docs"] == 4
    assert figures["samples"] == 50
    assert figures["tables"]["forms"]["overall"]["f1_unseen"]["n"] == 0
    assert figures["tables"]["entity"]["per_type"]["PER"]["f1"]["n"] == 3
    html = page.read_text()
    assert "What does it read?" in html
    assert "model on 4 documents" in html and str(tmp_path) not in html
    assert html.count("<svg") == 2
    command = "effects model data.spacy --train data.spacy --samples 50</td>"
    assert f"python -m spacy causal {command}" in html
    assert f"spacy-causal</th><td>{version('spacy-causal')}" in html
    assert not re.search(r"(src|href)=\"(?!#)", html)


def test_the_same_seed_writes_the_same_bytes(model, data, tmp_path):
    written = []
    for i, seed in enumerate((3, 3, 4)):
        paths = [tmp_path / f"{i}.json", tmp_path / f"{i}.html"]
        options = ("--samples", 40, "--seed", seed)
        shown = call(model, data, *options, "--output", paths[0], "--html", paths[1])
        assert shown.exit_code == 0, shown.output
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
    assert written[0][0] != written[2][0]


def test_says_when_a_substitute_was_used(nlp, data, tmp_path):
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "LOC", "pattern": "Paris"}])
    nlp.to_disk(tmp_path / "rules")
    page = tmp_path / "page.html"
    shown = call(tmp_path / "rules", data, "--samples", 0, "--html", page)
    assert shown.exit_code == 0, shown.output
    assert "Substitute used" in shown.stdout
    assert "entity_ruler" in page.read_text()


def test_names_from_a_text_file(model, data, tmp_path):
    (tmp_path / "names.txt").write_text("Paris\nBerlin\n")
    output = tmp_path / "effects.json"
    shown = call(model, data, "--train", tmp_path / "names.txt", "--output", output)
    assert shown.exit_code == 0, shown.output
    forms = srsly.read_json(output)["tables"]["forms"]["overall"]
    assert (forms["f1_seen"]["n"], forms["f1_unseen"]["n"]) == (3, 5)


def test_names_that_are_no_text_are_named(model, data, tmp_path):
    (tmp_path / "names.txt").write_bytes("Paris\nOrléans\n".encode("latin-1"))
    shown = call(model, data, "--train", tmp_path / "names.txt")
    assert shown.exit_code == 1
    assert "names.txt:2:noUTF-8" in "".join(shown.output.split())


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_files_that_cannot_or_must_not_be_written(model, data, tmp_path, option):
    before = data.read_bytes()
    shown = call(model, data, "--samples", 0, option, data)
    assert shown.exit_code == 1
    assert "write to another file" in " ".join(shown.output.split())
    assert data.read_bytes() == before
    shown = call(model, data, "--samples", 0, option, data / "x")
    assert shown.exit_code == 1 and isinstance(shown.exception, SystemExit)


@Language.component("copies")
def copies(doc):
    return doc.copy()


def test_docs_that_cannot_be_intervened_on_are_said(model, data, tmp_path):
    nlp = spacy.load(model)
    nlp.add_pipe("copies", first=True)
    nlp.to_disk(tmp_path / "copying")
    shown = call(tmp_path / "copying", data)
    assert shown.exit_code == 1 and isinstance(shown.exception, SystemExit)
    assert "reached no embedding layer" in " ".join(shown.output.split())


def test_what_finds_nothing_reads_nothing(nlp, data, tmp_path):
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Oz"}])
    nlp.to_disk(tmp_path / "blind")
    shown = call(tmp_path / "blind", data, "--samples", 20)
    assert shown.exit_code == 0, shown.output
    said = " ".join(shown.output.split())
    assert said.count("nothing was found correctly") == 2
    assert "neither outweighs" not in said


def test_hostile_labels_are_text(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": HOSTILE, "pattern": "x"}])
    doc = Doc(nlp.vocab, words=["x", "y"])
    doc.set_ents([Span(doc, 0, 1, HOSTILE)])
    DocBin(docs=[doc]).to_disk(tmp_path / "data.spacy")
    nlp.to_disk(tmp_path / "rules")
    page = tmp_path / "page.html"
    arguments = (tmp_path / "rules", tmp_path / "data.spacy", "--html", page)
    shown = call(*arguments, "--samples", 9)
    assert shown.exit_code == 0, shown.output
    assert "<script" not in page.read_text()
    assert "&lt;script" in page.read_text()


def test_what_cannot_be_measured_is_said(model, data, nlp, tmp_path):
    shown = call(tmp_path / "nothing", data)
    assert shown.exit_code == 1
    assert not shown.exception or isinstance(shown.exception, SystemExit)
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    blank.to_disk(tmp_path / "blank")
    shown = call(tmp_path / "blank", data)
    assert shown.exit_code == 1
    assert "sets no entities" in shown.stdout
    DocBin(docs=[nlp.make_doc("Paris")]).to_disk(tmp_path / "bare.spacy")
    shown = call(model, tmp_path / "bare.spacy")
    assert shown.exit_code == 1
    assert "annotated" in shown.stdout

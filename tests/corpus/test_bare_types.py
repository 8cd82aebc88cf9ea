"""Entity types without marks, which look like parts of speech."""

import pytest
import spacy
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.files import read_spacy
from spacy_causal.corpus.records import Options

DENSE = "John PER\nSmith PER\nmet O\nAda PER\n"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text(DENSE)
    return path


def shown(*arguments):
    found = CliRunner().invoke(app, [*map(str, arguments)])
    assert found.exit_code == 0, found.output
    return " ".join(found.output.split())


def test_the_warning_names_the_option_that_settles_it(source, tmp_path):
    output = tmp_path / "a.spacy"
    for command in (("convert", source, output), ("check", source)):
        assert "has the tag 'O': if it holds entities" in shown(*command)
    for settled in ("--entity-column", "--tag-column"):
        assert "has the tag 'O'" not in shown("check", source, settled, 1)
        told = shown("convert", source, output, settled, 1)
        assert "has the tag 'O'" not in told
        (doc,) = read_spacy(output, spacy.blank("en").vocab)
        entities = [ent.text for ent in doc.ents]
        expected = ["John Smith", "Ada"] if settled == "--entity-column" else []
        assert entities == expected


@pytest.mark.parametrize("data", ["John NNP\nran VBD\n", "John PER\nran O\nfar O\n"])
def test_nothing_is_in_doubt(source, data):
    source.write_text(data)
    summary = Summary()
    assert list(read_docs(source, Options(), summary)) and not summary.doubts


SENTENCE = "Ada PROPN\nran VERB\nfar ADV\n\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("token upos\n" + SENTENCE * 5, "reads as a heading and was taken for a token"),
        ("Word tag\n" + "Ada NNP\nran VBD\n" * 5, "whose label is 'tag'"),
        (SENTENCE * 20 + "Bob NOUNN\n", "all tags but 'NOUNN' are universal parts"),
    ],
)
def test_a_line_that_is_no_row_is_doubted(source, tmp_path, data, said):
    source.write_text(data)
    assert said in shown("convert", source, tmp_path / "a.spacy")
    assert said in shown("check", source)


@pytest.mark.parametrize("mark", ["# newdoc", "# newpar"])
def test_marks_of_conllu_are_no_rows_of_two_columns(source, mark):
    source.write_text(f"{mark}\n{SENTENCE * 5}")
    summary = Summary()
    (line, doc), *_ = read_docs(source, Options(), summary)
    assert (line, len(doc)) == (2, 3)
    assert summary.counts["comment lines"] == 1
    assert not summary.doubts and doc[0].pos_ == "PROPN"


def test_tags_that_nobody_gave_are_counted(source):
    """They do not tell whether the others, far below, are universal."""
    source.write_text("Ada -\n" * 20_000 + "ran VBD\n")
    summary = Summary()
    ((_, doc),) = read_docs(source, Options(tag_column=1), summary)
    assert [doc[0].tag_, doc[-1].tag_, doc[-1].pos_] == ["", "VBD", ""]
    assert summary.counts["tokens without a tag"] == 20_000

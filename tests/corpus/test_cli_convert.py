"""The options of `convert` and `check`, as a user gives them."""

import json

import pytest
import spacy
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.files import read_spacy


def call(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def record(text, *spans):
    return json.dumps({"text": text, "label": spans}) + "\n"


OVERLAPPING = record("Ada ran", [0, 3, "P"], [0, 7, "Q"])


@pytest.mark.parametrize(
    ("data", "options", "tokens", "entities"),
    [
        (record("can't"), (), ["ca", "n't"], []),
        (record("can't"), ("--lang", "xx"), ["can't"], []),
        (record("Li, on"), ("--by-character",), ["L", "i", ",", "o", "n"], []),
        (record("Ada ran", [0, 4, "P"]), ("--trim",), ["Ada", "ran"], ["Ada"]),
        (OVERLAPPING, ("--overlaps", "keep-longest"), ["Ada", "ran"], ["Ada ran"]),
        ("B-P B-Q x\nO O y\n", ("--entity-column", 1), ["x", "y"], ["x"]),
        ("B-P x u\nO y v\n", ("--word-column", 2), ["u", "v"], ["u"]),
    ],
)
def test_options_of_convert(tmp_path, data, options, tokens, entities):
    source, output = tmp_path / "in.data", tmp_path / "out.spacy"
    source.write_text(data)
    shown = call("convert", source, output, *options)
    assert shown.exit_code == 0, shown.output
    (doc,) = read_spacy(output, spacy.blank("xx").vocab)
    assert [token.text for token in doc if not token.is_space] == tokens
    assert [ent.text for ent in doc.ents] == entities


@pytest.mark.parametrize("data", [record("Ada ran", [0, 4, "P"]), OVERLAPPING])
def test_without_them_it_is_refused(tmp_path, data):
    source, output = tmp_path / "in.data", tmp_path / "out.spacy"
    source.write_text(data)
    assert call("convert", source, output).exit_code == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "n_tokens"), [((), 2), (("--lang", "xx"), 1), (("--by-character",), 5)]
)
def test_options_of_check(tmp_path, options, n_tokens):
    source = tmp_path / "in.data"
    source.write_text(record("can't"))
    shown = call("check", source, *options)
    assert shown.exit_code == 0, shown.output
    assert ["tokens", str(n_tokens)] in map(str.split, shown.output.splitlines())


def test_a_format_that_is_named_to_check(tmp_path):
    source = tmp_path / "in.data"
    source.write_text("Bob\n")
    shown = call("check", source, "--format", "conll")
    assert shown.exit_code == 1
    assert "no columns" in " ".join(shown.output.split())

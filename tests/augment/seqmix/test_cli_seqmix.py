"""`python -m spacy causal seqmix`, from files to files."""

import pytest
import spacy
from mixable import docs_of, pipeline_with_vectors, write_corpus
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.augment.seqmix.token_table import read_vocabulary
from spacy_causal.cli.app import app
from spacy_causal.cli.seqmix import _screen
from spacy_causal.corpus.files import read_spacy
from spacy_causal.targets.token_targets import get_targets

HOSTILE = '<script>alert("x")</script>'
WINDOWS = ("--window", 3, "--density", 0.3, "--rate", 2)


@pytest.fixture
def files(nlp, tmp_path):
    docs = docs_of(nlp.vocab)
    pipeline_with_vectors(docs).to_disk(tmp_path / "model")
    source = write_corpus(tmp_path / "in.spacy", docs)
    return source, tmp_path / "deep" / "out.spacy", tmp_path / "model"


def call(files, *options):
    source, output, model = files
    command = ["seqmix", source, output, "--model", model, *WINDOWS, *options]
    return CliRunner().invoke(app, [str(part) for part in command])


def read(files):
    return list(read_spacy(files[1], spacy.blank("en").vocab))


def test_mixes_with_a_table_and_a_page(files, tmp_path):
    page = tmp_path / "mixes.html"
    shown = call(files, "--keep-original", "--seed", 1, "--html", page)
    assert shown.exit_code == 0, shown.output
    for word in ("eligible pairs", "generated", "kept"):
        assert word in shown.output
    docs = read(files)
    new = [doc for doc in docs if get_mix(doc)]
    assert len(docs) == 6 + len(new) and new
    html = page.read_text()
    for word in ("eligible pairs", "perplexity", "parent 2", "B-PER 0."):
        assert word in html
    assert any(doc[0].text in html for doc in new)
    command = "seqmix in.spacy out.spacy --model model --rate 2.0 --window 3"
    assert f"python -m spacy causal {command} --density 0.3" in html
    assert "--seed 1</td>" in html and ">thinc</th>" in html


def test_same_seed_same_bytes(files):
    written = []
    for seed in (3, 3, 4):
        assert call(files, "--only-new", "--seed", seed).exit_code == 0
        written.append([doc.to_bytes() for doc in read(files)])
    assert written[0] == written[1] != written[2]


def test_refused_by_perplexity(files, tmp_path):
    bounds = ("--unit", "perplexity", "--high", 22, "--html", tmp_path / "page.html")
    shown = call(files, *bounds)
    assert "perplexity too high" in shown.output
    assert "perplexity too high" in (tmp_path / "page.html").read_text()
    assert all(
        (get_mix(doc) or {"perplexity": 0})["perplexity"] <= 22 for doc in read(files)
    )


@pytest.mark.parametrize("variant", ["sub", "whole", "label_constrained"])
@pytest.mark.parametrize("scheme", ["io", "biluo"])
def test_variants_and_schemes(files, variant, scheme):
    options = ("--variant", variant, "--scheme", scheme, "--screen", "none")
    shown = call(files, "--only-new", *options)
    assert shown.exit_code == 0, shown.output
    assert {get_targets(doc, "ner").scheme for doc in read(files)} == {scheme}


def test_words_of_a_given_vocabulary(files, tmp_path):
    more, words = [f"word{i}" for i in range(200)], tmp_path / "words.txt"
    pipeline_with_vectors(read((None, files[0])), more).to_disk(files[2])
    words.write_text("\n".join(more))
    shown = call(files, "--only-new", "--vocabulary", words, "--screen", "none")
    assert shown.exit_code == 0, shown.output
    assert {token.text for doc in read(files) for token in doc} & set(more)
    assert call(files, "--vocabulary", words, "--html", words).exit_code == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"caf\xe9\n", "UTF-8"), (b"word\nNew York\n", "words.txt:2: not one word")],
)
def test_words_that_are_none(files, tmp_path, content, reason):
    words = tmp_path / "words.txt"
    words.write_bytes(content)
    shown = call(files, "--only-new", "--vocabulary", words, "--screen", "none")
    assert shown.exit_code == 1
    assert reason in " ".join(shown.output.split())


def test_a_mark_of_the_byte_order_is_no_part_of_a_word(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("\ufeffOslo\n\nRome\n")
    assert read_vocabulary(words) == ["Oslo", "Rome"]


def test_hardened(files):
    assert call(files, "--only-new", "--hardened").exit_code == 0
    assert all(get_targets(doc, "ner") is None for doc in read(files))
    assert any(doc.ents for doc in read(files))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--variant", "all"), "Unknown variant"),
        (("--vectors", "all"), "Unknown source"),
        (("--layer", "dep"), "Unknown layer"),
        (("--layer", "bogus"), "Unknown layer 'bogus': one of ner, tag, pos"),
        (("--scheme", "bmes"), "Unknown scheme"),
        (("--screen", "none", "--high", 3), "take a --screen"),
        (("--low", 9, "--high", 3), "lies between"),
        (("--density", 1, "--window", 7), "nothing written"),
        (("--model", "no_such_model"), "no_such_model"),
        (("--tries", 0), "numbers, not 3 and 0"),
        (("--rate", "inf"), "rate inf and ≥ 0; both are finite"),
        (("--rate", "nan"), "rate nan and ≥ 0"),
        (("--alpha", "inf"), "alpha is inf and has to be > 0"),
        (("--rate", 0.01), "0.01 of 6 labelled texts gives none"),
        (("--density", 1, "--window", 7), "No two texts have a window"),
        (("--high", 0, "--unit", "perplexity"), "No mixed sequence was kept"),
    ],
)
def test_bad_input_is_one_sentence(files, options, message):
    shown = call(files, *options)
    assert shown.exit_code == 1
    assert message in " ".join(shown.output.split())
    assert "Traceback" not in shown.output
    assert not files[1].exists()


@pytest.mark.parametrize("option", ["output", "--html"])
def test_the_input_is_never_written_over(files, option):
    source, output, model = files
    before = source.read_bytes()
    shown = (
        call((source, source, model), "--only-new")
        if option == "output"
        else call(files, option, source)
    )
    assert shown.exit_code == 1
    assert "write to another file" in " ".join(shown.output.split())
    assert source.read_bytes() == before and not output.exists()


@pytest.mark.parametrize("option", ["output", "--html"])
def test_what_cannot_be_written_is_one_sentence(files, tmp_path, option):
    source, output, model = files
    (tmp_path / "file").write_text("")
    bad = tmp_path / "file" / "x.spacy"
    shown = (
        call((source, bad, model)) if option == "output" else call(files, option, bad)
    )
    assert shown.exit_code == 1 and isinstance(shown.exception, SystemExit)
    assert "✘" in shown.output and not output.exists()


def test_a_file_without_text_is_named(files, tmp_path):
    empty = write_corpus(tmp_path / "empty.spacy", [])
    shown = call((empty, *files[1:]))
    assert shown.exit_code == 1 and "has no text" in " ".join(shown.output.split())


def test_labels_that_are_not_valid_may_have_spaces_between(files):
    shown = call(files, "--layer", "tag", "--outside", "PUNCT , O", "--density", 1)
    assert shown.exit_code == 0, shown.output
    for doc in read(files):
        labels = [
            label for row in (get_mix(doc) or {"labels": []})["labels"] for label in row
        ]
        assert "PUNCT" not in labels


def test_every_label_may_be_valid(files):
    shown = call(files, "--outside", "", "--density", 1)
    assert shown.exit_code == 0, shown.output
    mixes = [mix for doc in read(files) if (mix := get_mix(doc))]
    assert any(set(row) == {"O"} for mix in mixes for row in mix["labels"])


def test_a_language_model_is_read_where_the_pipeline_is():
    """It is loaded at the first call only."""
    screens = [_screen("gpt2", 0.0, None, None, gpu_id) for gpu_id in (-1, 1)]
    assert [screen.device for screen in screens] == ["cpu", "cuda:1"]


def test_a_page_of_hostile_text(nlp, tmp_path):
    docs = []
    for place in ("Oslo", "Rome", HOSTILE, "<b>"):
        doc = Doc(nlp.vocab, words=["At", place, HOSTILE])
        doc.set_ents([Span(doc, 1, 2, "<i>X</i>")], default="outside")
        docs.append(doc)
    pipeline_with_vectors(docs).to_disk(tmp_path / "model")
    source = write_corpus(tmp_path / "in.spacy", docs)
    page = tmp_path / "page.html"
    options = ("--html", page, "--screen", "none", "--window", 2)
    shown = call((source, tmp_path / "out.spacy", tmp_path / "model"), *options)
    assert shown.exit_code == 0, shown.output
    html = page.read_text()
    assert "&lt;script&gt;" in html and "&lt;i&gt;X&lt;/i&gt;" in html
    assert "<script" not in html and "<i>X" not in html and "<b>" not in html

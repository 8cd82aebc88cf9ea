"""`python -m spacy causal augment`, from files to files."""

import numpy as np
import pytest
import spacy
from named_texts import NAMES, TEXTS, docs_of, knowing, write_corpus
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_causal.augment.bank import read_bank
from spacy_causal.augment.provenance import get_provenance, swaps_of
from spacy_causal.cli.app import app
from spacy_causal.corpus.files import read_spacy

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def files(nlp, tmp_path):
    knowing({n: x for n, x in NAMES.items() if n != "Rome"}).to_disk(tmp_path / "model")
    source = write_corpus(tmp_path / "in.spacy", docs_of(nlp))
    return source, tmp_path / "deep" / "out.spacy", tmp_path / "model"


def call(source, output, *options):
    command = ["augment", str(source), str(output), *map(str, options)]
    return CliRunner().invoke(app, command)


def read(path):
    return list(read_spacy(path, spacy.blank("en").vocab))


def test_swaps_with_a_table_and_a_page(files, tmp_path):
    source, output, model = files
    page, bank = tmp_path / "swaps.html", tmp_path / "bank.json"
    options = ("--model", model, "--per-example", 3, "--html", page, "--bank", bank)
    shown = call(source, output, *options)
    assert shown.exit_code == 0, shown.output
    for word in ("generated", "kept", "not found", "no other entity of the type"):
        assert word in shown.output
    (other,) = (x for x in shown.output.splitlines() if x.startswith("no other"))
    assert other.split()[-2:] == ["type", "1"], "Acme is one mention, of no swap"
    docs = read(output)
    assert [d.text for d in docs[: len(TEXTS)]] == TEXTS
    new = [d for d in docs if get_provenance(d)]
    assert new and len(docs) == len(TEXTS) + len(new)
    assert all(s.donor != "Rome" for d in new for s in swaps_of(d))
    html = page.read_text()
    assert "not found" in html and "<mark" in html and "Rome" in html
    command = "augment in.spacy out.spacy --model model --per-example 3</td>"
    assert f"python -m spacy causal {command}" in html and ">thinc</th>" in html
    assert read_bank(bank).count("PER") == 4
    names = {p.name for p in tmp_path.iterdir()} | {
        p.name for p in output.parent.iterdir()
    }
    assert not any(name.endswith(".part") for name in names)


def test_same_seed_same_bytes(files):
    source, output, model = files
    written = []
    for seed in (7, 7, 8):
        options = ("--model", model, "--seed", seed, "--per-example", 2, "--only-new")
        assert call(source, output, *options).exit_code == 0
        written.append([doc.to_bytes() for doc in read(output)])
        assert all(map(get_provenance, read(output)))
    assert written[0] == written[1] != written[2]


@pytest.mark.parametrize("option", ["--all-entities", "--compatible", "--balance"])
def test_options_without_a_screen(files, option):
    """With the same seed each makes something else of the corpus."""
    source, output, _ = files
    made = []
    for options in ((), (option,)):
        assert call(source, output, "--only-new", *options).exit_code == 0
        made.append([[(s.text, s.donor) for s in swaps_of(x)] for x in read(output)])
    assert made[1] and made[0] != made[1]
    n_swaps = {len(swaps) for swaps in made[1]}
    assert (2 in n_swaps) == (option == "--all-entities")


def test_nothing_is_written_when_nothing_is_kept(files, tmp_path):
    source, output, _ = files
    knowing({"Zed": "PER"}).to_disk(tmp_path / "blind")
    shown = call(source, output, "--model", tmp_path / "blind")
    assert shown.exit_code == 1 and "nothing written" in shown.output
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "no_such_model"), "no_such_model"),
        (("--min-score", "0.5"), "need a --model"),
        (("--like", "3"), "need a --model"),
        (("--lang", "qq"), "qq"),
    ],
)
def test_bad_options_say_what_is_wrong(files, options, message):
    source, output, _ = files
    shown = call(source, output, *options)
    assert shown.exit_code == 1 and message in shown.output
    assert not output.exists()


def test_bounds_that_the_model_cannot_serve(files):
    source, output, model = files
    shown = call(source, output, "--model", model, "--min-score", "0.5")
    assert shown.exit_code == 1 and "causal_ner" in shown.output


@pytest.mark.parametrize("bounds", [(0.9, 0.1), (7, 8)])
def test_bounds_that_leave_nothing_are_refused(files, bounds):
    source, output, model = files
    options = ("--min-score", bounds[0], "--max-score", bounds[1])
    shown = call(source, output, "--model", model, *options)
    assert shown.exit_code == 1 and "No score lies between" in shown.output


@pytest.mark.parametrize("option", ["output", "--html", "--bank"])
def test_the_input_is_never_written_over(files, option):
    source, output, _ = files
    before = source.read_bytes()
    shown = (
        call(source, source, "--only-new")
        if option == "output"
        else call(source, output, option, source)
    )
    assert shown.exit_code == 1
    assert "write to another file" in " ".join(shown.output.split())
    assert source.read_bytes() == before and not output.exists()


@pytest.mark.parametrize("option", ["output", "--html", "--bank"])
def test_what_cannot_be_written_is_one_sentence(files, tmp_path, option):
    source, output, _ = files
    (tmp_path / "file").write_text("")
    bad = tmp_path / "file" / "x.spacy"
    options = (bad,) if option == "output" else (output, option, bad)
    shown = call(source, *options)
    assert shown.exit_code == 1 and isinstance(shown.exception, SystemExit)
    assert "✘" in shown.output and not output.exists()


def test_another_kind_of_file_is_named(files, tmp_path):
    _, output, _ = files
    (tmp_path / "in.txt").write_text("Ada left")
    shown = call(tmp_path / "in.txt", output)
    assert shown.exit_code == 1 and "end in .spacy" in shown.output


def test_another_tokenizer_is_named(tmp_path):
    texts = [("我爱北京", "北京"), ("他在上海市", "上海市")]
    docs = []
    for text, name in texts:
        doc = Doc(spacy.blank("zh").vocab, words=list(text), spaces=[False] * len(text))
        at = text.index(name)
        doc.set_ents([doc.char_span(at, at + len(name), "LOC")], default="outside")
        docs.append(doc)
    source, output = write_corpus(tmp_path / "in.spacy", docs), tmp_path / "out.spacy"
    shown = call(source, output)
    assert shown.exit_code == 1 and "--lang" in shown.output and not output.exists()
    assert call(source, output, "--lang", "zh").exit_code == 0


def test_donors_from_unlabelled_text(files, nlp, tmp_path):
    source, output, _ = files
    knowing(NAMES | {"Zoe Day": "PER"}).to_disk(tmp_path / "more")
    donors = write_corpus(tmp_path / "text.spacy", [nlp.make_doc("Zoe Day sang")])
    options = ("--model", tmp_path / "more", "--donors", donors, "--per-example", 6)
    assert call(source, output, *options).exit_code == 0
    assert any("Zoe Day" in doc.text for doc in read(output))


def test_a_score_of_donors_takes_donors_and_a_pipeline_with_scores(files, tmp_path):
    source, output, plain_path = *files[:2], tmp_path / "plain"
    plain = spacy.blank("en")
    plain.add_pipe("entity_ruler").add_patterns([{"label": "city", "pattern": "Rome"}])
    plain.to_disk(plain_path)
    refused = call(source, output, "--donor-score", 0.5)
    assert refused.exit_code == 1 and "with --donors" in refused.output
    options = ("--model", plain_path, "--donors", source)
    refused = call(source, output, *options, "--donor-score", 0.5)
    assert refused.exit_code == 1 and "causal_ner" in refused.output
    assert not output.exists()


def test_like_donors_go_by_the_vectors_of_the_model(files, nlp, tmp_path):
    source, output, _ = files
    judge = knowing(NAMES)
    for i, name in enumerate(["Oslo", "Rome", "U.K."]):
        judge.vocab.set_vector(name, np.array([1, (0, 1, 9)[i]], dtype="f"))
    judge.to_disk(tmp_path / "vectors")
    options = ("--model", tmp_path / "vectors", "--like", 1, "--per-example", 4)
    shown = call(source, output, *options)
    assert shown.exit_code == 0, shown.output
    drawn = {(s.text, s.donor) for d in read(output) for s in swaps_of(d)}
    assert {pair for pair in drawn if pair[0] == "Oslo"} == {("Oslo", "Rome")}


def test_text_on_the_page_is_text(nlp, tmp_path):
    names = [HOSTILE, "Ada"]
    docs = []
    for name in names:
        doc = Doc(nlp.vocab, words=["by", name], ents=["O", f"B-{HOSTILE}"])
        docs.append(doc)
    source = write_corpus(tmp_path / "in.spacy", docs)
    page = tmp_path / "page.html"
    shown = call(source, tmp_path / "out.spacy", "--html", page)
    assert shown.exit_code == 0, shown.output
    assert "<script" not in page.read_text() and "&lt;script" in page.read_text()


@pytest.mark.parametrize(("n_places", "warns"), [(6, True), (1, False)])
def test_a_tokenizer_that_leaves_few_entities_whole_is_named(tmp_path, n_places, warns):
    """English rules cut Chinese text only at its marks."""
    towns = ["北京", "上海", "广州", "深圳", "成都", "武汉"][:n_places]
    words = [list(f"我在{town}见李明") for town in towns]
    words += [["《", "西", "游", "》"], ["《", "红", "楼", "》"]]
    places = [[(2, 4, "LOC"), (5, 7, "PER")]] * n_places + [[(1, 3, "BOOK")]] * 2
    docs = []
    for each, spans in zip(words, places, strict=True):
        doc = Doc(spacy.blank("zh").vocab, words=each, spaces=[False] * len(each))
        doc.set_ents([Span(doc, *span) for span in spans], default="outside")
        docs.append(doc)
    source = write_corpus(tmp_path / "in.spacy", docs)
    shown = call(source, tmp_path / "out.spacy", "--per-example", 2)
    said = " ".join(shown.output.split())
    assert shown.exit_code == 0, said
    assert ("The tokenizer of 'en' leaves few entities whole" in said) == warns
    shown = call(source, tmp_path / "out.spacy", "--lang", "zh")
    assert shown.exit_code == 0 and "few entities" not in shown.output


def test_a_corpus_without_entities_is_said(tmp_path):
    doc = Doc(spacy.blank("en").vocab, ["Hi"])
    doc.set_ents([], default="outside")
    source = write_corpus(tmp_path / "in.spacy", [doc])
    shown = call(source, tmp_path / "out.spacy")
    assert shown.exit_code == 1
    assert "No text has an entity." in " ".join(shown.output.split())

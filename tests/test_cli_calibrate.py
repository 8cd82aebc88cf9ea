"""`python -m spacy causal calibrate`, as a user calls it."""

import re

import pytest
import spacy
import srsly
from small_encoders import cnn
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.experiments.calibration_wording import figure_rows, findings
from spacy_causal.learning.calibration import (
    Calibration,
    Figures,
    Quality,
    fit,
    score_docs,
)

MODEL = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}


@pytest.fixture
def golds(examples):
    docs = [eg.reference for eg in examples]
    # An error, so that there is a temperature to find.
    docs[1].set_ents([Span(docs[1], 1, 2, "PER")], default="outside")
    return docs


@pytest.fixture
def nlp_trained(nlp, examples):
    spacy.util.fix_random_seed(0)
    nlp.add_pipe("causal_ner", config={"model": MODEL})
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(8):
        nlp.update(examples, sgd=optimizer)
    return nlp


@pytest.fixture
def model(nlp_trained, golds, tmp_path):
    nlp_trained.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def dev(golds, tmp_path):
    DocBin(docs=golds).to_disk(tmp_path / "dev.spacy")
    return tmp_path / "dev.spacy"


def call(*arguments):
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def test_a_calibrated_pipeline_figures_and_a_page(
    model, dev, nlp_trained, golds, tmp_path
):
    out, figures, page = (tmp_path / "out" / x for x in ("m", "f.json", "p.html"))
    shown = call(model, dev, "--output", out, "--json", figures, "--html", page)
    assert shown.exit_code == 0, shown.output
    expected = fit(score_docs(nlp_trained, "causal_ner", golds))
    loaded = spacy.load(out)
    assert loaded.get_pipe("causal_ner").temperature == pytest.approx(expected)
    assert spacy.load(model).get_pipe("causal_ner").temperature == 1.0
    texts = [doc.text for doc in golds]
    for text in texts:
        mine = [(e.start, e.end, e.label_) for e in loaded(text).ents]
        assert mine == [(e.start, e.end, e.label_) for e in nlp_trained(text).ents]
    said = srsly.read_json(figures)
    assert said["temperature"] == pytest.approx(expected)
    assert said["after"]["nll"] < said["before"]["nll"]
    assert said["after"]["tokens"]["n"] == sum(map(len, golds))
    ece = f"{100 * said['after']['tokens']['ece']:.1f}"
    assert re.search(rf"ECE, tokens \(%\) +\d+\.\d +{re.escape(ece)}\n", shown.stdout)
    assert "fitted to" in shown.stdout
    html = page.read_text()
    assert html.count("<svg") == 4
    assert "Can its confidences be used?" in html and str(tmp_path) not in html
    assert "python -m spacy causal calibrate model dev.spacy" in html
    assert not re.search(r"(src|href)=\"(?!#)", html)
    assert sorted(p.name for p in out.parent.iterdir()) == ["f.json", "m", "p.html"]


def test_same_input_same_bytes(model, dev, tmp_path):
    written = []
    for i in range(2):
        paths = [tmp_path / f"{i}.json", tmp_path / f"{i}.html"]
        shown = call(model, dev, "--json", paths[0], "--html", paths[1])
        assert shown.exit_code == 0, shown.output
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]


def test_figures_of_other_data(model, dev, golds, tmp_path):
    DocBin(docs=golds[:1]).to_disk(tmp_path / "test.spacy")
    figures = tmp_path / "f.json"
    shown = call(model, dev, "--test", tmp_path / "test.spacy", "--json", figures)
    assert shown.exit_code == 0, shown.output
    assert srsly.read_json(figures)["after"]["tokens"]["n"] == len(golds[0])
    assert "on test.spacy" in shown.stdout
    assert "fitted to" not in shown.stdout


def test_a_tagger_has_no_mentions(examples, dev, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger", config={"model": MODEL})
    nlp.initialize(lambda: examples)
    nlp.to_disk(tmp_path / "tagger")
    page = tmp_path / "page.html"
    shown = call(tmp_path / "tagger", dev, "--html", page)
    assert shown.exit_code == 0, shown.output
    assert "ECE, mentions" not in shown.stdout
    assert page.read_text().count("<svg") == 2


def test_too_good_to_calibrate(model, examples, tmp_path):
    doc = Doc(spacy.blank("en").vocab, words=["Nobody", "spoke", "."])
    doc.set_ents([], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "easy.spacy")
    shown = call(model, tmp_path / "easy.spacy")
    assert shown.exit_code == 0, shown.output
    assert "end of its range" in " ".join(shown.stdout.split())


def test_what_cannot_be_calibrated_is_said(model, dev, nlp, examples, tmp_path):
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    blank.to_disk(tmp_path / "blank")
    for arguments, said in (
        ((tmp_path / "blank", dev), "sentencizer"),
        (
            (model, dev, "--component", "ner"),
            "no ner that is a causal_ner or causal_tagger",
        ),
        ((tmp_path / "nothing", dev), "nothing"),
        ((model, dev, "--output", model), "already exists"),
    ):
        shown = call(*arguments)
        assert shown.exit_code == 1
        assert said in " ".join(shown.stdout.split())
    doc = Doc(nlp.vocab, words=["Paris"])
    doc.set_ents([Span(doc, 0, 1, "CITY")])
    DocBin(docs=[doc]).to_disk(tmp_path / "other.spacy")
    shown = call(model, tmp_path / "other.spacy", "--output", tmp_path / "new")
    assert shown.exit_code == 1
    assert "CITY" in shown.stdout
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("option", ["--output", "--json", "--html"])
def test_what_cannot_be_written_is_said(model, dev, tmp_path, option):
    (tmp_path / "file").touch()
    shown = call(model, dev, option, tmp_path / "file" / "it")
    assert isinstance(shown.exception, SystemExit)
    assert shown.exit_code == 1
    wrong_kind = tmp_path / "file" if option == "--output" else tmp_path
    assert call(model, dev, option, wrong_kind).exit_code == 2


def test_no_loss_is_not_written_as_less_than_none():
    nothing = Quality(0, None, None, None)
    figures = Figures(-0.0, nothing, None)
    (first, *_) = figure_rows(Calibration("causal_ner", 1.0, figures, figures))
    assert first[1:] == ["0.0000", "0.0000"]


@pytest.mark.parametrize(("after", "worse"), [(0.2, True), (0.1, False), (None, False)])
def test_what_got_worse_is_said(after, worse):
    tokens = Quality(9, 0.1, 0.1, 0.1)
    before, fitted = (
        Figures(0.1, tokens, Quality(9, 0.1, ece, 0.1)) for ece in (0.1, after)
    )
    calibration = Calibration("causal_ner", 2.0, before, fitted)
    said = " ".join(findings(calibration, "dev", held_out=True))
    assert ("The ECE of mentions got worse" in said) == worse
    assert "The ECE of tokens" not in said

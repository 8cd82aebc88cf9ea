"""`python -m spacy causal simulate-feedback`, on a few of the contested texts."""

import json
import re
from pathlib import Path

import pytest
import spacy
from numpy.random import default_rng
from small_encoders import cnn
from spacy.tokens import Doc
from spacy.training import Example
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.files import empty_docbin, read_spacy, write_docbin
from spacy_causal.experiments.feedback_setup import ARMS, FeedbackSetup
from spacy_causal.experiments.feedback_simulation import (
    create_run_cell,
    or_no_mention,
    passes_over,
    user_of,
)
from spacy_causal.experiments.learning_curve import findings, learning_curve
from spacy_causal.experiments.users import perfect_user
from spacy_causal.learning.answers import Answer
from spacy_causal.scorers.layers import f1_of

CONTESTED = Path(__file__).parents[1] / "assets" / "contested"
QUICK = ("--initial", "0.5", "--batch-size", "4", "--steps", "2")


def call(*arguments):
    found = CliRunner().invoke(app, [*map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The first texts of the corpus: 16 to train on, 6 to score on."""
    folder = tmp_path_factory.mktemp("contested")
    for name, n in (("train", 16), ("dev", 6)):
        lines = (CONTESTED / f"{name}.txt").read_text(encoding="utf8").splitlines()
        (folder / f"{name}.txt").write_text("\n".join(lines[:n]), encoding="utf8")
        files = folder / f"{name}.txt", folder / f"{name}.spacy"
        assert call("convert", *files).exit_code == 0
    return folder / "train.spacy", folder / "dev.spacy"


def simulate(corpus, *arguments):
    return call("simulate-feedback", *corpus, *QUICK, *arguments)


def rows_of(path):
    """Without what differs from run to run."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def test_a_table_with_bounds_a_page_and_rows(corpus, tmp_path):
    output, page = tmp_path / "rows.jsonl", tmp_path / "page.html"
    unseen = ("--unseen", "company", "--unit", "token")
    found = simulate(corpus, *unseen, "--output", output, "--html", page)
    assert found.exit_code == 0, found.output
    for words in ("told every label", "all labelled beforehand", "from the 3"):
        assert words in found.output
    assert "Unseen at first, seed 0: company" in found.output
    rows = rows_of(output)
    assert [row["arm"] for row in rows] == list(ARMS)
    assert all(row["versions"]["spacy"] for row in rows)
    session = rows[0]
    assert [point["texts"] for point in session["curve"]] == [0, 4, 4]
    tokens = sum(map(len, read_spacy(corpus[0], spacy.blank("en").vocab)))
    assert 0 < sum(point["questions"] for point in session["curve"]) < tokens
    assert (session["n_initial"], session["n_stream"], session["n_dev"]) == (8, 8, 6)
    html = page.read_text(encoding="utf8")
    assert "What would feedback bring?" in html and "<svg" in html
    assert not re.search(r"<script|https?://(?!www.w3.org)", html)


@pytest.mark.parametrize("doubt", [0.0, 0.2])
def test_a_page_says_how_far_answers_were_doubted(corpus, doubt):
    pytest.importorskip("matplotlib")
    from spacy_causal.experiments.feedback_page import render_feedback

    setup = FeedbackSetup(train=corpus[0], dev=corpus[1], doubt=doubt)
    (cell,) = setup.cells([0], ["session"])
    point = {"texts": 4, "questions": 2, "counted": 0, "f1": 0.5, "unseen_f1": None}
    counts = {"layer": "ner", "n_initial": 2, "n_dev": 2, "versions": {}}
    html = render_feedback([{**cell, **counts, "curve": [point, point]}])
    assert (">doubt<" in html) == (doubt > 0)


def test_a_session_is_what_the_options_say(corpus, tmp_path):
    """Of a blank pipeline the component has another name."""
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}
    nlp.add_pipe("causal_ner", name="slots", config={"model": model})
    nlp.config.to_disk(tmp_path / "own.cfg")
    docs = list(read_spacy(corpus[0], nlp.vocab))
    nlp.initialize(lambda: [Example(nlp.make_doc(x.text), x) for x in docs])
    nlp.to_disk(tmp_path / "imputer")
    output = tmp_path / "rows.jsonl"
    found = simulate(
        *(corpus, "--no-bounds", "--output", output, "--max-texts", 4, "--k", 2),
        *("--config", tmp_path / "own.cfg", "--component", "slots"),
        *("--mode", "imputed", "--imputer", tmp_path / "imputer"),
        *("--user", "mistaken", "--mistakes", 0.5, "--explore", 0.25, "--seed", 5),
    )
    assert found.exit_code == 0, found.output
    (row,) = rows_of(output)
    told = [row[x].partition(" ")[0] for x in ("config", "imputer")]
    assert told == ["own.cfg", "imputer"]
    said = {x: row[x] for x in ("user", "mistakes", "explore", "mode", "k", "seed")}
    assert said == {
        "user": "mistaken",
        "mistakes": 0.5,
        "explore": 0.25,
        "mode": "imputed",
        "k": 2,
        "seed": 5,
    }
    assert row["n_stream"] == row["max_texts"] == 4


def test_classes_are_drawn_to_be_unseen(corpus, tmp_path):
    output = tmp_path / "rows.jsonl"
    found = simulate(corpus, "--no-bounds", "--unseen", 0.3, "--output", output)
    assert found.exit_code == 0, found.output
    (row,) = rows_of(output)
    unseen, labels = row["unseen_classes"], row["labels"]
    assert set(unseen) < set(labels) and unseen
    assert f"Unseen at first, seed 0: {', '.join(unseen)}" in found.output
    assert all(point["unseen_f1"] is not None for point in row["curve"])


def test_a_page_that_cannot_be_written_is_one_sentence(corpus, tmp_path):
    (tmp_path / "file").write_text("")
    page = tmp_path / "file" / "page.html"
    found = simulate(corpus, "--no-bounds", "--html", page)
    assert found.exit_code == 1 and "✘" in found.output
    assert "from the 3" in found.output


def test_a_run_resumes_and_the_same_seed_gives_the_same_rows(corpus, tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    alone = ("--no-bounds", "--output")
    assert simulate(corpus, *alone, one).exit_code == 0
    first = one.read_bytes()
    found = simulate(corpus, *alone, one, "--seeds", 2)
    assert "1 of 2 runs" in found.output and " ± " in found.output
    assert one.read_bytes().startswith(first)
    assert simulate(corpus, *alone, other, "--seeds", 2).exit_code == 0
    assert rows_of(one) == rows_of(other)
    again = simulate(corpus, *alone, one, "--seeds", 2)
    assert "2 of 2 runs" in again.output
    assert again.output.partition("already")[2] == found.output.partition("already")[2]


def test_a_bound_is_the_same_alone_as_after_a_session(corpus):
    setup = FeedbackSetup(train=corpus[0], dev=corpus[1], initial=0.5, steps=2)
    run_cell = create_run_cell(setup)
    outcomes = [run_cell(cell) for cell in setup.cells([0], ["session", "told"])]
    (told,) = setup.cells([0], ["told"])
    assert create_run_cell(setup)(told) == outcomes[1]


def test_users_and_modes_make_other_rows(corpus):
    setup = {"train": corpus[0], "dev": corpus[1], "initial": 0.5, "steps": 1}
    setups = [
        FeedbackSetup(**setup),
        FeedbackSetup(**setup, user="mistaken"),
        FeedbackSetup(**setup, user="partial", known=("company",)),
        FeedbackSetup(**setup, mode="positives_only"),
        FeedbackSetup(**setup, doubt=0.2),
    ]
    keys = [[json.dumps(cell) for cell in x.cells([0])] for x in setups]
    sessions, told, everything = zip(*keys, strict=True)
    assert len(set(sessions)) == len(setups)
    assert len(set(told)) == len(set(everything)) == 1
    for x in setups[1:]:
        (cell, *_) = x.cells([0])
        assert create_run_cell(x)(cell)["curve"][-1]["texts"] == 8


def test_only_the_session_doubts_its_answers(corpus, tmp_path):
    plain, doubting = tmp_path / "plain.jsonl", tmp_path / "doubting.jsonl"
    assert simulate(corpus, "--output", plain).exit_code == 0
    found = simulate(corpus, "--doubt", 0.45, "--output", doubting)
    assert found.exit_code == 0, found.output
    (asked, *bounds), (doubted, *others) = rows_of(plain), rows_of(doubting)
    assert bounds == others
    assert asked["key"] != doubted["key"]
    assert doubted["learner"] == {**asked["learner"], "mistakes": 0.45}


def test_a_session_that_leaves_out_what_the_model_is_sure_of(corpus, tmp_path):
    """It asks about tokens, and who is told everything is told all of them."""
    every, fewer = tmp_path / "every.jsonl", tmp_path / "fewer.jsonl"
    assert simulate(corpus, "--unit", "token", "--output", every).exit_code == 0
    found = simulate(corpus, "--sure", 0.5, "--output", fewer)
    assert found.exit_code == 0, found.output
    (asked, *bounds), (left, *others) = rows_of(every), rows_of(fewer)
    assert bounds == others
    assert left["sure"] == 0.5 and left["learner"] == asked["learner"]
    n_every, n_left = (
        sum(point["questions"] for point in row["curve"]) for row in (asked, left)
    )
    assert 0 < n_left < n_every


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ({}, ["company", "event", None]),
        ({"user": "mistaken", "mistakes": 0.0}, ["company", "event", None]),
        ({"user": "partial", "known": ("company",)}, ["company", None, None]),
    ],
)
def test_the_user_that_is_named_answers(said, answers):
    user = user_of(FeedbackSetup(train=Path("a"), dev=Path("b"), **said))
    shown, rng = ("company", "event", "O"), default_rng(0)
    assert [user(shown, x, rng) for x in ("company", "event", "person")] == answers
    assert user(shown, "O", rng) == "O"


def test_a_mistaken_user_is_never_right_where_every_answer_is_a_mistake():
    user = user_of(
        FeedbackSetup(train=Path("a"), dev=Path("b"), user="mistaken", mistakes=1.0)
    )
    rng = default_rng(0)
    assert "A" not in {user(("A", "B"), "A", rng) for _ in range(20)}


def test_goes_on_from_a_trained_pipeline_and_imputes_by_one(corpus, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner", name="entities")
    docs = list(read_spacy(corpus[0], nlp.vocab))
    nlp.initialize(lambda: [Example(nlp.make_doc(x.text), x) for x in docs])
    nlp.to_disk(tmp_path / "model")
    setup = FeedbackSetup(
        train=corpus[0],
        dev=corpus[1],
        model=str(tmp_path / "model"),
        imputer=str(tmp_path / "model"),
        component="entities",
        mode="imputed_ruled_out",
        steps=0,
        max_texts=4,
    )
    (cell,) = setup.cells([0], ["session"])
    outcome = create_run_cell(setup)(cell)
    assert outcome["n_stream"] == 4
    gold = list(read_spacy(corpus[1], nlp.vocab))
    said = list(nlp.pipe([doc.text for doc in gold]))
    assert outcome["curve"][0]["f1"] == f1_of(said, gold, "ner")


def test_tags_are_learnt_where_they_are_what_is_annotated(tmp_path):
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["cats", "sleep"], pos=["NOUN", "VERB"])
    docs = empty_docbin()
    for _ in range(4):
        docs.add(doc)
    path = tmp_path / "tags.spacy"
    write_docbin(path, docs)
    setup = FeedbackSetup(train=path, dev=path, steps=1, initial=0.5)
    (cell,) = setup.cells([0], ["session"])
    outcome = create_run_cell(setup)(cell)
    assert outcome["layer"] == "pos"
    assert outcome["labels"] == ["NOUN", "VERB"]
    assert outcome["curve"][-1]["questions"] == 2 * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--known", "company"), '"partial"'),
        (("--user", "partial", "--known", "brand"), "no label 'brand'"),
        (("--unseen", "brand"), "no label 'brand'"),
        (("--unseen", "1.5"), "between 0 and 1"),
        (("--initial", "0.99"), "leaves none to ask about"),
        (("--initial", "0"), "between 0 and 1"),
        (("--user", "tired"), "perfect, mistaken, partial"),
        (("--doubt", "0.5"), "Less than half"),
        (("--mode", "imputed"), "imputer"),
        (("--component", "causal_tagger"), "no annotation for causal_tagger"),
        (("--component", "ner"), "gets causal_ner or causal_tagger, not 'ner'"),
        (("--model", "nowhere"), "no installed pipeline"),
        (("--unit", "word"), "Unknown unit 'word'"),
        (("--sure", 0), "What is sure lies above 0"),
        (("--sure", 0.9, "--unit", "mention"), "Only tokens are left out"),
    ],
)
def test_what_cannot_be_is_said(corpus, arguments, said):
    found = simulate(corpus, *arguments)
    assert found.exit_code == 1
    assert said in " ".join(found.output.split())


def test_all_classes_unseen(corpus):
    labels = {e.label_ for d in read_spacy(corpus[0], spacy.blank("en").vocab)
              for e in d.ents}  # fmt: skip
    found = simulate(corpus, "--unseen", ",".join(sorted(labels)))
    assert found.exit_code == 1
    assert "no label to begin" in " ".join(found.output.split())


def test_no_annotation(tmp_path, corpus):
    docs = empty_docbin()
    docs.add(Doc(spacy.blank("en").vocab, words=["a"]))
    path = tmp_path / "bare.spacy"
    write_docbin(path, docs)
    found = " ".join(simulate((path, corpus[1])).output.split())
    assert "bare.spacy has no annotation" in found
    found = " ".join(simulate((corpus[0], path)).output.split())
    assert "bare.spacy has no 'ner' annotation" in found


def test_a_user_says_what_is_no_mention_and_passes_over_what_cuts_one():
    rng = default_rng(0)
    assert or_no_mention(perfect_user, ["X", "Y"], "O", rng) == "O"
    assert or_no_mention(perfect_user, ["X", "Y"], "Z", rng) is None
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=list("abcde"), ents=["B-X", "I-X", "O", "O", "B-Y"])
    keep = passes_over([doc])

    def kept(start, end):
        return keep(Answer("0", start, end, ("X",), None, unit="mention"), rng)

    assert kept(0, 2) and kept(2, 4) and kept(4, 5)
    assert not kept(0, 1) and not kept(1, 3) and not kept(0, 5)


def test_the_curve_in_figures_and_words():
    def point(texts, f1, shown=0):
        counts = {"questions": 2 * texts, "counted": texts, "shown": shown}
        return {"texts": texts, **counts, "frequent": 0, "random": texts / 4,
                "f1": f1, "unseen_f1": None}  # fmt: skip

    rows = [
        {"arm": "session", "k": 3, "curve": [point(0, 0.5), point(4, 0.75, 3)]},
        {"arm": "all", "curve": [point(0, 0.875)]},
    ]
    before, after = learning_curve(rows)
    assert (before.share, before.from_k, after.share) == (0, [], 1)
    assert (after.questions, after.from_k) == ([8], [0.75])
    assert after.f1 == {"session": [0.75], "all": [0.875]}
    assert "told" not in " ".join(findings(rows))
    told = {"arm": "told", "curve": rows[0]["curve"]}
    assert "told the label at every question" in findings([*rows, told])[1]
    fewer = [{**rows[0], "sure": 0.9}, told]
    assert "told the label of every token" in findings(fewer)[1]
    first, *_, last = findings(rows)
    assert "8 questions about 4 texts" in first and "+25.0" in first
    assert "75.0 % had it" in last and "25.0 %" in last

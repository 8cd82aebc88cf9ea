"""What leaves a session, and how it is counted."""

import json

import numpy as np
import pytest
import spacy
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_causal.cli.export import export as export_command
from spacy_causal.corpus.bare import tokens_of
from spacy_causal.corpus.convert import convert_corpus
from spacy_causal.corpus.files import read_spacy
from spacy_causal.corpus.records import Options
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.server.answering import Given
from spacy_causal.server.beforehand import check_labelled
from spacy_causal.server.controller import Controller
from spacy_causal.server.export import export, read_answers
from spacy_causal.server.resuming import answered_labels
from spacy_causal.server.review import labels_of
from spacy_causal.server.stats import mode_stats, truths_of_gold
from spacy_causal.server.texts import layer_of, texts_of
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes
from spacy_causal.store.records import Record
from spacy_causal.targets.token_targets import get_targets

NLP = spacy.blank("en")


def said(text, start, end, chosen, session="", unit="mention", **more):
    doc = NLP(text)
    span = doc[start:end]
    place = {"start": span.start_char, "end": span.end_char}
    place |= {"token_start": start, "token_end": end - 1, "label": unit}
    task = {"text": text, "tokens": tokens_of(doc), "spans": [place], "options": []}
    task |= {"shown": ["PER", "LOC"], "unit": unit, "seed": 0, "round": 0}
    task |= {"mode": "K = 2", "seconds": 2.0, "_session_id": session, **more}
    task |= {"answer": "ignore" if chosen == "skip" else "accept"}
    task |= {"accept": [chosen] if chosen else []}
    return set_hashes(task, "choice")


ANNA = "Anna Li lives in Rome."
TASKS = [
    said(ANNA, 0, 2, "PER"),
    said(ANNA, 4, 5, None),
    said("Nobody spoke.", 0, 1, "O"),
    said("Skipped here.", 0, 1, "skip"),
    said("In Rome.", 1, 2, "LOC"),
]


def test_spans_of_mentions_and_tokens():
    mentions, none, rome = texts_of(TASKS)
    assert mentions.spans() == [(0, 7, "PER")]
    assert mentions.tags() == ["B-PER", "I-PER", "-", "-", "-", "-"]
    assert none.tags() == ["O", "-", "-"] and rome.spans() == [(3, 7, "LOC")]
    tokens = [said(ANNA, i, i + 1, x, unit="token") for i, x in
              enumerate(["PER", "PER", "O", "O", "LOC", "O"])]  # fmt: skip
    (text,) = texts_of(tokens)
    assert text.spans() == [(0, 7, "PER"), (17, 21, "LOC")]
    assert text.tags() == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


def test_mentions_side_by_side_stay_two():
    (text,) = texts_of([said(ANNA, 0, 1, "PER"), said(ANNA, 1, 2, "PER")])
    assert text.spans() == [(0, 4, "PER"), (5, 7, "PER")]
    assert text.tags()[:2] == ["B-PER", "B-PER"]


@pytest.mark.parametrize("format", ["doccano", "label-studio", "jsonl"])
def test_our_own_converter_reads_what_others_would(tmp_path, format):
    path = tmp_path / ("out.json" if format == "label-studio" else "out.jsonl")
    tasks = [task for task in TASKS if task["accept"] and task["answer"] == "accept"]
    assert export(tasks, path, format, None) > 0
    convert_corpus(path, tmp_path / "out.spacy", Options())
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(NLP.vocab))
    assert ANNA in [doc.text for doc in docs]
    if format != "jsonl":
        ents = {(ent.text, ent.label_) for doc in docs for ent in doc.ents}
        assert ents == {("Anna Li", "PER"), ("Rome", "LOC")}


def test_conll(tmp_path):
    export(TASKS, tmp_path / "out.conll", "conll", None)
    blocks = (tmp_path / "out.conll").read_text().split("\n\n")
    assert blocks[0].splitlines()[:3] == ["Anna\tB-PER", "Li\tI-PER", "lives\t-"]
    convert_corpus(tmp_path / "out.conll", tmp_path / "out.spacy", Options())
    first = next(read_spacy(tmp_path / "out.spacy", NLP.vocab))
    assert [ent.text for ent in first.ents] == ["Anna Li"]
    assert first[2].ent_iob == 0


def test_token_targets(tmp_path, model):
    path = tmp_path / "out.spacy"
    assert export(TASKS, path, "spacy", str(model)) == 3
    docs = list(read_spacy(path, NLP.vocab))
    targets = get_targets(docs[0], "ner")
    names = spacy.load(model).get_pipe("causal_ner").tag_set.names
    assert targets.labels == names
    assert targets.rows[0].tolist() == [float(x == "B-PER") for x in names]
    assert targets.rows[1].tolist() == [float(x == "L-PER") for x in names]
    assert not targets.rows[2].any()
    refused = [x[2:] in ("PER", "LOC") for x in names]
    assert np.isclose(targets.rows[4].sum(), 1)
    assert not targets.rows[4][refused].any()
    assert export(TASKS, path, "spacy", None) == 3
    alone = get_targets(next(read_spacy(path, NLP.vocab)), "ner")
    assert alone.rows[0].max() == 1 and not alone.rows[4].any()


WHOLE = [
    said(ANNA, 0, 2, "PER"),
    said(ANNA, 2, 3, "O"),
    said(ANNA, 3, 4, "O"),
    said(ANNA, 4, 5, "LOC"),
    said(ANNA, 5, 6, "O"),
]


@pytest.mark.parametrize("with_model", [True, False])
def test_what_is_certain_is_annotation_too(tmp_path, model, with_model):
    path = tmp_path / "out.spacy"
    export([*WHOLE, *TASKS[2:]], path, "spacy", str(model) if with_model else None)
    whole, nobody, rome = read_spacy(path, NLP.vocab)
    assert [(x.text, x.label_) for x in whole.ents] == [
        ("Anna Li", "PER"),
        ("Rome", "LOC"),
    ]
    assert [t.ent_iob_ for t in whole] == ["B", "I", "O", "O", "B", "O"]
    assert [t.ent_iob_ for t in nobody] == ["O", "", ""]
    assert [t.ent_iob_ for t in rome] == ["", "B", ""]
    predicted = [NLP.make_doc(doc.text) for doc in (whole, nobody, rome)]
    predicted[0].ents = [predicted[0].char_span(0, 7, "PER")]
    examples = [
        Example(*pair) for pair in zip(predicted, (whole, nobody, rome), strict=True)
    ]
    scores = get_ner_prf(examples)
    assert (scores["ents_p"], scores["ents_r"]) == (1.0, 1 / 3)


def test_what_the_model_was_sure_of_is_what_it_finds(tmp_path, model):
    """A guess is a target, and neither certain nor annotation; where the model is not
    as sure as it was to be, nothing is known."""
    path = tmp_path / "out.spacy"
    nlp = spacy.load(model)
    docs = [nlp.make_doc(task["text"]) for task in (TASKS[0], TASKS[2], TASKS[4])]
    own = probabilities_of(nlp, "causal_ner", docs)
    tag_set = nlp.get_pipe("causal_ner").tag_set
    types = [np.eye(4)[tag_set.types][:, t] for t in (0, 1, 2, 3)]
    best = np.concatenate([np.max([x @ t for t in types], axis=0) for x in own])
    sure = float(np.median(best))
    export(TASKS, path, "spacy", str(model))
    before = list(read_spacy(path, NLP.vocab))
    tasks = [{**task, "sure": sure} for task in TASKS]
    export(tasks, path, "spacy", str(model))
    filled = unknown = 0
    for doc, old, rows in zip(read_spacy(path, NLP.vocab), before, own, strict=True):
        assert [t.ent_iob_ for t in doc] == [t.ent_iob_ for t in old]
        told, targets = get_targets(old, "ner").rows, get_targets(doc, "ner")
        for i in range(len(doc)):
            if told[i].any():
                np.testing.assert_array_equal(targets.rows[i], told[i])
            elif max(rows[i] @ t for t in types) > sure:
                np.testing.assert_allclose(targets.rows[i], rows[i], atol=0.002)
                assert not targets.certain[i]
                filled += 1
            else:
                assert not targets.rows[i].any()
                unknown += 1
    assert filled and unknown
    export(tasks, path, "spacy", None)
    (doc, *_) = read_spacy(path, NLP.vocab)
    assert not get_targets(doc, "ner").rows[2].any()


@pytest.mark.parametrize("n_known, spans", [(2, []), (3, ["Anna Li"])])
def test_where_tokens_end_a_mention_the_next_one_tells(tmp_path, n_known, spans):
    chosen = ["PER", "PER", "O"][:n_known]
    tasks = [tagged(ANNA, i, label) for i, label in enumerate(chosen)]
    export(tasks, tmp_path / "out.spacy", "spacy", None)
    (doc,) = read_spacy(tmp_path / "out.spacy", NLP.vocab)
    assert [ent.text for ent in doc.ents] == spans


def tagged(text, i, chosen):
    return said(text, i, i + 1, chosen, unit="token")


def test_tags_are_no_entities(tmp_path):
    tasks = [tagged(ANNA, i, x) for i, x in enumerate(["PROPN", "PROPN", None])]
    (text,) = texts_of(tasks, "pos")
    assert text.tags() == ["PROPN", "PROPN", "-", "-", "-", "-"]
    assert text.spans() == [(0, 4, "PROPN"), (5, 7, "PROPN")]
    path = tmp_path / "out.spacy"
    export(tasks, path, "spacy", None, layer="pos")
    (doc,) = read_spacy(path, NLP.vocab)
    assert [t.pos_ for t in doc] == ["PROPN", "PROPN", "", "", "", ""]
    assert not doc.has_annotation("ENT_IOB")
    targets = get_targets(doc, "pos")
    assert (targets.scheme, targets.labels) == ("token", ("PROPN",))
    assert get_targets(doc, "ner") is None
    export(tasks, tmp_path / "out.conll", "conll", None, layer="pos")
    assert (tmp_path / "out.conll").read_text().startswith("Anna\tPROPN\nLi\tPROPN\n")


def test_a_tagger_may_have_a_label_o(tmp_path):
    tasks = [tagged(ANNA, i, x) for i, x in enumerate(["O", "VB", None])]
    (text,) = texts_of(tasks, "tag")
    assert text.tags() == ["O", "VB", "-", "-", "-", "-"]
    assert text.spans() == [(0, 4, "O"), (5, 7, "VB")]
    path = tmp_path / "out.spacy"
    export(tasks, path, "spacy", None, layer="tag")
    (doc,) = read_spacy(path, NLP.vocab)
    assert [t.tag_ for t in doc] == ["O", "VB", "", "", "", ""]
    assert get_targets(doc, "tag").labels == ("O", "VB")
    config = {"labels": ["VB"], "outside": None}
    assert labels_of(tasks, config) == ["VB", "O"]
    assert answered_labels(config, tasks)["labels"] == ["VB", "O"]


@pytest.mark.parametrize("layer", ["ner", "tag", "pos"])
def test_where_all_was_refused_nothing_is_known(tmp_path, layer):
    path = tmp_path / "out.spacy"
    assert export([tagged(ANNA, 0, None)], path, "spacy", None, layer=layer) == 1
    (doc,) = read_spacy(path, NLP.vocab)
    assert not get_targets(doc, layer).rows.any()
    assert not doc.has_annotation("ENT_IOB") and not doc.has_annotation("TAG")


def test_which_layer_a_session_asked_about():
    assert layer_of({}) == layer_of({"outside": "O"}) == "ner"
    assert layer_of({"outside": None}) == "tag"
    assert layer_of({"outside": None, "layer": "pos"}) == "pos"


def test_a_model_that_would_not_be_used(tmp_path, model):
    out = tmp_path / "out.spacy"
    with pytest.raises(ValueError, match="cannot hold guesses of a model"):
        export(TASKS, tmp_path / "out.conll", "conll", str(model))
    with pytest.raises(ValueError, match="none is given"):
        export(TASKS, out, "spacy", None, "causal_ner")
    with pytest.raises(ValueError, match="sets ner; the answers are of pos"):
        export(TASKS, out, "spacy", str(model), layer="pos")
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/a.db"
    with pytest.raises(SystemExit):
        export_command("one", tmp_path / "x.jsonl", db=url)
    assert not (tmp_path / "a.db").exists()
    database = Database(url)
    dataset = database.dataset("one")
    hidden = ("text", "tokens", "_input_hash", "_task_hash", "_session_id")
    for task in TASKS:
        content = {key: value for key, value in task.items() if key not in hidden}
        hashes = task["_input_hash"], task["_task_hash"]
        given = {hashes[0]: {"text": task["text"], "tokens": task["tokens"]}}
        dataset.append([Record("answer", "", *hashes, content)], given)
    dataset.append([Record("undo", content={"answer": 5})])
    dataset.close()
    database.close()
    export_command("one", tmp_path / "x.jsonl", format="jsonl", db=url)
    lines = (tmp_path / "x.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == TASKS[:4]
    with pytest.raises(SystemExit):
        export_command("two", tmp_path / "x.jsonl", db=url)
    assert "there is one" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        export_command("one", tmp_path / "x.jsonl", db="nowhere")
    assert "has to be like sqlite:///FILE" in capsys.readouterr().out


def test_a_text_cut_in_two_ways(tmp_path):
    """Coarse tokens first, then fine ones: each answer is about its own."""
    url, text = f"sqlite:///{tmp_path}/a.db", "Anna-Li lives in New-York."
    coarse = Doc(NLP.vocab, words=text.split(), spaces=[True] * 3 + [False])
    fine = NLP(text)
    places = [(coarse, 0, "PER"), (fine, len(fine) - 2, "LOC"), (coarse, 1, "O")]
    for i, (doc, at, label) in enumerate(places):
        task = said(text, 0, 1, None)
        span = {"start": doc[at].idx, "end": doc[at].idx + len(doc[at])}
        span |= {"token_start": at, "token_end": at, "label": "mention"}
        options = [{"id": label, "text": label}]
        task |= {"tokens": tokens_of(doc), "spans": [span], "options": options}
        for name in ("_task_hash", "answer", "accept"):
            del task[name]
        components = {"dataset": "one", "view_id": "choice", "stream": [task]}
        controller = Controller(components, Database(url))
        (asked,) = controller.questions("", 1, wait=5)
        assert asked["tokens"] == tokens_of(doc)
        given = Given(asked["_task_hash"], "accept", [label])
        assert controller.answer("", given) == "saved"
        assert ("tokens" in controller.ledger.last_of("").content) == (i == 1)
        controller.close()
    answers = read_answers("one", url)
    assert [x["tokens"] for x in answers] == [tokens_of(doc) for doc, *_ in places]
    first, second = texts_of(answers)
    assert first.words == tuple(text.split()) and first.tags() == [
        "B-PER",
        "O",
        "-",
        "-",
    ]
    assert second.spans() == [(fine[-2].idx, len(text) - 1, "LOC")]
    assert export(answers, tmp_path / "out.spacy", "spacy", None) == 2


def test_stats(tmp_path):
    doc = NLP(ANNA)
    doc.ents = [doc.char_span(0, 7, "PER"), doc.char_span(17, 21, "LOC")]
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "gold.spacy")
    bob = [{**task, "_session_id": "bob", "mode": "all labels"} for task in TASKS[:1]]
    truth = truths_of_gold(tmp_path / "gold.spacy")
    k, everything = mode_stats([*TASKS, *bob], truth)
    assert (k.mode, everything.mode) == ("K = 2", "all labels")
    assert (k.sentences, k.answers, k.skipped, k.none) == (4, 4, 1, 1)
    assert k.seconds_an_answer == 2 and k.seconds_a_sentence == 2.5
    # Rome is LOC, which was shown: "none of these" was wrong of it.
    assert k.answers_right == 0.5 and k.sentences_right == 0
    assert everything.answers_right == everything.sentences_right == 1
    assert mode_stats(TASKS)[0].answers_right is None


def test_where_gold_says_nothing_nothing_is_right_or_wrong(tmp_path):
    doc = NLP(ANNA)
    rome = doc.char_span(17, 21, "LOC")
    doc.set_ents([rome], missing=[doc[:2]], default="outside")
    path = tmp_path / "gold.spacy"
    DocBin(docs=[doc]).to_disk(path)
    truth = truths_of_gold(path)
    asked = [(0, 2), (2, 3), (1, 3), (4, 5), (3, 5)]
    found = [truth(said(ANNA, *at, "PER")) for at in asked]
    assert found == [None, "O", None, "LOC", "O"]
    assert truth(said("Another text.", 0, 1, "PER")) is None
    token = [truth(said(ANNA, i, i + 1, "PER", unit="token")) for i in range(6)]
    assert token == [None, None, "O", "O", "LOC", "O"]


def test_truth_of_tags(tmp_path):
    doc = NLP(ANNA)
    doc[0].pos_, doc[2].pos_ = "PROPN", "VERB"
    path = tmp_path / "gold.spacy"
    DocBin(docs=[doc]).to_disk(path)
    truth = truths_of_gold(path, "pos")
    assert [truth(tagged(ANNA, i, "X")) for i in range(3)] == ["PROPN", None, "VERB"]
    with pytest.raises(ValueError, match="annotated with ner"):
        truths_of_gold(path)


def test_a_file_of_targets_alone_is_nothing_to_score_on(tmp_path):
    doc, path = NLP(ANNA), tmp_path / "dev.spacy"
    DocBin(docs=[doc]).to_disk(path)
    check_labelled(path, None)
    with pytest.raises(ValueError, match="nothing to score on"):
        check_labelled(None, path)
    doc.set_ents([], default="outside")
    DocBin(docs=[doc]).to_disk(path)
    check_labelled(None, path)

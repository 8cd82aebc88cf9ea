"""CFGen's protocol on a toy corpus: batches, checkpoints, scores, the runner."""

import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam

from spacy_causal.augment.bank import collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.provenance import get_provenance, source_id
from spacy_causal.effects.forms import seen_forms
from spacy_causal.experiments.cfgen_scores import full_scores, relaxed_f1
from spacy_causal.experiments.cfgen_training import (
    Mix,
    batches_of,
    set_weights,
    steps_of,
    train_watched,
    weights_of,
)

RUNNER = Path(__file__).parents[2] / "benchmarks" / "cfgen.py"
CITIES = ["Paris", "Berlin", "Rome", "Oslo", "Cairo", "Lima"]
NAMES = ["Anna", "Omar", "Ines", "Paul", "Mina", "Hugo"]


def sentence(vocab, name, city):
    doc = Doc(vocab, words=[name, "lives", "in", city, "."])
    doc.ents = [doc.char_span(0, len(name), "PER"), spacy.tokens.Span(doc, 3, 4, "LOC")]
    return doc


@pytest.fixture
def clean(nlp):
    pairs = zip(NAMES, CITIES, strict=True)
    docs = [sentence(nlp.vocab, name, city) for name, city in pairs]
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs]


@pytest.fixture
def swapped(nlp, clean):
    bank = collect_entities(example.reference for example in clean)
    attempts = counterfactuals(
        nlp, clean, bank, SwapSettings(per_example=2), np.random.default_rng(0)
    )
    return [a.example for a in attempts if a.example is not None and a.verdict.kept]


def kinds(batch):
    return Counter(get_provenance(e.reference) is not None for e in batch)


def test_mixed_passes_have_every_example_once(clean, swapped):
    steps = steps_of(1, len(clean), len(swapped), Mix(), 4)
    batches = list(islice(batches_of(clean, swapped, Mix(), 4, 0), steps))
    seen = [id(example) for batch in batches for example in batch]
    assert sorted(seen) == sorted(id(e) for e in [*clean, *swapped])


def test_share_of_each_batch_is_swapped(clean, swapped):
    mix = Mix("share", 0.25)
    for batch in islice(batches_of(clean, swapped, mix, 4, 0), 6):
        assert kinds(batch)[True] == 1
    assert steps_of(2, 6, len(swapped), mix, 4) == 4


def test_replaced_sentences_give_way_to_their_own_swaps(clean, swapped):
    sources = Counter[str]()
    for batch in islice(batches_of(clean, swapped, Mix("replace", 1.0), 6, 0), 5):
        assert kinds(batch) == {True: 6}
        sources.update(get_provenance(e.reference)["source"] for e in batch)
    assert sources == {source_id(e.reference): 5 for e in clean}
    never = batches_of(clean, swapped, Mix("replace", 0.0), 6, 0)
    assert kinds(next(never)) == {False: 6}


def test_clean_text_comes_last(clean, swapped):
    mix = Mix("clean_last", 1)
    first = -(-len(swapped) // 4)
    batches = list(islice(batches_of(clean, swapped, mix, 4, 0), first + 4))
    assert [set(kinds(batch)) for batch in batches[:first]] == [{True}] * first
    assert [set(kinds(batch)) for batch in batches[first:]] == [{False}] * 4
    assert steps_of(2, len(clean), len(swapped), mix, 4) == 4 + first


@pytest.mark.parametrize("order", ["mixed", "share", "replace", "clean_last"])
def test_same_seed_same_batches_and_none_without_swaps(clean, swapped, order):
    mix = Mix(order, 0.5)
    runs = [
        [
            [e.text for e in batch]
            for batch in islice(batches_of(clean, swapped, mix, 4, seed), 8)
        ]
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]
    bare = list(islice(batches_of(clean, [], mix, 4, 1), 2))
    assert kinds([e for batch in bare for e in batch]) == {False: 6}
    assert steps_of(3, 6, 0, mix, 4) == 6


@pytest.fixture
def tagger(clean):
    nlp = spacy.blank("en", vocab=clean[0].reference.vocab)
    linear = {"@architectures": "spacy-causal.LinearTagger.v1"}
    cnn = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 16,
        "depth": 1,
        "embed_size": 200,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
    }
    nlp.add_pipe("causal_ner", config={"model": linear | {"tok2vec": cnn}})
    spacy.util.fix_random_seed(0)
    nlp.initialize(lambda: clean)
    return nlp


def test_weights_are_kept_at_the_fixed_steps_and_at_the_best(tagger, clean):
    said = iter([0.2, 0.6, 0.1, 0.3, 0.5])
    at = {}

    def watch(nlp):
        at[len(at)] = weights_of(nlp)
        return next(said)

    run = train_watched(
        tagger,
        batches_of(clean, [], Mix(), 3, 0),
        sgd=Adam(0.01),
        fixed=3,
        watch=watch,
        every=2,
        patience=4,
        limit=100,
    )
    assert run.curve == [(2, 0.2), (4, 0.6), (6, 0.1), (8, 0.3)]
    assert (run.fixed.step, run.best.step) == (3, 4)
    assert run.best.weights == at[1] != run.fixed.weights
    assert weights_of(set_weights(tagger, run.fixed.weights)) == run.fixed.weights


def test_fixed_steps_are_made_whatever_the_patience(tagger, clean):
    batches = batches_of(clean, [], Mix(), 3, 0)
    options = {"sgd": Adam(0.01), "fixed": 9, "every": 1, "patience": 1, "limit": 2}
    run = train_watched(tagger, batches, watch=lambda nlp: 0.5, **options)
    assert (run.fixed.step, run.best.step, len(run.curve)) == (9, 1, 2)
    unwatched = train_watched(tagger, batches, **options)
    assert (unwatched.fixed.step, unwatched.best) == (9, None)


def test_a_trained_tagger_is_scored_every_way(tagger, clean):
    batches = batches_of(clean, [], Mix(), 6, 0)
    train_watched(tagger, batches, sgd=Adam(0.02), fixed=40)
    docs = [example.reference for example in clean]
    scores = full_scores(tagger, docs, seen_forms(docs[:3]), batch_size=4)
    assert scores["relaxed"] == scores["strict"] == scores["token"] == 1.0
    assert relaxed_f1(tagger, docs) == 1.0
    assert (scores["seen"], scores["unseen"]) == (1.0, 1.0)
    assert (scores["n_seen"], scores["n_unseen"]) == (6, 6)
    assert scores["per_type"] == {
        label: {"relaxed": 1.0, "strict": 1.0} for label in ("LOC", "PER")
    }
    for level in ("entity", "token"):
        parts = (scores[f"ace_{x}_{level}"] for x in "ce")
        assert scores[f"ri_{level}"] == pytest.approx(np.subtract(*parts))
        assert -1 <= scores[f"ace_e_{level}"] <= 0


def test_what_was_not_predicted_nor_there_is_none(nlp):
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Rome"}])
    empty = Doc(nlp.vocab, words=["Nobody", "spoke"])
    empty.set_ents([], default="outside")
    both = [sentence(nlp.vocab, "Anna", "Rome"), empty]
    scores = full_scores(nlp, both, {"Rome"})
    assert scores["n_seen"] == scores["n_unseen"] == 1
    # Found is one of two.
    assert scores["relaxed"] == pytest.approx(2 / 3, abs=1e-4)
    assert (scores["seen"], scores["unseen"]) == (1, 0)
    unseen = full_scores(nlp, both, {"x"})
    assert (unseen["n_seen"], unseen["seen"], unseen["n_unseen"]) == (0, None, 2)
    nothing = full_scores(nlp, [empty], {"Rome"})
    counts = {"n_seen": 0, "n_unseen": 0, "per_type": {}}
    assert nothing == dict.fromkeys(scores) | counts
    assert relaxed_f1(nlp, [empty]) == 0


def run_cfgen(folder, *options):
    command = [sys.executable, str(RUNNER), "--rows", str(folder / "rows.jsonl")]
    environment = os.environ | {"SPACY_CAUSAL_CORPORA": str(folder)}
    return subprocess.run(
        [*command, *options], capture_output=True, text=True, env=environment
    )


def write_cner(folder, n):
    (folder / "ccks2019").mkdir()
    lines = []
    for i in range(n):
        name = "胃癌" if i % 2 else "肺炎"
        text = f"患者 诊断为{name}，入院{i}天。"
        entity = {"start_pos": 6, "end_pos": 8, "label_type": "疾病和诊断"}
        other = entity | {"start_pos": 0, "end_pos": 2, "label_type": "解剖部位"}
        lines.append(json.dumps({"originalText": text, "entities": [entity, other]}))
    path = folder / "ccks2019" / "subtask1_training_part1.txt"
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


@pytest.mark.slow
def test_the_runner_on_a_toy_cner_goes_on_where_it_was(tmp_path):
    write_cner(tmp_path, 60)
    options = ["--data", "cner", "--encoder", "cnn", "--sizes", "32", "--seeds", "0"]
    first = run_cfgen(tmp_path, *options, "--methods", "NoAug;Aug")
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) == 2
    arms = "NoAug;Aug;NoAug, as many steps"
    second = run_cfgen(tmp_path, *options, "--methods", arms)
    assert [line.split()[3:5] for line in second.stdout.splitlines()] == [
        ["NoAug,", "as"]
    ]
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["method"] for row in rows] == ["NoAug", "Aug", "NoAug, as many steps"]
    assert list(rows[0]["best"]["per_type"]) == ["disease"]
    assert rows[1]["fixed_step"] == rows[2]["fixed_step"] > rows[0]["fixed_step"]
    shown = run_cfgen(tmp_path, "--table")
    assert "CNER, cnn" in shown.stdout
    assert "paper, LSTM: Aug" in shown.stdout


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(RUNNER.parent))
    cfgen_data = importlib.import_module("cfgen_data")
    monkeypatch.setattr(cfgen_data, "CORPORA", tmp_path)
    return cfgen_data


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cner", "CCKS-2019"),
        ("idiag", "private"),
        ("nonesuch", "one of cluener"),
        ("cluener", "There is no"),
    ],
)
def test_a_corpus_that_is_not_there_is_explained(data, name, reason):
    with pytest.raises(ValueError, match=reason):
        data.load(name, "test")


def test_cner_is_cut_in_tenths_by_character(data, tmp_path):
    write_cner(tmp_path, 60)
    corpus = data.load("cner", "test")
    assert corpus.labels == ["disease"]
    assert (len(corpus.pool), len(corpus.watched), len(corpus.scored)) == (50, 2, 5)
    texts = {doc.text for doc in (*corpus.pool, *corpus.watched, *corpus.scored)}
    drawn, others = corpus.draw(8, seed=1)
    assert len(texts) == len(corpus.pool) + len(corpus.watched) + len(corpus.scored)
    assert {ent.text for doc in drawn for ent in doc.ents} == {"胃癌", "肺炎"}
    assert [doc.text for doc in drawn] == [d.text for d in corpus.draw(20, 1)[0][:8]]
    assert len(others) == len(corpus.pool) - 8


def test_a_record_that_is_none_is_named(data, tmp_path):
    path = write_cner(tmp_path, 3)
    path.write_text(path.read_text(encoding="utf-8-sig") + '\n{"text": 1}')
    with pytest.raises(ValueError, match=r"part1\.txt:4: no record of CNER"):
        data.load("cner", "test")

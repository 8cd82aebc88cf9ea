"""Swaps are drawn, aligned and screened; each says what became of it."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
import spacy
from named_texts import NAMES, doc_of, docs_of, knowing, missing
from numpy.random import default_rng
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_causal.augment.bank import collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import (
    ScoredEntities,
    create_discriminator,
    discriminate,
)
from spacy_causal.augment.outside import find_entities
from spacy_causal.augment.provenance import get_provenance, swaps_of
from spacy_causal.types import Verdict


@pytest.fixture
def sources(nlp):
    return [Example(nlp.make_doc(d.text), d) for d in docs_of(nlp)]


@pytest.fixture
def bank(nlp):
    return collect_entities(docs_of(nlp))


def run(nlp, sources, bank, screen=None, seed=0, **settings):
    options = SwapSettings(**settings)
    return list(
        counterfactuals(nlp, sources, bank, options, default_rng(seed), screen=screen)
    )


def reasons(attempts):
    return Counter(attempt.verdict.reason for attempt in attempts)


def kept_texts(attempts):
    return [a.example.reference.text for a in attempts if a.verdict.kept]


def test_swaps_are_different_and_of_the_type(nlp, sources, bank):
    attempts = run(nlp, sources, bank, per_example=3)
    texts = kept_texts(attempts)
    assert len(set(texts)) == len(texts)
    for attempt in attempts:
        if attempt.example is not None:
            (swap,) = swaps_of(attempt.example.reference)
            assert NAMES[swap.text] == NAMES[swap.donor] == swap.label
            assert swap.text != swap.donor


def test_all_entities_of_a_text(nlp, sources, bank):
    for attempt in run(nlp, sources, bank, all_entities=True):
        if attempt.example is not None:
            new = attempt.example.reference
            usable = [e for e in attempt.source.reference.ents if e.label_ != "ORG"]
            assert len(swaps_of(new)) == len(usable)


def test_what_has_no_other_entity_of_its_type_is_said_once(nlp, sources, bank):
    attempts = run(nlp, sources, bank, per_example=5)
    assert reasons(attempts)["no other entity of the type"] == 1


def test_a_swap_that_would_not_align_is_drawn_again(nlp, sources, bank):
    rome = [sources[1]]
    attempts = run(nlp, rome, bank, per_example=9)
    assert reasons(attempts)["would not align"] >= 1
    assert "Bo Li left U.K.." not in kept_texts(attempts)
    assert any("Oslo" in text for text in kept_texts(attempts))


def test_missing_labels_stay_missing(nlp, bank):
    doc = missing(doc_of(nlp, TEXT), 3, 4)
    (attempt,) = run(nlp, [Example(nlp.make_doc(TEXT), doc)], bank)
    new = attempt.example.reference
    assert [t.ent_iob for t in new if t.text == "in"] == [0]


TEXT = "We met Ada in Oslo"


def serialised(attempts):
    docs = [a.example.reference for a in attempts if a.example is not None]
    return [doc.to_bytes() for doc in docs], [a.verdict for a in attempts]


@pytest.mark.parametrize(
    "options", [{}, {"all_entities": True}, {"balance": True}, {"compatible": True}]
)
def test_same_seed_same_bytes(nlp, sources, bank, options):
    runs = [
        serialised(run(nlp, sources, bank, per_example=2, seed=s, **options))
        for s in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2] or options == {"compatible": True}


def test_balance_prefers_rare_types(nlp):
    texts = ["Ada met Cy", "Ada saw Cy", "Cy met Ada", "Cy saw Ada"] * 10 + [
        "Cy in Oslo",
        "Ada in Rome",
    ]
    docs = [doc_of(nlp, text) for text in texts]
    examples = [Example(nlp.make_doc(d.text), d) for d in docs]
    swapped = {
        balance: Counter(
            swaps_of(a.example.reference)[0].label
            for a in run(nlp, examples, collect_entities(docs), balance=balance)
        )
        for balance in (False, True)
    }
    share = {b: counts["LOC"] / counts.total() for b, counts in swapped.items()}
    assert share[True] > share[False]


VERDICTS = [
    ({"Zed": "PER"}, "not found"),
    ({"Bo": "PER", "Li left": "PER"}, "wrong span"),
    ({"Bo Li": "ORG"}, "wrong type"),
    ({"Bo Li": "PER"}, "kept"),
]


@pytest.mark.parametrize(("patterns", "reason"), VERDICTS)
def test_the_discriminator_says_why(nlp, patterns, reason):
    ada = Example(nlp.make_doc("Ada left"), doc_of(nlp, "Ada left"))
    bank = collect_entities([doc_of(nlp, "Ada left"), doc_of(nlp, "Bo Li left")])
    judge = knowing(patterns)
    attempts = run(nlp, [ada], bank, screen=lambda docs: discriminate(docs, nlp=judge))
    assert [a.verdict for a in attempts] == [Verdict(reason == "kept", reason)]


def test_all_swapped_entities_have_to_be_found(nlp, sources, bank):
    judge = knowing({name: x for name, x in NAMES.items() if x == "PER"})
    attempts = run(
        nlp,
        sources[:1],
        bank,
        all_entities=True,
        screen=lambda d: discriminate(d, nlp=judge),
    )
    assert reasons(attempts) == {"not found": 1}


def test_it_reads_in_batches(nlp, sources, bank, tmp_path, monkeypatch):
    knowing(NAMES).to_disk(tmp_path / "model")
    calls = []
    pipe = spacy.language.Language.pipe
    monkeypatch.setattr(
        spacy.language.Language,
        "pipe",
        lambda self, texts, **kw: (
            calls.append(kw.get("batch_size")) or pipe(self, texts, **kw)
        ),
    )
    attempts = run(nlp, sources, bank, screen=create_discriminator(tmp_path / "model"))
    assert reasons(attempts)["kept"] == 4 and calls.count(256) == 1


def test_texts_without_spaces_are_read_in_their_own_tokens():
    nlp = spacy.blank("zh")
    docs = []
    for text, name in [("我爱北京", "北京"), ("他在上海市", "上海市")]:
        tags = ["O"] * len(text)
        at = text.index(name)
        tags[at : at + len(name)] = ["B-LOC"] + ["I-LOC"] * (len(name) - 1)
        docs.append(
            Doc(nlp.vocab, words=list(text), spaces=[False] * len(text), ents=tags)
        )
    examples = [Example(nlp.make_doc(d.text), d) for d in docs]
    attempts = run(nlp, examples, collect_entities(docs))
    assert kept_texts(attempts) == ["我爱上海市", "他在北京"]
    for attempt in attempts:
        tokens = [t.text for t in attempt.example.reference]
        assert tokens == list(attempt.example.reference.text)
        assert tokens == [t.text for t in attempt.example.predicted]


def test_gold_tokens_stay_gold_tokens(nlp, bank):
    doc = Doc(nlp.vocab, words=["Ada's", "x-ray"], spaces=[True, False])
    doc.set_ents([doc.char_span(0, 5, "PER")], default="outside")
    gold = Doc(nlp.vocab, words=["Ada's", "x-ray"], spaces=[True, False])
    (attempt,) = run(nlp, [Example(gold, doc)], bank)
    new = attempt.example
    assert [t.text for t in new.predicted] == [t.text for t in new.reference]
    (attempt,) = run(nlp, [Example(nlp.make_doc(doc.text), doc)], bank)
    assert [t.text for t in attempt.example.predicted][-3:] == ["x", "-", "ray"]


@pytest.fixture
def trained(nlp, sources):
    pipe = nlp.add_pipe("causal_ner")
    optimizer = nlp.initialize(lambda: sources)
    for _ in range(30):
        nlp.update(sources, sgd=optimizer)
    assert pipe.labels == ("LOC", "ORG", "PER")
    return nlp


def test_the_score_is_the_least_probable_token(trained, sources, bank):
    attempts = run(
        trained, sources, bank, screen=lambda d: discriminate(d, nlp=trained)
    )
    kept = [a for a in attempts if a.verdict.kept]
    assert kept
    for attempt in kept:
        doc = attempt.example.reference
        score = get_provenance(doc)["score"]
        pipe = trained.get_pipe("causal_ner")
        logits = pipe.predict([trained.make_doc(doc.text)]).logits.astype(float)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        (swap,) = swaps_of(doc)
        bears = [name.endswith("-" + swap.label) for name in pipe.tag_set.names]
        assert score == pytest.approx(
            p[swap.start : swap.end, bears].sum(axis=1).min(), rel=1e-4
        )
        assert attempt.verdict.score == score


def test_bounds_on_the_score(trained, sources, bank):
    free, low, high = (
        reasons(
            run(
                trained,
                sources,
                bank,
                screen=lambda d, b=b: discriminate(d, nlp=trained, bounds=b),
            )
        )
        for b in [(0.0, 1.0), (1.0, 1.0), (0.0, 1e-9)]
    )
    assert low["score too low"] == high["score too high"] == free["kept"] > 0


def test_bounds_take_a_model_with_scores(tmp_path):
    with pytest.raises(ValueError, match="causal_ner"):
        discriminate([], nlp=knowing(NAMES), bounds=(0.5, 1.0))
    with pytest.raises(ValueError, match="No score"):
        create_discriminator(tmp_path, min_score=0.9, max_score=0.1)


def test_bounds_take_tokens_that_stay_as_they_were_scored(
    trained, sources, bank, monkeypatch
):
    # What a Doc that was merged or cut since gives.
    pipe = trained.get_pipe("causal_ner")
    monkeypatch.setattr(pipe, "take_scores", lambda reader, docs: None)

    def screened(bounds):
        screen = partial(discriminate, nlp=trained, bounds=bounds)
        return reasons(run(trained, sources, bank, screen=screen))

    assert screened((0.0, 1.0))["kept"] > 0
    with pytest.raises(ValueError, match="changes the tokens that it scored"):
        screened((0.1, 1.0))


def test_scores_of_a_pipeline_without_any_are_none(nlp):
    judge = knowing(NAMES)
    assert ScoredEntities(judge)(judge("Ada").ents) is None


def test_donors_from_unlabelled_text(nlp):
    judge = knowing({"Zoe Day": "PER"})
    unlabelled = [nlp.make_doc("Zoe Day sang"), nlp.make_doc("then Zoe Day left")]
    (donor,) = find_entities(judge, unlabelled).donors["PER"]
    assert (donor.words, donor.seen) == (("Zoe", "Day"), 2)


def test_only_confident_predictions_are_donors(trained):
    unlabelled = docs_of(trained) * 2
    everything = find_entities(trained, unlabelled, min_score=0.0)
    certain = find_entities(trained, unlabelled, min_score=1.0)
    found = [sum(map(len, bank.donors.values())) for bank in (everything, certain)]
    assert found[0] > found[1]
    with pytest.raises(ValueError, match=r"between 1\.1 and"):
        find_entities(trained, unlabelled, min_score=1.1)


def test_no_entities_no_swaps(nlp, bank):
    doc = doc_of(nlp, "Nobody came")
    assert run(nlp, [Example(nlp.make_doc(doc.text), doc)], bank, balance=True) == []
    empty = Doc(nlp.vocab)
    assert run(nlp, [Example(empty, Doc(nlp.vocab))], bank) == []
    with pytest.raises(ValueError, match="per_example"):
        SwapSettings(0)


def test_a_file_keeps_what_was_generated(nlp, sources, bank):
    docs = [a.example.reference for a in run(nlp, sources, bank) if a.verdict.kept]
    read = list(DocBin(store_user_data=True, docs=docs).get_docs(nlp.vocab))
    assert [swaps_of(d) for d in read] == [swaps_of(d) for d in docs]

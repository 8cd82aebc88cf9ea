"""What `candidate_scorer` asks about, and what a Doc carries of it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from shown_candidates import TEXTS, asked, assert_the_same
from spacy.tokens import Doc, DocBin

from spacy_causal.display.record import KEY
from spacy_causal.types import NONE_OF_THESE

SETTINGS = {
    "mentions": ("causal_ner", {}),
    "modulated": ("causal_ner", {"modulation": "rescaled"}),
    "tokens": ("causal_ner", {"unit": "token", "modulation": "printed", "k": 2}),
    "unsure": ("causal_ner", {"sure": 0.9, "k": 2}),
    "tagger": ("causal_tagger", {"modulation": "positive", "propensities": True}),
    "spread": ("causal_ner", {"modulation": "spread", "propensities": True}),
    "exploring": ("causal_ner", {"explore": 0.5, "propensities": True, "k": 2}),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_stream_is_its_documents_one_by_one(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    one_by_one = [nlp(text) for text in TEXTS]
    assert any(asked(doc) for doc in one_by_one)
    assert_the_same(nlp.pipe(TEXTS), one_by_one)
    assert_the_same(nlp.pipe(TEXTS, batch_size=2), one_by_one)
    backwards = list(nlp.pipe(TEXTS[::-1]))[::-1]
    assert_the_same(backwards, one_by_one)


def test_two_processes(trained):
    nlp = trained(propensities=True, k=2)
    texts = TEXTS * 2
    assert_the_same(nlp.pipe(texts, n_process=2, batch_size=3), map(nlp, texts))


@pytest.mark.parametrize("case", SETTINGS)
def test_same_seed_same_bytes(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    first, second = ([d.to_bytes() for d in nlp.pipe(TEXTS)] for _ in range(2))
    assert first == second


def test_another_round_and_another_seed_ask_something_else(trained):
    nlp = trained(k=2, modulation="fixed", size=3.0)
    scorer = nlp.get_pipe("candidate_scorer")

    def all_asked():
        return [asked(doc) for doc in nlp.pipe(TEXTS)]

    first = all_asked()
    scorer.round = 1
    second = all_asked()
    scorer.round, scorer.seed = 0, 5
    third = all_asked()
    assert first != second
    assert first != third
    assert second != third
    scorer.seed = 0
    assert all_asked() == first


def test_mentions_are_what_the_labeller_predicts_and_near_misses(trained):
    nlp = trained(near_miss=2.0)
    for doc in nlp.pipe(TEXTS):
        spans = [(c.start, c.end) for c in doc._.candidates]
        assert spans == [(ent.start, ent.end) for ent in doc.ents]


def test_without_noise_the_model_s_best_come_first(trained):
    nlp = trained(modulation="none", propensities=True)
    doc = nlp(TEXTS[0])
    by_span = {(c.start, c.end): c for c in doc._.candidates}
    for ent in doc.ents:
        assert by_span[ent.start, ent.end].labels[0] == ent.label_
    for shown in doc._.candidates:
        np.testing.assert_array_equal(shown.scores, shown.display)
        assert (np.diff(shown.scores) <= 0).all()
        assert shown.propensities.tolist() == [1, 1, 1]


def test_labels_shown_by_chance(trained):
    """Beside the best, each of the others as often, and at the same places again."""
    nlp = trained(unit="token", k=2, explore=1.0, propensities=True)
    docs = list(nlp.pipe(f"Anna met Brown {i} times" for i in range(60)))
    found = [shown for doc in docs for shown in doc._.candidates]
    assert len(found) == 300
    seconds = Counter((x.labels[0], x.labels[1]) for x in found)
    groups = [
        [n for (best, _), n in seconds.items() if best == first]
        for first in {first for first, _ in seconds}
    ]
    # A label that is the best at a few places only says nothing about chance.
    often = [counts for counts in groups if sum(counts) >= 60]
    assert often
    for counts in often:
        assert len(counts) == 3 and max(counts) < 2 * min(counts)
    for shown in found:
        assert shown.scores[0] == max(shown.scores)
        np.testing.assert_allclose(shown.propensities, [1, 1 / 3])
    again = [asked(doc) for doc in nlp.pipe(doc.text for doc in docs)]
    assert again == [asked(doc) for doc in docs]


def test_tokens_of_a_labeller_of_spans_may_be_outside(trained):
    nlp = trained(unit="token", k=9, modulation="none")
    doc = nlp(TEXTS[0])
    assert [c.start for c in doc._.candidates] == list(range(len(doc)))
    for shown in doc._.candidates:
        assert set(shown.labels) == {"O", "LOC", "ORG", "PER"}
        assert shown.scores.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("labeller", ["causal_ner", "causal_tagger"])
def test_what_the_model_is_surer_of_is_not_asked_about(trained, labeller):
    nlp = trained(labeller, unit="token", propensities=True)
    scorer = nlp.get_pipe("candidate_scorer")
    every = [list(doc._.candidates) for doc in nlp.pipe(TEXTS)]
    best = sorted(shown.scores[0] for each in every for shown in each)
    sure = float(best[len(best) // 2])
    scorer.display = replace(scorer.display, unit=None, sure=sure)
    fewer = [[asked_as(shown) for shown in doc._.candidates] for doc in nlp.pipe(TEXTS)]
    left = [[asked_as(x) for x in each if x.scores[0] <= sure] for each in every]
    assert fewer == left
    assert 0 < sum(map(len, left)) < sum(map(len, every))


def asked_as(shown):
    return shown.start, shown.labels, shown.scores.tolist(), shown.propensities.tolist()


def test_fewer_labels_than_k_and_none_of_these(trained):
    nlp = trained(k=7)
    for shown in nlp(TEXTS[0])._.candidates:
        assert len(shown.labels) == len(shown.scores) == 3
        assert shown.options == (*shown.labels, NONE_OF_THESE)
        assert shown.propensities is None


def test_a_labeller_without_labels_has_nothing_to_ask(nlp):
    nlp.add_pipe("causal_ner")
    nlp.add_pipe("candidate_scorer")
    with pytest.warns(UserWarning, match="found no labels"):
        nlp.initialize()
    assert nlp("Anna spoke")._.candidates == []


@pytest.mark.parametrize("case", SETTINGS)
def test_candidates_survive_bytes_and_doc_bins(trained, case):
    nlp = trained(SETTINGS[case][0], **SETTINGS[case][1])
    docs = list(nlp.pipe(TEXTS))
    from_bytes = [Doc(nlp.vocab).from_bytes(doc.to_bytes()) for doc in docs]
    packed = DocBin(docs=docs, store_user_data=True).to_bytes()
    from_bin = list(DocBin().from_bytes(packed).get_docs(nlp.vocab))
    for others in (from_bytes, from_bin, [doc.copy() for doc in docs]):
        assert_the_same(docs, others)
        for doc, other in zip(docs, others, strict=True):
            for one, two in zip(doc._.candidates, other._.candidates, strict=True):
                np.testing.assert_array_equal(one.propensities, two.propensities)


def test_what_a_doc_carries_is_small_and_plain(trained):
    doc = trained()(TEXTS[0])
    record = doc.user_data[KEY]
    kinds = {type(value) for value in record.values()}
    assert kinds <= {list, int, float, str, np.ndarray}
    assert len(doc.user_data) == 1
    rows = {len(v) for v in record.values() if isinstance(v, np.ndarray)}
    assert rows == {len(doc._.candidates)}


def test_a_doc_that_was_cut_says_so(trained):
    doc = trained()(TEXTS[0])
    cut = doc[2:5].as_doc(copy_user_data=True)
    with pytest.raises(ValueError, match="A Doc of 3 tokens carries candidates for 9"):
        cut._.candidates  # noqa: B018


def test_a_doc_without_candidates(nlp, trained):
    assert trained().make_doc("Anna")._.candidates == []

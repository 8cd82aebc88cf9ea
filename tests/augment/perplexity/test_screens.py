"""Every registered perplexity screen, by one contract; the causal model by loops."""

import json

import numpy as np
import pytest
import spacy
from spacy.util import registry

from spacy_causal.augment.perplexity.causal_lm import CausalLM, cut
from spacy_causal.augment.perplexity.kneser_ney import KneserNey
from spacy_causal.augment.perplexity.ngram import NgramModels
from spacy_causal.augment.perplexity.screen import percentile_bounds, perplexity, within
from spacy_causal.augment.provenance import source_id
from spacy_causal.augment.seqmix.provenance import set_mix

CONTEXT = 12
TEXTS = [
    "a cat sat on the mat",
    "the cat sat",
    "a dog sat on the cat",
    "the dog ran to the mat",
    "the mat",
    "a dog and a cat ran",
]
ODD = "mat to and on the a sat ran"


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory):
    """A folder with a tiny GPT-2 of random weights that reads letter by letter."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("gpt2")
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

    letters = [*bytes_to_unicode().values(), "<|endoftext|>"]
    (folder / "vocab.json").write_text(
        json.dumps({letter: i for i, letter in enumerate(letters)})
    )
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.GPT2TokenizerFast(
        vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt")
    )
    tokenizer.save_pretrained(folder)
    config = transformers.GPT2Config(
        vocab_size=len(letters),
        n_positions=CONTEXT,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=len(letters) - 1,
        eos_token_id=len(letters) - 1,
    )
    transformers.set_seed(0)
    model = transformers.GPT2LMHeadModel(config)
    for weights in model.parameters():
        weights.data *= 5
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def docs(nlp):
    return [nlp(text) for text in TEXTS]


@pytest.fixture(params=["causal_lm", "ngram"])
def create(request, gpt2):
    make = registry.misc.get(f"spacy-causal.{request.param}_perplexity.v1")
    named = {"model": str(gpt2)} if request.param == "causal_lm" else {}
    return lambda **options: make(**named, **options)


def test_one_verdict_a_doc_in_their_order(create, docs, nlp):
    screen = create(low=0, high=1e9, unit="perplexity")(docs)
    together = screen(docs)
    assert [v.kept for v in together] == [True] * len(docs)
    assert all(v.reason == "kept" and v.score > 1 for v in together)
    for doc, verdict in zip(docs, together, strict=True):
        (alone,) = screen([doc])
        assert alone.score == pytest.approx(verdict.score, rel=1e-4)
    assert screen([]) == []


def test_each_side_of_the_range(create, docs):
    scores = [v.score for v in create(low=0, high=1e9, unit="perplexity")(docs)(docs)]
    low, high = sorted(scores)[1], sorted(scores)[-2]
    slack = 1e-3
    fit = create(low=low - slack, high=high + slack, unit="perplexity")
    for score, verdict in zip(scores, fit(docs)(docs), strict=True):
        expected = (
            "perplexity too low"
            if score < low - slack
            else "perplexity too high"
            if score > high + slack
            else "kept"
        )
        assert verdict.reason == expected
        assert verdict.kept == (expected == "kept")


def test_a_text_of_nothing_is_refused_and_is_no_error(create, docs, nlp):
    (verdict,) = create(high=90, unit="percentile")(docs)([nlp("")])
    assert not verdict.kept


def test_percentiles_of_the_corpus(create, docs):
    everything = create(low=0, high=1e9, unit="perplexity")(docs)(docs)
    verdicts = create(low=0, high=50, unit="percentile")(docs)(docs)
    scores = [v.score for v in verdicts]
    assert scores == pytest.approx([v.score for v in everything])
    kept = [v.score for v in verdicts if v.kept]
    refused = [v.score for v in verdicts if not v.kept]
    assert kept and refused and max(kept) < min(refused)


def test_percentiles_0_and_100_bound_nothing(create, docs, nlp):
    screen = create(low=0, high=100, unit="percentile")(docs)
    assert all(v.kept for v in screen([*docs, nlp(ODD), nlp("the")]))


def test_bounds_are_the_percentiles():
    scores, ones = [4.0, 1, 2, 3, float("inf")], [1, 1, 1, 1, 0]
    assert percentile_bounds(scores, ones, 0, 50) == (0, 2)
    assert percentile_bounds(scores, ones, 51, 100) == (3, float("inf"))
    assert percentile_bounds(scores, ones, 0, 99.9) == (0, 4)
    assert percentile_bounds(scores, ones, 0.5, 50) == (1, 2)
    with pytest.raises(ValueError, match="empty corpus"):
        percentile_bounds([float("inf")], [0], 0, 50)


def test_a_text_weighs_as_many_words_as_it_has():
    rng = np.random.default_rng(0)
    scores, lengths = rng.gamma(2, 300, 50), rng.integers(1, 40, 50)
    word_by_word = np.repeat(scores, lengths)
    for low, high in [(5, 95), (10, 50), (33, 99)]:
        expected = np.percentile(word_by_word, [low, high], method="inverted_cdf")
        found = percentile_bounds(scores.tolist(), lengths.tolist(), low, high)
        assert found == pytest.approx(tuple(expected))


def test_short_odd_texts_do_not_set_the_bound(nlp):
    """Ten by-lines among forty sentences are a fifth of the texts, not of the words."""
    plain = [nlp(f"the {a} {b} the mat and the {a} ran to the {b} mat again")
             for a in ("cat", "dog", "cow", "hen") for b in ("on", "by", "off", "near",
             "past", "round", "to", "from", "at", "in")]  # fmt: skip
    lines = [nlp(f"Name{i} Surname{i}") for i in range(10)]
    create = registry.misc.get("spacy-causal.ngram_perplexity.v1")
    odd = nlp("mat ran again hen on the and past cow the from dog near the")
    screen = create(high=90)([*plain, *lines])
    assert [v.kept for v in screen([plain[0], odd, lines[0]])] == [True, False, False]
    text_by_text = [v.score for v in screen([*plain, *lines])]
    assert screen([odd])[0].score < np.percentile(text_by_text, 90)


def test_as_few_models_as_pairs_of_fifths(nlp):
    docs = [nlp(f"{text} {i}") for i in range(8) for text in TEXTS]
    models, mixes = NgramModels.of(docs), []
    for i, one in enumerate(docs):
        for two in docs[:i]:
            mixed = nlp(one.text)
            set_mix(mixed, parents=[source_id(one), source_id(two)])
            mixes.append(mixed)
    models.perplexities([*docs, *mixes, nlp("a stranger")])
    assert len(models.fitted) == 1 + 5 + 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"low": 5, "high": 1, "unit": "perplexity"},
        {"low": -1, "high": 1, "unit": "perplexity"},
        {"high": 101, "unit": "percentile"},
        {"unit": "bits"},
    ],
)
def test_ranges_that_are_none_are_refused(create, wrong):
    with pytest.raises(ValueError, match=r"lies between|Unknown unit"):
        create(**wrong)


def test_a_range_may_be_one_value(create, docs):
    screen = create(low=5, high=5, unit="perplexity")(docs)
    assert not any(verdict.kept for verdict in screen(docs))


def test_a_range_that_is_not_given_fits_its_unit(create):
    assert create(unit="percentile") == create(unit="percentile", low=0, high=95)
    assert create(unit="perplexity") == create(unit="perplexity", low=0, high=500)


def test_what_a_screen_prints_is_its_settings(create):
    assert repr(create(high=7)) == repr(create(high=7)) != repr(create(high=8))


def test_equation_nine_in_float64():
    p = [0.5, 0.25, 0.125]
    product = 1.0
    for value in p:
        product *= value
    assert perplexity(np.log2(p)) == pytest.approx(product ** (-1 / 3)) == 4
    assert perplexity(np.zeros(0)) == float("inf")


def test_equation_ten_holds_its_ends():
    assert [within(score, 2, 4).kept for score in (1.9, 2, 3, 4, 4.1)] == [
        *(False, True, True, True, False)
    ]


def test_odd_word_order_is_less_probable(docs, nlp):
    screen = registry.misc.get("spacy-causal.ngram_perplexity.v1")()(docs * 3)
    plain, odd = screen([nlp(TEXTS[0]), nlp(ODD)])
    assert plain.score < odd.score


def model_without(models, docs, left_out):
    """Fitted by hand on the fifths without some texts."""
    folds = {models.folds[source_id(doc)] for doc in left_out}
    kept = [doc for doc in docs if models.folds[source_id(doc)] not in folds]
    coded = [np.array([models.ids[t.lower_] for t in doc]) for doc in kept]
    return KneserNey.fit(coded, len(models.ids) + 2, models.order)


def test_a_text_is_read_by_a_model_without_it_and_its_parents(docs, nlp):
    models = NgramModels.of(docs)
    mixed = nlp("a dog sat on the mat")
    set_mix(mixed, parents=[source_id(docs[0]), source_id(docs[2])])
    stranger = nlp(mixed.text)
    left_out = [[docs[1]], [docs[0], docs[2]], []]
    found = models.perplexities([docs[1], mixed, stranger])
    for doc, without, score in zip(
        [docs[1], mixed, stranger], left_out, found, strict=True
    ):
        model = model_without(models, docs, without)
        ids = np.array([models.ids[token.lower_] for token in doc])
        assert score == pytest.approx(perplexity(model.log2([ids])[0]))
    assert found[1] > found[2]


def test_a_corpus_of_one_text_tells_nothing(nlp):
    doc = nlp(TEXTS[0])
    (score,) = NgramModels.of([doc]).perplexities([doc])
    # Five words and "unknown", all as probable.
    assert score == pytest.approx(len(set(TEXTS[0].split())) + 1)


def slow_log2(lm, text):
    """One token at a time: behind the whole text, or half a context of it."""
    import torch

    ids = [lm.tokenizer.bos_token_id]
    ids += lm.tokenizer(text, add_special_tokens=False)["input_ids"]
    found, start = [], 0
    for i in range(1, len(ids)):
        if i - start >= CONTEXT:
            start = i - CONTEXT // 2
        with torch.no_grad():
            logits = lm.model(torch.tensor([ids[start:i]])).logits[0, -1].double()
        found.append(float(logits.log_softmax(0)[ids[i]] / np.log(2)))
    return found


@pytest.mark.parametrize("batch_tokens", [1, 40, 4096])
def test_batches_and_windows_agree_with_one_token_at_a_time(gpt2, batch_tokens):
    lm = CausalLM.load(str(gpt2))
    texts = [*TEXTS, "a", "", "long " * 9]
    scored = lm.log2(texts, batch_tokens=batch_tokens)
    for text, log2 in zip(texts, scored, strict=True):
        assert len(log2) == len(text)
        np.testing.assert_allclose(log2, slow_log2(lm, text), rtol=1e-3, atol=1e-4)


def test_without_bos_the_first_token_is_context_alone(gpt2):
    lm = CausalLM.load(str(gpt2))
    lm.tokenizer.bos_token = None
    (log2,) = lm.log2(["cat"])
    assert len(log2) == 2


def test_bfloat16_is_close(gpt2):
    fine, coarse = (
        CausalLM.load(str(gpt2), precision).log2(TEXTS)
        for precision in ("float32", "bfloat16")
    )
    for a, b in zip(fine, coarse, strict=True):
        assert perplexity(b) == pytest.approx(perplexity(a), rel=0.1)
        assert not np.array_equal(a, b)


@pytest.mark.parametrize("length", [1, 2, 11, 12, 13, 18, 19, 40])
def test_windows_score_each_token_once(length):
    ids = list(range(length))
    scored = [i for _, piece, first in cut(0, ids, 12) for i in piece[first:]]
    assert scored == ids[1:]
    for _, piece, first in cut(0, ids, 12):
        assert len(piece) <= 12 and (first >= 6 or piece[0] == 0)


def test_a_model_that_is_not_there(nlp):
    make = registry.misc.get("spacy-causal.causal_lm_perplexity.v1")
    screen = make("/no/such/model")([])
    with pytest.raises((OSError, ValueError), match="no/such/model"):
        screen([spacy.blank("en")("a text")])

import numpy as np
import pytest
import spacy
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model

from spacy_causal.interventions.encoder import (
    build_intervening_encoder,
    set_interventions,
)
from spacy_causal.types import Confounder

CUE = [Confounder("cue", 0.75, 1.0), Confounder("weak", 0.25, 0.1)]


def recorder():
    """An encoder that remembers what it read."""
    seen = []

    def forward(model, docs, is_train):
        seen.append([doc.text for doc in docs])
        return [np.ones((len(doc), 2), dtype="f") for doc in docs], lambda d: []

    return Model("recorder", forward, dims={"nO": 2}), seen


def docs(n=400):
    vocab = spacy.blank("en").vocab
    return [Doc(vocab, words=["Cue", "weak", "word"]) for _ in range(n)]


@pytest.mark.parametrize(
    ("substitute", "word"), [("mask", "[MASK]"), ("confounder", "cue")]
)
def test_reads_interventions_in_training_only(substitute, word):
    encoder, seen = recorder()
    build_intervening_encoder(encoder, rate=0.5, substitute=substitute)
    batch = docs()
    encoder.begin_update(batch)
    set_interventions(encoder, "ner", CUE)
    encoder.begin_update(batch)
    encoder.predict(batch)
    untouched = [doc.text for doc in batch]
    assert seen[0] == seen[2] == untouched
    changed = sum(text.split()[0] != "Cue" for text in seen[1])
    assert changed / len(batch) == pytest.approx(0.5, abs=0.08)
    weak = sum(text.split()[1] != "weak" for text in seen[1]) / len(batch)
    assert weak == pytest.approx(0.05 if substitute == "mask" else 0.04, abs=0.03)
    assert any(word in text.split() for text in seen[1])
    assert all(text.split()[2] == "word" for text in seen[1])


def test_same_seed_same_text():
    texts = []
    for seed in (1, 1, 2):
        encoder, seen = recorder()
        build_intervening_encoder(encoder, rate=0.5, seed=seed)
        set_interventions(encoder, "ner", CUE)
        encoder.begin_update(docs())
        texts.append(seen[0])
    assert texts[0] == texts[1] != texts[2]


def test_a_rate_of_zero_leaves_the_encoder_alone():
    encoder, _ = recorder()
    before = encoder._func
    assert build_intervening_encoder(encoder, rate=0.0)._func is before
    with pytest.raises(ValueError, match="rate is a prob"):
        build_intervening_encoder(encoder, rate=1.5)


def test_words_travel_with_the_weights():
    make = registry.architectures.get("spacy.HashEmbedCNN.v2")
    settings = dict(
        pretrained_vectors=None,
        width=8,
        depth=1,
        embed_size=50,
        window_size=1,
        maxout_pieces=2,
        subword_features=True,
    )
    encoder = build_intervening_encoder(make(**settings), rate=0.5)
    encoder.initialize(docs(1))
    set_interventions(encoder, "ner", CUE)
    loaded = build_intervening_encoder(make(**settings), rate=0.5).from_bytes(
        encoder.to_bytes()
    )
    assert loaded.attrs["intervene_on"]["words"] == ["cue", "weak"]
    assert loaded.attrs["intervene_on"]["strengths"] == [1.0, 0.1]


def test_two_readers_of_one_encoder():
    encoder, _ = recorder()
    build_intervening_encoder(encoder)
    set_interventions(encoder, "ner", CUE)
    tags = [Confounder("weak", 0.5, 0.6), Confounder("third", 0.5, 0.2)]
    set_interventions(encoder, "tagger", tags)
    merged = encoder.attrs["intervene_on"]
    strengths = dict(zip(merged["words"], merged["strengths"], strict=True))
    assert strengths == {"cue": 1.0, "weak": 0.6, "third": 0.2}
    assert sum(merged["probabilities"]) == pytest.approx(1)
    set_interventions(encoder, "tagger", [])
    assert encoder.attrs["intervene_on"]["words"] == ["cue", "weak"]


def test_any_other_word_at_a_rate_of_its_own():
    encoder, seen = recorder()
    build_intervening_encoder(encoder, rate=0.0, other_rate=0.25)
    encoder.begin_update(docs())
    for position in range(3):
        masked = sum(text.split()[position] == "[MASK]" for text in seen[0])
        assert masked / 400 == pytest.approx(0.25, abs=0.08)


def test_other_words_are_masked_whatever_stands_for_a_confounder():
    encoder, seen = recorder()
    build_intervening_encoder(encoder, rate=0.5, other_rate=0.2)
    set_interventions(encoder, "ner", CUE)
    batch = docs()
    encoder.begin_update(batch)
    third = [text.split()[2] for text in seen[0]]
    assert set(third) == {"word", "[MASK]"}
    assert third.count("[MASK]") / len(batch) == pytest.approx(0.2, abs=0.06)
    assert {text.split()[0] for text in seen[0]} == {"Cue", "cue", "weak"}


def test_a_transformer_is_masked_by_what_its_tokenizer_calls_so(bert_encoder):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(
        "transformer",
        config={
            "model": {
                "@architectures": "spacy-causal.InterveningEncoder.v1",
                "other_rate": 1.0,
                "encoder": bert_encoder,
            }
        },
    )
    nlp.initialize()
    encoder, seen = pipe.model, []
    encode = encoder._func.keywords["encode"]

    def record(model, docs, is_train):
        seen.extend(doc.text for doc in docs)
        return encode(model, docs, is_train)

    encoder._func.keywords["encode"] = record
    encoder.begin_update([nlp.make_doc("a b")])
    encoder.tokenizer.mask_token = "<mask>"
    encoder.begin_update([nlp.make_doc("a b")])
    assert seen == ["[MASK] [MASK]", "<mask> <mask>"]

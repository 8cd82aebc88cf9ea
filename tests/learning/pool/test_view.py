"""Views of a pool, over every component that they read."""

import logging

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from toy_pipelines import CASES, TEXTS, build

from spacy_causal.acquisition.strategies import create_badge, create_bald
from spacy_causal.interventions.encoder import set_interventions
from spacy_causal.learning.pool.blocks import batches_by_length
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.learning.pool.labeller import Labeller
from spacy_causal.numeric import softmax
from spacy_causal.tags.decode import viterbi
from spacy_causal.types import Budget, Confounder, Needs

EVERYTHING = Needs(
    words=True, probabilities=True, hidden=True, embeddings=True, best=True,
    samples=4, gradients="exact",
)  # fmt: skip


@pytest.fixture(scope="module", params=CASES)
def trained(request):
    return build(request.param)


@pytest.fixture
def texts():
    return dict(TEXTS)


def alone(nlp, text):
    """Probabilities, hidden rows and logits of one text, by a pass of its own."""
    labeller = Labeller(nlp, "it")
    scores, *_ = labeller.score(labeller.read(labeller.prepare([text])))
    return softmax(scores.logits), scores.hidden, scores.logits


def test_all_that_was_asked_for_is_what_the_component_says(trained, texts):
    view = view_pool(trained, "it", texts, EVERYTHING)
    assert view.lengths(list(texts)).tolist() == [9, 0, 3, 1, 9]
    assert list(view.words("b")) == ["nobody", "spoke", "."]
    tag_set = Labeller(trained, "it").tag_set
    for id in ("a", "b", "c"):
        p, hidden, logits = alone(trained, texts[id])
        assert view.probabilities(id) == pytest.approx(p, abs=1e-4)
        assert view.hidden(id) == pytest.approx(hidden, abs=2e-3, rel=2e-3)
        assert view.embeddings([id])[0] == pytest.approx(hidden.mean(0), abs=1e-4)
        best = p.argmax(1) if tag_set is None else viterbi(logits, tag_set)
        assert view.best([id])[0] == pytest.approx(
            np.log(p[np.arange(len(p)), best]).sum(), abs=1e-3
        )
        assert view.samples(id).shape == (4, len(p))
        assert view.information(id).shape == (len(p),)
    assert view.probabilities("empty").shape[0] == 0
    assert not view.embeddings(["empty"]).any()
    assert view.best(["empty"])[0] == 0
    assert view.gradients(["empty"]).squared_norms()[0] == 0


def test_the_component_itself_says_the_same(trained, texts):
    view = view_pool(trained, "it", texts, Needs(probabilities=True))
    pipe = trained.get_pipe("it")
    doc = trained(texts["a"])
    said = pipe.predict([doc])
    if hasattr(said, "logits"):
        assert view.probabilities("a") == pytest.approx(softmax(said.logits), abs=1e-4)
    else:
        best = [pipe.labels[i] for i in view.probabilities("a").argmax(1)]
        assert best == [token.tag_ for token in doc]


def test_exact_rows_and_factors_have_the_same_distances(trained, texts):
    ids = [*texts][::-1]
    rows, factors = (
        view_pool(trained, "it", texts, Needs(gradients=engine)).gradients(ids)
        for engine in ("exact", "factors")
    )
    scale = rows.squared_norms().max()
    assert rows.squared_norms() == pytest.approx(
        factors.squared_norms(), rel=1e-2, abs=1e-3 * scale
    )
    for row in range(len(ids)):
        assert rows.products(row) == pytest.approx(
            factors.products(row), rel=1e-2, abs=1e-3 * scale
        )


def test_sampling_changes_nothing_of_the_model(trained, texts):
    before = trained.to_bytes()
    model = trained.get_pipe("it").model
    rates = [n.attrs["dropout_rate"] for n in model.walk() if "dropout_rate" in n.attrs]
    first = view_pool(trained, "it", texts, Needs(samples=6, dropout=0.5))
    again = view_pool(trained, "it", texts, Needs(samples=6, dropout=0.5))
    other = view_pool(trained, "it", texts, Needs(samples=6, dropout=0.5), seed=1)
    assert trained.to_bytes() == before
    assert rates == [
        n.attrs["dropout_rate"] for n in model.walk() if "dropout_rate" in n.attrs
    ]
    assert (first.information("a") == again.information("a")).all()
    assert (first.samples("a") == again.samples("a")).all()
    assert (first.information("a") != other.information("a")).any()
    assert first.information("a").max() > 0


def test_a_head_drops_where_it_does_in_training(monkeypatch):
    nlp = build("bilstm-shared")
    labeller = Labeller(nlp, "it")
    docs = labeller.read(labeller.prepare([TEXTS["a"]]))
    _, vectors, head = labeller.score(docs)

    def undropped(vectors, head, n, *_):
        return head(np.tile(vectors, (n, 1)), n)

    monkeypatch.setattr(labeller, "_passes", undropped)
    given = {"samples": 2, "dropout": 0.5, "seed": 0}
    (passed,) = labeller.sample(docs, vectors, head, **given)
    first, second = passed.logits.reshape(2, 9, -1)
    assert (first != second).any()
    alike = undropped(vectors, head, 2).logits.reshape(2, 9, -1)
    assert alike[0] == pytest.approx(alike[1], abs=1e-5)


def test_passes_with_dropout_read_the_words_as_they_are():
    """The encoder replaces words in training only."""
    nlp, seen = build("ner"), []
    encoder = nlp.get_pipe("it").model.get_ref("tok2vec")
    set_interventions(encoder, "it", [Confounder("anna", 1.0, 1.0)])
    encode = encoder._func.keywords["encode"]

    def note(model, docs, is_train):
        seen.extend(doc.text for doc in docs)
        return encode(model, docs, is_train)

    encoder._func.keywords["encode"] = note
    view_pool(nlp, "it", {"a": TEXTS["a"]}, Needs(samples=10))
    assert seen == [TEXTS["a"]] * 11


def test_what_was_not_asked_for_is_an_error(trained, texts):
    view = view_pool(trained, "it", texts, Needs(best=True))
    for ask in (
        lambda: view.probabilities("a"),
        lambda: view.gradients(["a"]),
        lambda: view.words("a"),
    ):
        with pytest.raises(ValueError, match="The view has no"):
            ask()
    with pytest.raises(ValueError, match="no document 'z'"):
        view.best(["z"])


def test_only_the_head_runs_again_behind_a_shared_encoder(trained, texts, caplog):
    labeller = Labeller(trained, "it")
    shared = "tok2vec" in trained.pipe_names
    assert labeller.drops_in_encoder is not shared
    calls = []
    encode = labeller.encoder._func
    labeller.encoder._func = lambda *a, **k: calls.append(1) or encode(*a, **k)
    try:
        with caplog.at_level(logging.INFO):
            view_pool(trained, "it", {"a": texts["a"]}, Needs(samples=10))
    finally:
        labeller.encoder._func = encode
    assert len(calls) == (1 if shared else 11)
    part = "head alone" if shared else "encoder and head"
    assert f"10 passes with dropout: the {part}" in caplog.text


def test_docs_are_read_as_their_words(trained, texts, nlp):
    docs = {
        id: Doc(nlp.vocab, words=[t.text for t in trained.make_doc(text)])
        for id, text in texts.items()
    }
    by_doc = view_pool(trained, "it", docs, Needs(probabilities=True))
    by_text = view_pool(trained, "it", texts, Needs(probabilities=True))
    for id in texts:
        assert (by_doc.probabilities(id) == by_text.probabilities(id)).all()
    assert not docs["a"].has_annotation("TAG")


@pytest.fixture(scope="module")
def shared():
    return [build("ner-shared", seed) for seed in range(3)]


def test_a_committee_votes_by_name(texts):
    """Its members have their labels in different orders, one has more of them."""
    orders = [(), ("y", "X"), ("Z", "y")]
    committee = [build("causal_tagger", i, labels) for i, labels in enumerate(orders)]
    names = [Labeller(nlp, "it").names for nlp in committee]
    assert names == [("X", "y"), ("y", "X"), ("Z", "y", "X")]
    needs = Needs(votes=3)
    view = view_pool(committee[0], "it", texts, needs, committee=committee[1:])
    assert view.votes("a").shape == (3, 9)
    said = [
        [own[i] for i in alone(nlp, texts["a"])[0].argmax(1)]
        for nlp, own in zip(committee, names, strict=True)
    ]
    assert said[0][0] in said[1]
    number = {name: i for i, name in enumerate(("X", "y", "Z"))}
    assert view.votes("a").tolist() == [[number[x] for x in row] for row in said]


def test_a_committee_of_one_mind(shared, texts):
    view = view_pool(shared[0], "it", texts, Needs(votes=2), committee=shared[:1])
    assert (view.votes("a")[0] == view.votes("a")[1]).all()


def test_a_member_of_a_committee_reads_by_its_own_encoder(shared, texts):
    member = shared[1].from_config(shared[1].config).from_bytes(shared[1].to_bytes())
    member.disable_pipe("tok2vec")
    with pytest.raises(ValueError, match="zeros"):
        view_pool(shared[0], "it", texts, Needs(votes=2), committee=[member])


def test_a_committee_keeps_no_word_of_the_pool(shared, texts):
    config, saved = shared[0].config, shared[0].to_bytes()
    committee = [shared[0].from_config(config).from_bytes(saved) for _ in range(2)]
    known = [len(nlp.vocab.strings) for nlp in committee]
    texts = {**texts, "new": "Quetzalcoatl xylographed twice ."}
    view_pool(committee[0], "it", texts, Needs(votes=2), committee=committee[1:])
    assert [len(nlp.vocab.strings) for nlp in committee] == known


def test_too_few_vote(shared, texts):
    with pytest.raises(ValueError, match="committee of 3 pipelines is needed, not 2"):
        view_pool(shared[0], "it", texts, Needs(votes=3), committee=shared[1:2])


def test_a_listener_without_its_encoder(shared, texts):
    nlp = shared[0].from_config(shared[0].config).from_bytes(shared[0].to_bytes())
    nlp.disable_pipe("tok2vec")
    with pytest.raises(ValueError, match="zeros"):
        view_pool(nlp, "it", texts, Needs(best=True))


@pytest.mark.parametrize("component", ["sentencizer", "nothing"])
def test_no_component_that_labels_tokens(nlp, component):
    nlp.add_pipe("sentencizer")
    with pytest.raises(ValueError, match=component):
        view_pool(nlp, component, {"a": "x"}, Needs())


def test_no_document_and_no_token(shared):
    assert list(view_pool(shared[0], "it", {}, EVERYTHING).ids) == []
    view = view_pool(shared[0], "it", {"a": "", "b": ""}, EVERYTHING)
    rng = np.random.default_rng(0)
    for acquire in (create_badge(), create_bald()):
        assert acquire(view, [], ["a", "b"], Budget(3), rng) == []


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.sampled_from(["", "Paris", "a b", "a b c .", "\n", " "]), max_size=9)
)
def test_any_pool(shared, pool):
    texts = {str(i): text for i, text in enumerate(pool)}
    view = view_pool(shared[0], "it", texts, Needs(gradients="auto", best=True))
    picked = create_badge()(view, [], list(texts), Budget(4), np.random.default_rng(0))
    assert len(set(picked)) == len(picked) == min(4, sum(text != "" for text in pool))


@given(st.lists(st.integers(0, 3000), max_size=50))
def test_batches_hold_each_document_once_in_order_of_length(lengths):
    batches = list(batches_by_length(np.array(lengths, dtype=int)))
    found = [int(i) for batch in batches for i in batch]
    assert sorted(found) == [i for i, n in enumerate(lengths) if n]
    assert [lengths[i] for i in found] == sorted(n for n in lengths if n)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch[-1]] <= 2048

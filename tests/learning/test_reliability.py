"""How far refusals are believed: against loops and closed forms, and where it goes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from toy_sessions import untrained, weights_of

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.feedback import (
    kept_where_refused,
    rule_out,
    tags_of_types,
    targets_of,
)
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.reliability import (
    Trust,
    confirmed_ratios,
    expected_and_confirmed,
    kept_shares,
    question_probabilities,
)
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.tags.scheme import TagSet

LABELS = ("PER", "LOC", "ORG")


SOFT = LearnerSettings(learn_rate=0.01, updates=5)
WORDS = {"PER": ["Anna", "Bruno", "Clara"], "LOC": ["Paris", "Rome", "Oslo"]}


def rows_of(n, tag_set, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(len(tag_set)), n).astype("f")


def token(i, chosen, shown=("PER", "LOC")):
    return Answer("a", i, i + 1, shown, chosen)


def mention(start, end, chosen, shown=("PER", "LOC")):
    return Answer("a", start, end, shown, chosen, "mention")


def slow_type_probabilities(row, tag_set):
    """The tags of each type summed, "O" first where it is no label."""
    names = tag_set.labels if tag_set.scheme == "token" else ("O", *tag_set.labels)
    total = dict.fromkeys(names, 0.0)
    for tag, p in zip(tag_set.names, row, strict=True):
        total[tag if tag_set.scheme == "token" else tag.split("-")[-1]] += float(p)
    return [total[name] for name in names]


@pytest.mark.parametrize("scheme", ["token", "io", "bio", "biluo"])
def test_probabilities_of_questions_against_a_loop(scheme):
    tag_set = TagSet(scheme, LABELS)
    own = rows_of(4, tag_set)
    got = question_probabilities(own, [(1, 2), (0, 3)], tag_set)
    each = np.array([slow_type_probabilities(row, tag_set) for row in own])
    np.testing.assert_allclose(got[0], each[1], rtol=1e-4)
    product = np.prod(each[:3], axis=0) ** (1 / 3)
    np.testing.assert_allclose(got[1], product / product.sum(), rtol=1e-4)
    assert question_probabilities(own, [], tag_set).shape == (0, got.shape[1])


def test_probabilities_of_zero_leave_the_types_that_some_token_may_be_of():
    own = np.eye(3)[[0, 1]]
    got = question_probabilities(own, [(0, 1), (0, 2)], TagSet("token", LABELS))
    np.testing.assert_allclose(got, [[1, 0, 0], [0.5, 0.5, 0]], atol=1e-12)


def slow_trust(batches, names, decay):
    """E and C by hand: one dictionary each, a question at a time."""
    expected, confirmed = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for batch in batches:
        for total in (expected, confirmed):
            for name in names:
                total[name] *= decay
        for shown, chosen, probabilities in batch:
            for name in shown:
                expected[name] += probabilities[name]
                confirmed[name] += chosen == name
    return expected, confirmed


@st.composite
def histories(draw):
    def question():
        shown = draw(st.lists(st.sampled_from(LABELS), min_size=1, unique=True))
        return tuple(shown), draw(st.sampled_from([None, "O", *LABELS]))

    sizes = draw(st.lists(st.integers(0, 4), max_size=4))
    return [[question() for _ in range(size)] for size in sizes]


@settings(deadline=None)
@given(histories(), st.sampled_from([1.0, 0.98, 0.5, 0.0]))
def test_expected_and_confirmed_against_a_loop(history, decay):
    tag_set, trust, batches = TagSet("io", LABELS), Trust(), []
    for number, batch in enumerate(history):
        own = rows_of(len(batch), tag_set, seed=number)
        names = ("O", *LABELS)
        answers = [token(i, chosen, shown) for i, (shown, chosen) in enumerate(batch)]
        trust = trust.after([(answers, own)], tag_set, decay=decay)
        batches.append(
            [
                (shown, chosen, dict(zip(names, row.tolist(), strict=True)))
                for (shown, chosen), row in zip(batch, own, strict=True)
            ]
        )
    expected, confirmed = slow_trust(batches, ("O", *LABELS), decay)
    for name, (e, c) in trust.counts.items():
        assert e == pytest.approx(expected[name], rel=1e-5)
        assert c == pytest.approx(confirmed[name])
    assert history or not trust.counts


def test_only_what_was_shown_counts():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    shown = np.array([[True, False, True], [False, True, True]])
    confirmed = np.array([[True, False, False], [True, False, False]])
    expected, n = expected_and_confirmed(p, shown, confirmed)
    np.testing.assert_allclose(expected, [0.5, 0.2, 0.9])
    assert n.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "expected,confirmed,prior,kept",
    [
        (0, 0, 2, 0),
        (8, 0, 2, 0.8),
        (8, 3, 2, 0.5),
        (8, 8, 2, 0),
        (8, 20, 2, 0),
        (998, 0, 2, 0.998),
        (8, 0, 8, 0.5),
    ],
)
def test_what_a_refused_type_keeps(expected, confirmed, prior, kept):
    counts = np.array([float(expected)]), np.array([float(confirmed)])
    got = kept_shares(confirmed_ratios(*counts, prior))
    assert got == pytest.approx([kept])


@pytest.mark.parametrize("scheme", ["token", "io", "bio", "biluo"])
def test_all_tags_of_a_type_keep_its_share(scheme):
    trust = Trust({"O": (2.0, 0.0), "PER": (8.0, 0.0), "LOC": (8.0, 3.0)})
    kept = trust.kept_of_tags(TagSet(scheme, LABELS), 2.0)
    by_type = {"O": 0.5, "PER": 0.8, "LOC": 0.5, "ORG": 0.0}
    names = TagSet(scheme, LABELS).names
    assert kept.tolist() == pytest.approx([by_type[x.split("-")[-1]] for x in names])
    assert not trust.kept_of_tags(TagSet(scheme, LABELS), None).any()


def test_a_type_that_is_confirmed_oftener_than_expected():
    trust = Trust({"PER": (8.0, 18.0), "LOC": (8.0, 3.0)})
    ratios = trust.ratios_of_tags(TagSet("io", LABELS), 2.0)
    assert ratios.tolist() == pytest.approx([1, 2, 0.5, 1])
    assert (trust.ratios_of_tags(TagSet("io", LABELS), None) == 1).all()


def slow_rule_out(row, kept, temperature):
    whole = [float(p) if k == 1 else 0.0 for p, k in zip(row, kept, strict=True)]
    flat = [p ** (1 / temperature) for p in whole]
    left = [
        sum(whole) * f / sum(flat) if k == 1 and sum(flat) else float(p) * k
        for p, f, k in zip(row, flat, kept, strict=True)
    ]
    if not sum(row):
        return [0.0] * len(left)
    if not sum(left):
        left = list(kept)
    return [x / sum(left) if sum(left) else 0.0 for x in left]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.1, 0.5, 2.0]), st.sampled_from([0.0, 0.3, 0.9, 1.0])
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_keeping_a_share_against_a_loop(pairs, temperature):
    weights, kept = (np.array(x) for x in zip(*pairs, strict=True))
    row = weights / (weights.sum() or 1)
    rows = rule_out(row[None], kept[None], temperature=temperature)
    expected = slow_rule_out(row, kept.tolist(), temperature)
    np.testing.assert_allclose(rows[0], expected, atol=1e-6)


def test_a_share_is_kept_where_something_was_refused():
    tag_set = TagSet("bio", LABELS)
    refused = tags_of_types(tag_set, [("PER",), ("ORG", "O")])
    kept = kept_where_refused(refused, np.array([0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4]))
    np.testing.assert_allclose(
        kept, [[1, 0.2, 0.2, 1, 1, 1, 1], [0.1, 1, 1, 1, 1, 0.4, 0.4]]
    )


@pytest.mark.parametrize("mode", ["own_ruled_out", "imputed_ruled_out"])
def test_targets_are_what_bayes_says_of_a_user_who_may_not_know(mode):
    """P(y | refused) ∝ P(y) P(refused | y), the last being the share that is kept."""
    tag_set = TagSet("token", LABELS)
    row = np.array([[0.5, 0.3, 0.2]], dtype="f")
    other = np.array([[0.2, 0.2, 0.6]], dtype="f")
    own, imputed = (row, other) if mode == "own_ruled_out" else (other, row)
    rows = targets_of(
        [token(0, None)], tag_set, own, imputed, kept=np.array([0.8, 0, 0.6]), mode=mode
    ).rows
    np.testing.assert_allclose(rows, [[0.4 / 0.6, 0, 0.2 / 0.6]], atol=1e-6)


def taught():
    """A tagger that has been told people and places."""
    nlp = untrained("causal_tagger", LABELS)
    learner = Learner(nlp, "causal_tagger", settings=SOFT)
    for number in range(4):
        for label, words in WORDS.items():
            doc = Doc(nlp.vocab, words=words)
            told = [Answer(f"{label} {number}", i, i + 1, LABELS, label)
                    for i in range(3)]  # fmt: skip
            learner.answer(doc, told)
        learner.update()
    return nlp


def refuse_places(learner, n=1):
    """Somebody who knows people, and answers "none of these" where a place is true."""
    for number in range(learner.n_batches, learner.n_batches + n):
        for label, words in WORDS.items():
            doc = Doc(learner.nlp.vocab, words=words)
            said = [Answer(f"{label} {number}", i, i + 1, ("PER", "LOC"),
                           None if label == "LOC" else label)
                    for i in range(3)]  # fmt: skip
            learner.answer(doc, said)
        learner.update()
    return learner


def tags_of(nlp, label):
    return {token.tag_ for token in nlp(Doc(nlp.vocab, words=WORDS[label]))}


@pytest.mark.parametrize("prior,places", [(None, {"ORG"}), (2.0, {"LOC"})])
def test_what_a_user_does_not_know_is_not_unlearnt(prior, places):
    nlp = taught()
    assert tags_of(nlp, "LOC") == {"LOC"}
    settings = replace(SOFT, trust_prior=prior)
    learner = refuse_places(Learner(nlp, "causal_tagger", settings=settings), 10)
    assert (tags_of(nlp, "PER"), tags_of(nlp, "LOC")) == ({"PER"}, places)
    counts = learner._memory.trust.counts
    if prior is None:
        assert not counts
    else:
        (e, c), (expected, confirmed) = counts["PER"], counts["LOC"]
        assert c > 0.9 * e and confirmed == 0 and expected > 10


def test_trust_goes_where_the_weights_go(tmp_path):
    def make(**kwargs):
        return Learner(taught(), "causal_tagger", settings=SOFT, **kwargs)

    path = tmp_path / "journal.jsonl"
    one = refuse_places(make(journal=Journal(path)), 3)
    once = one._memory.trust, weights_of(one.nlp)
    one.save(tmp_path / "checkpoint")
    rebuilt = make(journal=Journal(path))
    loaded = make(journal=Journal(path), checkpoint=tmp_path / "checkpoint")
    for other in (rebuilt, loaded):
        assert (other._memory.trust, weights_of(other.nlp)) == once
    refuse_places(one, 2)
    assert one._memory.trust != once[0]
    one.undo(2)
    assert (one._memory.trust, weights_of(one.nlp)) == once
    assert weights_of(refuse_places(one).nlp) == weights_of(
        refuse_places(make(), 4).nlp
    )
    one.undo(4)
    assert one._memory.trust == Trust()


def test_an_update_that_is_interrupted_leaves_trust_as_it_was(monkeypatch):
    learner = refuse_places(Learner(taught(), "causal_tagger", settings=SOFT))
    before = learner._memory.trust

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(learner, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        refuse_places(learner)
    assert learner._memory.trust == before


@pytest.mark.parametrize(
    "bad,reason",
    [
        ({"trust_prior": 0.0}, "above 0"),
        ({"trust_decay": 1.5}, "trust_decay lies"),
        ({"gold_share": -0.1}, "gold_share lies"),
    ],
)
def test_settings_that_make_no_sense(bad, reason):
    with pytest.raises(ValueError, match=reason):
        LearnerSettings(**bad)

"""Answers as rows: against closed forms, loops, and properties of any row."""

from inspect import signature

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.feedback import (
    confirmed_rows,
    doubly_robust_rows,
    doubly_robust_uncut,
    mention_rows,
    refused_rows,
    rule_out,
    tags_of_types,
    targets_of,
)
from spacy_causal.losses import soft_cross_entropy
from spacy_causal.tags.scheme import TagSet

LABELS = ("PER", "LOC", "ORG")
MODES = ["own_ruled_out", "imputed", "imputed_ruled_out", "positives_only"]
SCHEMES = ["token", "io", "bio", "biluo"]


def distributions(n, tag_set, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(len(tag_set)), n).astype("f")


def token(i, chosen, shown=("PER", "LOC"), **kwargs):
    return Answer("a", i, i + 1, shown, chosen, **kwargs)


def mention(start, end, chosen, shown=("PER", "LOC"), **kwargs):
    return Answer("a", start, end, shown, chosen, "mention", **kwargs)


def test_a_confirmed_type_takes_the_models_own_split():
    tag_set = TagSet("bio", LABELS)  # O, B-PER, I-PER, B-LOC, ...
    own = np.array([[0.5, 0.06, 0.02, 0.2, 0.2, 0.02, 0.0]] * 3, dtype="f")
    rows = confirmed_rows(own, np.array([0, 2, -1]), tag_set)
    expected = [[0, 0.75, 0.25, 0, 0, 0, 0], [0] * 5 + [1, 0], [1] + [0] * 6]
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_a_confirmed_type_without_mass_is_split_equally():
    own = np.array([[1, 0, 0, 0, 0]], dtype="f")
    rows = confirmed_rows(own, np.array([1]), TagSet("bio", ("PER", "LOC")))
    np.testing.assert_allclose(rows, [[0, 0, 0, 0.5, 0.5]])


@pytest.mark.parametrize(
    "scheme,begins,ends,possible",
    [
        ("biluo", False, False, "BILU"),
        ("biluo", True, False, "BU"),
        ("biluo", False, True, "LU"),
        ("biluo", True, True, "U"),
        ("bio", True, False, "B"),
        ("bio", False, True, "BI"),
        ("io", True, True, "I"),
    ],
)
def test_what_is_beside_a_token_settles_its_tag(scheme, begins, ends, possible):
    tag_set = TagSet(scheme, LABELS)
    rows = confirmed_rows(
        distributions(1, tag_set), np.array([1]), tag_set,
        begins=np.array([begins]), ends=np.array([ends]),
    )  # fmt: skip
    names = [tag_set.names[i] for i in np.flatnonzero(rows[0])]
    assert sorted(names) == [f"{prefix}-LOC" for prefix in sorted(possible)]


def test_neighbours_in_a_doc_settle_a_confirmed_token():
    def possible(*answers):
        tag_set = TagSet("biluo", LABELS)
        rows = targets_of(answers, tag_set, distributions(4, tag_set)).rows
        names = [tag_set.names[i] for i in np.flatnonzero(rows[1])]
        return "".join(sorted(name[0] for name in names))

    asked = token(1, "PER")
    assert possible(asked) == "BILU"
    assert possible(token(0, "PER"), asked, token(2, "PER")) == "BILU"
    assert possible(token(0, "LOC"), asked, token(2, "PER")) == "BU"
    assert possible(asked, token(2, None, ("PER",))) == "LU"
    assert possible(asked, token(2, None, ("LOC",))) == "BILU"
    assert possible(asked, mention(2, 4, "PER"), token(0, "O")) == "U"


@pytest.mark.parametrize(
    "scheme,names",
    [
        ("bio", ["O", "B-PER", "I-PER", "I-PER", "O", "B-LOC", "B-PER"]),
        ("biluo", ["O", "B-PER", "I-PER", "L-PER", "O", "U-LOC", "U-PER"]),
        ("io", ["O", "I-PER", "I-PER", "I-PER", "O", "I-LOC", "I-PER"]),
    ],
)
def test_tokens_of_one_type_beside_each_other_are_one_mention(scheme, names):
    tag_set = TagSet(scheme, LABELS)
    types = ["O", "PER", "PER", "PER", "O", "LOC", "PER"]
    answers = [token(i, chosen) for i, chosen in enumerate(types)]
    own = distributions(7, tag_set)
    rows = targets_of(answers, tag_set, own, join=True).rows
    assert [tag_set.names[i] for i in rows.argmax(axis=1)] == names
    np.testing.assert_allclose(rows.max(axis=1), 1)


def test_only_what_was_said_of_tokens_is_joined():
    tag_set = TagSet("bio", LABELS)
    own = distributions(4, tag_set)

    def possible(*answers):
        row = targets_of([token(1, "PER"), *answers], tag_set, own, join=True).rows[1]
        return "".join(sorted(tag_set.names[i][0] for i in np.flatnonzero(row)))

    assert possible() == "BI"
    assert possible(token(0, "PER")) == "I"
    assert possible(token(0, "LOC")) == "B"
    assert possible(mention(0, 1, "PER")) == "B"
    assert possible(token(0, None, ("LOC",))) == "BI"


@pytest.mark.parametrize("scheme", ["token", "io"])
def test_one_tag_a_type_is_one_hot(scheme):
    tag_set = TagSet(scheme, LABELS)
    rows = confirmed_rows(distributions(1, tag_set), np.array([1]), tag_set)
    assert rows[0].tolist() == [float("LOC" in name) for name in tag_set.names]


@pytest.mark.parametrize(
    "scheme,label,names",
    [
        ("token", "LOC", ["LOC", "LOC", "LOC"]),
        ("io", "LOC", ["I-LOC", "I-LOC", "I-LOC"]),
        ("bio", "LOC", ["B-LOC", "I-LOC", "I-LOC"]),
        ("biluo", "LOC", ["B-LOC", "I-LOC", "L-LOC"]),
        ("biluo", "O", ["O", "O", "O"]),
    ],
)
def test_a_confirmed_mention_is_spelled_in_the_scheme(scheme, label, names):
    tag_set = TagSet(scheme, LABELS)
    rows = mention_rows(3, label, tag_set)
    assert [tag_set.names[i] for i in rows.argmax(1)] == names
    assert (rows.sum(1) == 1).all()


def slow_rule_out(row, refused, temperature):
    left = [
        0 if r else float(p) ** (1 / temperature)
        for p, r in zip(row, refused, strict=True)
    ]
    if not sum(row):
        return [0.0] * len(left)
    if not sum(left):
        left = [0.0 if r else 1.0 for r in refused]
    return [x / sum(left) if sum(left) else 0.0 for x in left]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 2.0]), min_size=1, max_size=6),
    st.integers(0, 63),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_ruling_out_against_a_loop(weights, bits, temperature):
    row = np.array(weights) / (sum(weights) or 1)
    refused = np.array([bool(bits >> i & 1) for i in range(len(row))])
    rows = rule_out(row[None], ~refused[None], temperature=temperature)
    expected = slow_rule_out(row, refused, temperature)
    np.testing.assert_allclose(rows[0], expected, atol=1e-6)


def test_ruling_out_a_type_rules_out_all_its_tags():
    tags = tags_of_types(TagSet("bio", LABELS), [("PER",), ("LOC", "GPE"), ("O",), ()])
    assert tags.astype(int).tolist() == [
        [0, 1, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [1, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    "function,options",
    [
        (confirmed_rows, {"begins", "ends", "continues", "goes_on"}),
        (rule_out, {"temperature"}),
        (refused_rows, {"mode", "temperature"}),
        (doubly_robust_uncut, {"clip"}),
        (doubly_robust_rows, {"clip"}),
    ],
)
def test_options_are_given_by_name(function, options):
    parameters = signature(function).parameters.values()
    assert {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} == options


def test_modes_of_none_of_these():
    tag_set = TagSet("token", LABELS)
    own, imputed = np.array([[0.6, 0.1, 0.3]]), np.array([[0.2, 0.6, 0.2]])
    refused = tags_of_types(tag_set, [("PER",)])
    rows = {
        mode: refused_rows(own, imputed, ~refused, mode=mode)[0].tolist()
        for mode in MODES
    }
    assert rows["own_ruled_out"] == pytest.approx([0, 0.25, 0.75])
    assert rows["imputed"] == pytest.approx([0.2, 0.6, 0.2])
    assert rows["imputed_ruled_out"] == pytest.approx([0, 0.75, 0.25])
    assert rows["positives_only"] == [0, 0, 0]
    flat = refused_rows(own, None, ~refused, mode="own_ruled_out", temperature=1e6)
    np.testing.assert_allclose(flat, [[0, 0.5, 0.5]], atol=1e-4)
    with pytest.raises(ValueError, match="needs an imputation model"):
        refused_rows(own, None, ~refused, mode="imputed")
    with pytest.raises(ValueError, match="Unknown mode 'nope'"):
        refused_rows(own, None, ~refused, mode="nope")


def test_eq_3_is_cross_entropy_against_the_imputation():
    """CITISL, eq. 3, as a loop."""
    logits = np.random.default_rng(0).normal(size=(1, 3))
    sigma = np.array([[0.2, 0.5, 0.3]])
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    loop = sum(-sigma[0, y] * np.log(p[y]) for y in range(3))
    row = refused_rows(p[None], sigma, np.ones((1, 3)), mode="imputed")
    assert soft_cross_entropy(logits, row)[0] == pytest.approx(loop, rel=1e-6)


def test_targets_of_a_doc():
    tag_set = TagSet("bio", LABELS)
    own = distributions(5, tag_set)
    targets = targets_of(
        [mention(0, 2, "PER"), token(3, None), token(4, "O")], tag_set, own
    )
    assert targets.labels == tag_set.names and targets.scheme == "bio"
    assert [tag_set.names[i] for i in targets.rows[:2].argmax(1)] == ["B-PER", "I-PER"]
    assert not targets.rows[2].any()
    assert not targets.rows[3, 1:5].any() and targets.rows[3, 0] > own[3, 0]
    assert targets.rows[4, 0] == 1


def last_known(answers, n=5, scheme="bio", **kwargs):
    tag_set = TagSet(scheme, LABELS)
    rows = targets_of(answers, tag_set, distributions(n, tag_set), **kwargs).rows
    return [tag_set.names[row.argmax()] if row.any() else "-" for row in rows]


def test_a_later_answer_overrides():
    assert last_known([token(1, "PER"), token(1, "O")])[1] == "O"
    assert last_known([mention(0, 3, "PER"), mention(0, 3, "LOC")])[:3] == [
        "B-LOC", "I-LOC", "I-LOC"]  # fmt: skip


def test_what_a_later_answer_leaves_of_a_mention_is_unknown():
    known = last_known([mention(0, 3, "PER"), mention(2, 4, "LOC")])
    assert known == ["-", "-", "B-LOC", "I-LOC", "-"]
    assert last_known([mention(0, 3, "PER"), token(1, "O")])[:3] == ["-", "O", "-"]
    assert last_known([mention(0, 3, "PER"), token(1, "PER")])[:3] == [
        "B-PER", "I-PER", "I-PER"]  # fmt: skip


def test_refusals_add_up_until_something_is_chosen():
    tag_set = TagSet("io", LABELS)
    own = distributions(1, tag_set)
    answers = [token(0, None, ("PER",)), token(0, None, ("LOC",))]
    row = targets_of(answers, tag_set, own).rows[0]
    assert not row[1] and not row[2] and row[3] > 0
    row = targets_of([*answers, token(0, "LOC", ("LOC",))], tag_set, own).rows[0]
    assert row.tolist() == [0, 0, 1, 0]


def test_a_refusal_of_other_types_leaves_what_was_confirmed():
    assert last_known([token(1, "O"), token(1, None, ("LOC",))])[1] == "O"
    whole = [mention(0, 3, "PER"), token(1, None, ("LOC", "ORG"))]
    assert last_known(whole)[:3] == ["B-PER", "I-PER", "I-PER"]
    tag_set = TagSet("io", LABELS)
    own = distributions(1, tag_set)
    answers = [token(0, "ORG", ("ORG",)), token(0, None, ("PER", "LOC"))]
    assert targets_of(answers, tag_set, own).rows[0].tolist() == [0, 0, 0, 1]
    answers.append(token(0, None, ("ORG",)))
    row = targets_of(answers, tag_set, own).rows[0]
    assert row[1] > 0 and row[2] > 0 and not row[3]


def test_a_label_the_component_lacks_is_refused_by_name():
    with pytest.raises(ValueError, match="'GPE' is no label"):
        last_known([token(0, "GPE")])
    with pytest.raises(ValueError, match="4:6 of 'a', which has 5"):
        last_known([mention(4, 6, "PER")])
    assert last_known([token(0, None, ("GPE",))])[0] != "-"


@st.composite
def sessions(draw):
    n = draw(st.integers(1, 6))
    answers = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, n - 1))
        unit = draw(st.sampled_from(["token", "mention"]))
        end = start + 1 if unit == "token" else draw(st.integers(start + 1, n))
        shown = draw(st.lists(st.sampled_from(LABELS), min_size=1, unique=True))
        chosen = draw(st.sampled_from([None, *LABELS]))
        answers.append(Answer("a", start, end, tuple(shown), chosen, unit))
    return n, answers


@settings(deadline=None)
@given(sessions(), st.sampled_from(SCHEMES), st.sampled_from(MODES), st.booleans())
def test_rows_are_distributions_without_what_was_refused(session, scheme, mode, dr):
    n, answers = session
    tag_set = TagSet(scheme, LABELS)
    own, imputed = distributions(n, tag_set), distributions(n, tag_set, seed=1)
    targets = targets_of(
        answers, tag_set, own, imputed, mode=mode, doubly_robust=dr, temperature=2.0
    )
    mass = targets.rows.sum(1)
    np.testing.assert_allclose(mass * (mass - 1), 0, atol=1e-5)
    asked = {i for a in answers for i in range(a.start, a.end)}
    assert not mass[[i for i in range(n) if i not in asked]].any()
    if answers and answers[-1].chosen is None and mode != "imputed":
        last = answers[-1]
        refused = tags_of_types(tag_set, [last.shown])[0]
        assert not targets.rows[last.start : last.end, refused].any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_nobody_was_asked_about_is_what_the_model_finds(scheme):
    tag_set = TagSet(scheme, LABELS)
    own = distributions(5, tag_set)
    answers = [mention(0, 2, "PER")] if scheme != "token" else [token(0, "PER")]
    answers.append(token(3, None))
    told = targets_of(answers, tag_set, own).rows
    filled = targets_of(answers, tag_set, own, fill=True).rows
    unknown = ~told.any(axis=1)
    assert unknown.tolist()[2:] == [True, False, True]
    np.testing.assert_array_equal(filled[unknown], own[unknown])
    np.testing.assert_array_equal(filled[~unknown], told[~unknown])

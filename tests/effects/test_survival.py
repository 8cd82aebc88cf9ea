"""How often a prediction survives a same-type swap."""

import pytest
from known_pipelines import NAMES, gold
from numpy.random import default_rng
from spacy.tokens import Doc, Span

from spacy_causal.cli.effects import create_swap
from spacy_causal.effects.measure import measure_effects
from spacy_causal.effects.swaps import SwappedDoc, count_survivals


@pytest.fixture
def by_rule(nlp):
    nlp.add_pipe("names_by_rule")
    return nlp


def test_another_form_of_the_type_with_white_space_kept(nlp):
    bank = Doc(nlp.vocab, words=["New", "York", "U.K", "."], spaces=[1, 0, 0, 0])
    bank.ents = [Span(bank, 0, 2, "LOC"), Span(bank, 2, 4, "LOC")]
    doc = Doc(nlp.vocab, words=["In", "Oslo", ",", "then"], spaces=[1, 0, 1, 0])
    swap = create_swap([bank])
    seen = {swap(doc, ("LOC", 1, 2), default_rng(i)).doc.text for i in range(20)}
    assert seen == {"In New York, then", "In U.K., then"}
    swapped = swap(doc, ("LOC", 1, 2), default_rng(0))
    _, start, end = swapped.span
    assert swapped.doc[start:end].text in ("New York", "U.K.")


def test_there_has_to_be_another(nlp, golds):
    swap = create_swap(golds)
    doc = gold(nlp.vocab, "Mrs Anna")
    assert swap(doc, ("ORG", 1, 2), default_rng(0)) is None
    forms = {swap(doc, ("PER", 1, 2), default_rng(i)).doc[1].text for i in range(20)}
    assert forms == {"Bert", "Cleo"}


def test_survives_where_the_new_name_is_known(by_rule):
    """Half of the donors are names that the rule knows."""
    donors = [
        gold(by_rule.vocab, t, {**NAMES, "Dora": "PER"}) for t in ("Bert", "Dora")
    ]
    doc = gold(by_rule.vocab, "Anna came")
    swap = create_swap(donors)
    survived = measure_effects(by_rule, [doc] * 200, swap=swap, samples=0)
    estimate = survived.tables["swaps"].overall["survived"]
    assert estimate.n == 200
    assert estimate.value == pytest.approx(0.5, abs=0.15)


def test_only_what_was_found_is_swapped_and_no_more_than_asked(by_rule):
    doc = gold(by_rule.vocab, "Anna Bert Cleo Anna")
    found = [("PER", i, i + 1) for i in range(4)]
    swap = create_swap([doc])
    (counts,) = count_survivals(
        by_rule, [doc], [found], swap, default_rng(0), per_doc=2
    )
    assert counts == {"PER": (2, 2, 2)}
    assert count_survivals(by_rule, [doc], [[]], swap, default_rng(0)) == [{}]


def test_half_a_mention_is_none(nlp, by_rule):
    def swap(doc, span, rng):
        return SwappedDoc(Doc(nlp.vocab, words=["Anna", "Bert"]), ("PER", 0, 2))

    doc = gold(nlp.vocab, "Anna")
    counts = count_survivals(by_rule, [doc], [[("PER", 0, 1)]], swap, default_rng(0))
    assert counts == [{"PER": (0, 1, 1)}]

"""Strategies by name: ours, and those that other packages register."""

import catalogue
import pytest
from spacy import registry
from thinc.api import Config

from spacy_causal.acquisition.named import (
    describe_strategy,
    make_strategy,
    strategy_names,
)
from spacy_causal.acquisition.strategies import DEFAULT_WEIGHT, create_random


@pytest.fixture
def shortest(monkeypatch):
    """A strategy of somebody else's, for as long as a test runs."""
    monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))

    @registry.misc("spacy-causal.acquire_shortest.v1")
    def create_shortest(reverse: bool = False):
        return create_random()

    return create_shortest


def test_settings_reach_the_strategy():
    needs = make_strategy("bald:samples=7,dropout=0.3").needs
    assert (needs.samples, needs.dropout) == (7, 0.3)
    assert make_strategy("bald:samples=7:dropout=0.3").needs == needs
    needs = make_strategy("wbadge:engine=factors,sketch_width=64").needs
    assert (needs.gradients, needs.sketch_width) == ("factors", 64)
    acquire = make_strategy("wbadge:weight=l2,near_duplicates=0.95")
    assert acquire.needs.words and acquire.near_duplicates == 0.95
    assert acquire.fill.keywords == {"weight": "l2"}
    assert make_strategy("vote_entropy").needs.votes == 3


def test_the_weight_1_is_read_as_a_number_and_known():
    assert make_strategy("wbadge:weight=1").needs.gradients == "auto"
    written = "[it]\n@misc = spacy-causal.acquire_wbadge.v1\nweight = 1"
    acquire = registry.resolve(Config().from_str(written))["it"]
    assert acquire.fill.keywords == {"weight": 1}


def test_settings_beside_the_text():
    assert make_strategy("mnlp", near_duplicates=0.5).near_duplicates == 0.5
    with pytest.raises(ValueError, match="'weight' is set twice"):
        make_strategy("wbadge:weight=l2", weight="1")


def test_somebody_elses_strategy_is_named_like_ours(shortest):
    assert "shortest" in strategy_names()
    assert describe_strategy("shortest:reverse=true") == {"reverse": True}
    assert not make_strategy("shortest").needs.gradients


def test_an_unknown_name_is_told_which_there_are(shortest):
    with pytest.raises(ValueError, match="Unknown strategy 'psychic': one of") as said:
        make_strategy("psychic:power=9")
    listed = str(said.value).partition("one of ")[2].rstrip(".").split(", ")
    assert listed == sorted(listed) and {"shortest", "bald", "wbadge"} < {*listed}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mnlp:taste=3", "'mnlp': .*unexpected keyword argument 'taste'"),
        ("bald:samples=1", "two passes"),
        ("wbadge:weight=heavy", "not 'heavy'"),
        ("wbadge:engine=ray", "held, is one of auto, .*factors, not 'ray'"),
        ("badge:sketch_width=0", "A sketch needs at least one column, not 0"),
        ("wbadge:sketch_width=1.5", "A sketch needs at least one column, not 1.5"),
        ("bald:samples=2.5", "two passes"),
        ("bald:samples=many", "two passes"),
        ("vote_entropy:committee=2.5", "two members or more, not 2.5"),
        ("least_confidence:sum_tokens=False", "true or false, not 'False'"),
        ("mnlp:near_duplicates=yes", "at most 1, not yes"),
        ("random:near_duplicates=0", "at most 1, not 0"),
    ],
)
def test_settings_that_a_strategy_does_not_take(text, said):
    with pytest.raises(ValueError, match=said):
        make_strategy(text)


def test_rows_have_the_defaults_too():
    assert describe_strategy("wbadge:near_duplicates=0.9") == {
        "weight": DEFAULT_WEIGHT,
        "engine": "auto",
        "sketch_width": 1024,
        "near_duplicates": 0.9,
    }

"""What is drawn to be replayed."""

import pytest
from numpy.random import default_rng

from spacy_causal.learning.replay import draw, draw_replay

GOLD, LESSONS = list("abcdefgh"), list(range(100))


@pytest.mark.parametrize("share,least", [(0.25, 5), (0.3, 6), (1.0, 8), (0.0, 0)])
@pytest.mark.parametrize("seed", range(5))
def test_a_share_is_gold(share, least, seed):
    drawn = draw_replay(GOLD, LESSONS, 20, share, default_rng(seed))
    assert len(drawn) == len(set(drawn)) == 20
    assert all(isinstance(x, str) for x in drawn[:least])
    assert sum(isinstance(x, str) for x in drawn) >= least


@pytest.mark.parametrize("gold,share", [([], 0.25), (GOLD, 0.0)])
def test_without_gold_or_a_share_all_are_drawn_alike(gold, share):
    drawn = draw_replay(gold, LESSONS, 20, share, default_rng(0))
    assert drawn == draw([*gold, *LESSONS], 20, default_rng(0))


def test_all_there_is_and_no_more():
    assert sorted(draw_replay(GOLD, [], 50, 0.25, default_rng(0))) == GOLD
    assert draw_replay([], [], 5, 0.25, default_rng(0)) == []
    drawn = draw_replay(GOLD, LESSONS[:2], 50, 0.25, default_rng(0))
    assert sorted(map(str, drawn)) == ["0", "1", *GOLD]

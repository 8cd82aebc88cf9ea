"""Areas under learning curves, words needed, and what is said of them."""

import numpy as np
import pytest

from spacy_causal.experiments.active_curves import (
    HEADER,
    NEEDED,
    Curve,
    area,
    areas,
    curves_of,
    findings,
    gain,
    needed,
    needed_table,
    score_at,
    table,
    words_needed,
)
from spacy_causal.experiments.active_page import _draw


def rows_of(strategy, seed, words, scores):
    return [
        {
            "strategy": strategy,
            "seed": seed,
            "round": number,
            "words": n,
            "score": score,
            "sentences": n // 10,
            "mean_length": 10.0,
            "pick_seconds": 0.5,
        }
        for number, (n, score) in enumerate(zip(words, scores, strict=True))
    ]


ROWS = [
    *rows_of("random", 0, [100, 200, 300], [0.2, 0.4, 0.6]),
    *rows_of("random", 1, [100, 200, 290], [0.1, 0.3, 0.5]),
    *rows_of("wbadge", 0, [100, 200, 310], [0.2, 0.6, 0.8]),
    *rows_of("wbadge", 1, [100, 195, 300], [0.1, 0.5, 0.8]),
    *rows_of("all", 0, [1000], [0.8]),
    *rows_of("all", 1, [1000], [0.8]),
]


def test_an_area_is_the_mean_of_the_line_between_the_rounds():
    curve = Curve([100, 150, 400], [0.1, 0.6, 0.2])
    for until in (120, 150, 333, 400):
        grid = np.linspace(100, until, 100_001)
        expected = np.interp(grid, curve.words, curve.scores).mean()
        assert area(curve, until) == pytest.approx(expected, abs=1e-5)
        assert score_at(curve, until) == pytest.approx(
            np.interp(until, curve.words, curve.scores)
        )
    assert area(curve, 100) == score_at(curve, 1) == 0.1
    assert score_at(curve, 500) == 0.2


def test_areas_end_where_the_strategies_of_a_seed_all_came_to():
    found = areas(curves_of(ROWS))
    assert found["random"][0] == pytest.approx(0.4)
    assert found["random"][1] == pytest.approx(
        area(Curve([100, 200, 290], [0.1, 0.3, 0.5]), 290)
    )
    at_300 = 0.6 + 0.2 * 100 / 110
    assert found["wbadge"][0] == pytest.approx((0.4 + (0.6 + at_300) / 2) / 2)


def test_words_needed():
    curve = Curve([100, 200, 300], [0.2, 0.6, 0.5])
    assert words_needed(curve, 0.1) == 100
    assert words_needed(curve, 0.3) == pytest.approx(125)
    assert words_needed(curve, 0.6) == pytest.approx(200)
    assert words_needed(curve, 0.7) is None
    seeds = curves_of(ROWS)["wbadge"]
    full = {0: 0.8, 1: 0.8}
    assert needed(seeds, full, 0.5) == f"{(150 + 171.25) / 2:,.0f}"
    assert needed(seeds, {0: 0.8, 1: 0.9}, 1.0) == "310 (1 of 2 seeds)"
    assert needed(seeds, {0: 0.9, 1: 0.9}, 1.0) == "not reached"
    assert needed(seeds, {}, 1.0) == "–"


def test_gains_are_paired_by_seed():
    found = gain({"a": {0: 0.5, 1: 0.7}, "b": {1: 0.5, 0: 0.4}}, "a", "b")
    assert found.mean == pytest.approx(0.15) and found.n == 2
    # Student's t with one degree of freedom, 12.706 · sd / √2.
    assert found.half == pytest.approx(12.7062 * 0.070711 / 2**0.5, rel=1e-3)


def test_the_table_has_the_largest_area_first():
    lines = table(ROWS)
    assert [line[0] for line in lines] == ["wbadge", "random", "everything"]
    assert all(len(line) == len(HEADER) for line in lines)
    words = needed_table(ROWS)
    assert words[0][:2] == ["wbadge", "287"] and len(words[0]) == len(NEEDED)
    assert words[1] == ["random", *["not reached"] * 3]
    without = [row for row in ROWS if row["strategy"] != "all"]
    assert len(table(without)) == 2 and needed_table(without) == []


def test_the_last_score_is_of_all_seeds_also_of_those_that_ended_early():
    rows = rows_of("random", 0, [100, 200, 300], [0.2, 0.4, 0.6])
    rows += rows_of("random", 1, [100, 200], [0.2, 0.2])
    (line,) = table(rows)
    assert line[HEADER.index("last F1")].startswith("40.0")
    assert line[HEADER.index("words")] == "250"


def test_the_answer_says_who_how_much_and_how_sure():
    said = findings(ROWS)
    assert said[0].startswith("wbadge does best from 100 to 295 words labelled")
    assert "points to random (95 % interval, 2 seeds" in said[0]
    assert "287 words with wbadge and more words than were bought" in said[1]
    better = [
        {**row, "score": 0.99 if row["strategy"] == "all" else row["score"]}
        for row in ROWS
    ]
    assert findings(better)[1:] == [
        "95 %, 98 %, 99 % of the F1 that all words give (99.0 ± 0.0) takes more words "
        "than were bought."
    ]
    one_seed = [row for row in ROWS if row["seed"] == 0]
    assert "one seed: no interval" in findings(one_seed)[0]
    alone = [row for row in one_seed if row["strategy"] == "random"]
    said = "With random, mean F1 from 100 to 300 words labelled is 40.0."
    assert findings(alone) == [said]


@pytest.mark.parametrize(
    "names",
    [
        ["random"],
        ["random", "mnlp", "badge", "token_entropy", "wbadge:weight=1/l2"] * 2,
        ["wbadge:weight=1/l2,near_duplicates=0.95", "bald:samples=100,dropout=0.5"],
    ],
)
def test_the_legend_is_not_cut_off(names):
    curves = {
        f"{name}{' ' * i}": {0: Curve([100, 200], [0.2, 0.4])}
        for i, name in enumerate(names)
    }
    drawing = _draw(curves, {0: 0.9})
    drawing.draw_without_rendering()
    (legend,) = drawing.legends
    inside, whole = legend.get_window_extent(), drawing.bbox
    assert inside.x0 >= 0
    assert inside.x1 <= whole.x1

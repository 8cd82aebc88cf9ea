"""How much less annotation comes to the same F1, on curves worked out by hand."""

import pytest

from spacy_causal.experiments.active_curves import curves_of
from spacy_causal.experiments.savings import (
    ABLATION,
    SAVINGS,
    Costs,
    ablation_table,
    answer,
    in_reading,
    in_time,
    reached,
    savings_table,
)

COSTS = Costs(24.0, 17.0)


def rows_of(arm, curves, *, asked=False):
    """Two sentences at first, two more a round, ten words a sentence."""
    return [
        {
            "strategy": arm,
            "seed": seed,
            "round": number,
            "words": 20 * (number + 1),
            "share": 0.1 * (number + 1),
            "sentences": 2 * (number + 1),
            "asked": 2 * number if asked else 0,
            "questions": 5 * min(number, 1) if asked else 0,
            "score": score,
        }
        for seed, scores in enumerate(curves)
        for number, score in enumerate(scores)
    ]


PLAIN = rows_of("plain", [[0.2, 0.3, 0.4], [0.2, 0.4, 0.5]])
BETTER = rows_of("better", [[0.2, 0.4, 0.6], [0.2, 0.5, 0.6]], asked=True)
WORSE = rows_of("worse", [[0.2, 0.3, 0.45], [0.2, 0.2, 0.3]])


def test_words_until_the_baselines_end_are_found_between_rounds():
    curves = curves_of([*PLAIN, *rows_of("arm", [[0.2, 0.3, 0.5], [0.2, 0.6, 0.6]])])
    found = reached(curves, "arm", "plain")
    assert found.spent == pytest.approx({0: 50, 1: 35})
    assert found.ratios == pytest.approx({0: 50 / 60, 1: 35 / 60})
    assert found.interval.mean == pytest.approx(85 / 120)
    assert found.interval.n == 2


def test_a_seed_that_does_not_come_to_it_leaves_no_interval():
    found = reached(curves_of([*PLAIN, *WORSE]), "worse", "plain")
    assert list(found.spent) == [0] and found.seeds == 2
    assert found.interval is None


def test_only_what_was_asked_about_costs_less_time():
    assert [row["words"] for row in in_time(PLAIN[:3], COSTS)] == [48, 96, 144]
    times = [row["words"] for row in in_time(BETTER[:3], COSTS)]
    assert times == [2 * 24, 2 * 24 + 2 * 17, 2 * 24 + 4 * 17]


def test_an_opened_list_costs_as_much_as_the_whole_sentence_besides():
    rows = [row | {"listed": row["round"]} for row in BETTER[:3]]
    times = [row["words"] for row in in_time(rows, COSTS)]
    assert times == [48, 48 + 2 * 17 + 24, 48 + 4 * 17 + 2 * 24]


def test_words_that_are_read_are_those_annotated_where_rows_say_no_other():
    assert in_reading(PLAIN) == PLAIN
    rows = [row | {"words_read": 2 * row["words"]} for row in BETTER]
    (line, *_) = savings_table([*PLAIN, *rows], "plain", COSTS)[1:]
    said = line[SAVINGS.index("words needed") :][:4]
    assert said == ["40", "67 ± 0 %", "80", "133 ± 0 %"]
    words = answer([*PLAIN, *rows], "plain", "better", [], COSTS)
    assert "67 ± 0 % of those words (133 ± 0 % if all words of" in words
    assert " if all" not in answer([*PLAIN, *BETTER], "plain", "better", [], COSTS)


def test_table_has_a_line_an_arm_beside_the_baseline():
    lines = savings_table([*PLAIN, *BETTER, *WORSE], "plain", COSTS)
    assert all(len(line) == len(SAVINGS) for line in lines)
    by_arm = {line[0]: dict(zip(SAVINGS, line, strict=True)) for line in lines}
    assert list(by_arm) == ["plain", "better", "worse"]
    assert by_arm["plain"]["words needed"] == "60"
    assert by_arm["better"]["words needed"] == "40"
    assert by_arm["worse"]["words needed"] == "53 (1 of 2 seeds)"
    assert by_arm["better"]["questions"] == "10"
    assert by_arm["plain"]["questions"] == "–"
    # Two sentences whole and four with candidates: 116 seconds.
    assert by_arm["better"]["minutes in all"] == "2"


def test_parts_are_compared_with_all_of_them():
    rows = [*BETTER, *WORSE]
    (line,) = ablation_table(rows, "better", {"it": "worse", "more": "nowhere"})
    said = dict(zip(ABLATION[:4], line, strict=False))
    assert said["without"] == "it" and said["pairs"] == "2"
    # 0.6 − 0.45 and 0.6 − 0.3: 22.5 points, half an interval of t(1) wide.
    assert said["with it"].startswith("+22.5 ± 95.3")


def test_last_scores_are_compared_at_words_that_both_have_come_to():
    """An arm that ends after 40 words, and one at 60, which had 0.3 and 0.4 by then."""
    rows = [*PLAIN, *rows_of("short", [[0.2, 0.5], [0.2, 0.6]])]
    _, short = savings_table(rows, "plain", COSTS)
    said = dict(zip(SAVINGS[8:10], short[8:10], strict=True))
    assert said["last F1"].startswith("55.0") and said["to the baseline"][:5] == "+20.0"


def test_answer_names_the_part_and_the_best_single_method():
    said = answer([*PLAIN, *BETTER, *WORSE], "plain", "better", ["worse"], COSTS)
    assert "30 % of the words takes better 67 ± 0 %" in said
    # Ends: 0.6 - 0.45 and 0.6 - 0.3.
    assert "best single method, worse, its last F1 +22.5 ± 95.3 (95 %" in said
    # 82 s of 144 in both seeds.
    assert "57 ± 0 % of the estimated time" in said


def test_answer_without_rows_says_so():
    assert "no rows of both" in answer(PLAIN, "plain", "combined", [], COSTS)

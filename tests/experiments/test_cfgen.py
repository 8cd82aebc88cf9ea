"""CFGen's tables: from rows of its protocol to cells beside the paper's numbers."""

from pathlib import Path

import pytest
from scipy.stats import ttest_rel

from spacy_causal.experiments.cfgen import (
    BASE,
    CONTROL,
    PAPERS,
    Setting,
    arms_of,
    by_seed,
    mean_gains,
    read_paper,
    relative_importance,
)
from spacy_causal.experiments.cfgen_tables import (
    answers,
    effects_table,
    f1_table,
    forms_table,
    gain_table,
    swap_table,
    type_table,
)

NUMBERS = Path(__file__).parents[2] / "assets" / "papers" / "cfgen.json"
ORDER = [BASE, PAPERS, CONTROL, "ours"]
CLUENER = Setting("cluener", "test", "bilstm")
F1 = {
    (BASE, 100): [0.30, 0.32, 0.31],
    (BASE, 200): [0.40, 0.41, 0.45],
    (PAPERS, 100): [0.34, 0.35, 0.36],
    (PAPERS, 200): [0.42, 0.46, 0.45],
}


def scores(relaxed):
    effects = {
        f"{name}_{level}": value
        for name, value in (("ace_c", -0.1), ("ace_e", -0.4), ("ri", 0.3))
        for level in ("entity", "token")
    }
    return {
        "relaxed": relaxed,
        "strict": relaxed / 2,
        "token": relaxed,
        "seen": relaxed + 0.2,
        "unseen": relaxed / 4,
        "per_type": {"book": {"relaxed": relaxed - 0.1}, "name": {"relaxed": relaxed}},
        **effects,
    }


def row(method, n, seed, relaxed, *, best=True, settings="now", **cell):
    return {
        **CLUENER._asdict(),
        "method": method,
        "settings": settings,
        "training": {"epochs": 12},
        "sentences": n,
        "seed": seed,
        "fixed": scores(relaxed),
        "best": scores(relaxed + 0.05) if best else None,
        "swaps": {"kept": 30, "not found": 10, "donors": 99, "seconds": 2},
        **cell,
    }


@pytest.fixture
def rows():
    made = [
        row(method, n, seed, value)
        for (method, n), values in F1.items()
        for seed, value in enumerate(values)
    ]
    control = [
        row(CONTROL, n, seed, 0.33 + n / 1000, best=False, swaps={})
        for n in (100, 200)
        for seed in range(3)
    ]
    return [*made, *control]


@pytest.fixture
def arms(rows):
    return arms_of(rows)[CLUENER]


@pytest.fixture(scope="module")
def paper():
    return read_paper(NUMBERS)


def cells(table):
    return {row[0]: row[1:] for row in table.rows}


def test_paper_numbers_cover_both_tables(paper):
    assert len(paper.f1) == 60
    assert len(paper.effects) == 36
    assert paper.f1["CLUENER", "LSTM", "Aug", 500] == 29.1


def test_paper_effects_agree_with_their_own_equation(paper):
    for (*key, name), value in paper.effects.items():
        if name == "ri":
            context, entity = (paper.effects[(*key, n)] for n in ("ace_c", "ace_e"))
            assert value == pytest.approx(context - entity, abs=0.011), key


def test_paper_gain_on_cluener_is_the_one_it_reports(paper):
    both = [paper.gain(CLUENER._replace(encoder=e)) for e in ("bilstm", "any-bert")]
    assert sum(both) / 2 == pytest.approx(4.43, abs=0.05)
    assert paper.gain(CLUENER, 200) == pytest.approx(5.2)
    assert paper.gain(CLUENER._replace(data="conll2003")) is None


def test_last_settings_of_a_method_count(rows):
    again = row(PAPERS, 100, 0, 0.9, settings="later")
    arms = arms_of([*rows, again])[CLUENER]
    assert by_seed(arms, PAPERS, 100, "fixed", "relaxed") == {0: 0.9}
    assert len(by_seed(arms, BASE, 100, "fixed", "relaxed")) == 3


def test_table_2_has_means_counts_and_the_paper(arms, paper):
    table = f1_table(CLUENER, arms, paper, ORDER, "fixed")
    said = cells(table)
    assert table.header == ["N", "100", "200"]
    assert said[BASE] == ["31.0 ± 1.0 (3)", "42.0 ± 2.6 (3)"]
    assert said["paper, LSTM: Aug"] == ["11.3", "20.4"]
    assert "ours" not in said


def test_gain_over_sizes_is_paired_by_seed(arms, paper):
    gains = mean_gains(arms, PAPERS, BASE, "fixed", "relaxed")
    assert gains == pytest.approx([0.03, 0.04, 0.025])
    said = cells(gain_table(CLUENER, arms, paper, ORDER, "fixed"))
    both = [F1[PAPERS, 100], F1[BASE, 100]]
    tested = ttest_rel(*both).confidence_interval()
    half = 100 * (tested.high - tested.low) / 2
    assert said[PAPERS][0] == f"+4.0 ± {half:.1f}"
    assert said[PAPERS][-1].startswith("+3.2 ± ")
    assert said["paper, LSTM: Aug"] == ["+3.5", "+5.2", "+4.3"]


def test_sizes_that_a_seed_lacks_are_left_out_of_the_mean(rows):
    partial = [r for r in rows if (r["sentences"], r["seed"]) != (200, 2)]
    arms = arms_of(partial)[CLUENER]
    gains = mean_gains(arms, PAPERS, BASE, "fixed", "relaxed")
    assert gains == pytest.approx([0.04, 0.03, 0.05])


def test_control_has_no_best_checkpoint(arms, paper):
    assert mean_gains(arms, CONTROL, BASE, "best", "relaxed") == []
    assert CONTROL not in cells(f1_table(CLUENER, arms, paper, ORDER, "best"))
    assert CONTROL in cells(gain_table(CLUENER, arms, paper, ORDER, "fixed"))


def test_forms_types_effects_and_swaps(arms, paper):
    forms = cells(forms_table(CLUENER, arms, ORDER))
    assert forms[PAPERS][0].startswith("+3.2")
    assert forms[PAPERS][3].startswith("+0.8")
    types = cells(type_table(CLUENER, arms, ORDER))
    assert list(types) == ["book", "name"]
    assert types["book"][1].startswith("+3.2")
    effects = cells(effects_table(CLUENER, arms, paper, ORDER, "fixed"))
    assert effects[BASE][:3] == ["−0.10 ± 0.00", "−0.40 ± 0.00", "0.30 ± 0.00"]
    assert effects["paper, LSTM: NoAug"][:3] == ["−0.20", "−0.51", "0.31"]
    swaps = swap_table(CLUENER, arms, ORDER)
    assert swaps.header[1:] == ["drawn", "kept", "not found"]
    assert cells(swaps)[PAPERS] == ["240", "75.0", "25.0"]


def test_figure_4_by_size_and_arm(arms):
    bars = relative_importance(arms, [BASE, "ours"], "fixed")
    assert bars == {
        "N = 100": {BASE: [0.3] * 3},
        "N = 200": {BASE: [0.3] * 3},
    }


def test_answers_name_the_control(arms, paper):
    first, second = answers(CLUENER, arms, paper, "ours")
    assert "the paper's recipe +3.2 ±" in first
    assert "the paper's +4.3 over its N" in first
    assert "as many steps, +11.5 ± 3.7 (N = 100, 200; seeds: 3)" in first
    assert "best checkpoint: the paper's recipe +3.2 ±" in second
    assert second.endswith("our form not run yet.")
    assert answers(CLUENER, {}, paper, "ours") == []

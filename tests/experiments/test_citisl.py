"""CITISL's tables: from rows of sessions to cells beside the paper's numbers."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from scipy.stats import ttest_rel

from spacy_causal.experiments.citisl import (
    Printed,
    Setting,
    answers,
    difference_table,
    f1_tables,
    fullest,
    question_tables,
    read_paper,
    sessions_of,
    user_tables,
    values,
)
from spacy_causal.experiments.curves import draw_curves
from spacy_causal.experiments.paired import (
    differences,
    gap_closed,
    gap_closed_by,
    interval,
)
from spacy_causal.experiments.sections import (
    Figure,
    Section,
    Table,
    render_sections,
)

NUMBERS = Path(__file__).parents[2] / "assets" / "papers" / "citisl.json"
ORDER = ["BERT", "CITISL", "ours", "GroundTruth", "TotalData"]
CONLL = Setting("conll_pos", "test", 0, 0.1, 3, "perfect")
HOSTILE = '<script>alert("x")</script>'


def row(method, seed, f1, *, settings="as now", unseen=0.5, session=0.9, **cell):
    return {
        **CONLL._asdict(),
        "method": method,
        "seed": seed,
        "settings": settings,
        "all": f1,
        "unseen": unseen,
        "first": session and session - 0.1,
        "session": session,
        "frequent": session and 0.4,
        "random": session and 0.1,
        **cell,
    }


@pytest.fixture
def rows():
    return [
        row("BERT", 0, 0.60, unseen=0.0),
        row("BERT", 1, 0.62, unseen=0.0),
        row("ours", 0, 0.80),
        row("ours", 1, 0.82),
        row("GroundTruth", 0, 0.85),
        row("GroundTruth", 1, 0.86),
        row("TotalData", 0, 0.90, session=None),
    ]


@pytest.fixture(scope="module")
def paper():
    return read_paper(NUMBERS)


def cells(table):
    return {cells[0]: cells[1:] for cells in table.rows}


def test_paper_numbers_cover_both_tables(paper):
    shares = {
        **dict.fromkeys(("CoNLL-2003-POS", "UD-ENG", "OntoNote"), (0.1, 0.15, 0.2)),
        "Few-NERD": (0.03, 0.05, 0.1),
    }
    ablations = {"CITISL", "-EM", "-EM-CBA", "GroundTruth"}
    for table, methods in ((1, {"BERT", "CBA", "IS", *ablations}), (2, ablations)):
        expected = {
            (table, data, share, method)
            for data in shares
            for share in shares[data]
            for method in methods
        } | {(table, data, None, "TotalData") for data in shares}
        assert {key for key in paper.printed if key[0] == table} == expected


def test_paper_numbers_are_each_there_once(paper):
    rows = json.loads(NUMBERS.read_text(encoding="utf8"))["rows"]
    assert len(rows) == len(paper.printed) == 140
    assert all(0 < r["f1"] < 100 and 0 <= r["error"] < 20 for r in rows)


@pytest.mark.parametrize(
    ("table", "data", "share", "method", "text"),
    [
        (1, "conll_pos", 0.1, "BERT", "66.71 ± 0.06"),
        (1, "conll_pos", 0.2, "CITISL", "91.39 ± 0.65"),
        (1, "ewt", 0.15, "GroundTruth", "64.38 ± 11.50"),
        (1, "fewnerd_inter", 0.03, "-EM-CBA", "61.36 ± 1.03"),
        (1, "ontonotes", 0.1, "BERT", "75.53 ± 0.00"),
        (2, "fewnerd_inter", 0.1, "CITISL", "58.65 ± 0.83"),
        (2, "ontonotes", 0.2, "-EM", "79.52 ± 4.19"),
        (2, "ewt", 0.1, "TotalData", "95.97 ± 0.003"),
        (1, "conll_pos", 0.15, "TotalData", "91.63 ± 0.0006"),
    ],
)
def test_paper_numbers_read_as_printed(paper, table, data, share, method, text):
    setting = CONLL._replace(data=data, share=share)
    assert str(paper.value(table, setting, method)) == text


@pytest.mark.parametrize(
    ("table", "data", "share", "method"),
    [(2, "conll_pos", 0.1, "BERT"), (1, "conll_pos", 0.5, "CITISL")],
)
def test_paper_has_nothing_for_other_cells(paper, table, data, share, method):
    assert paper.value(table, CONLL._replace(data=data, share=share), method) is None


def test_gap_closed():
    assert gap_closed(0.8, 0.6, 0.85) == pytest.approx(0.8)
    assert gap_closed(0.5, 0.6, 0.8) == pytest.approx(-0.5)
    assert gap_closed(0.5, 0.6, 0.6) is None


def test_gap_closed_is_of_the_seeds_that_all_have():
    low, high = {0: 0.6, 1: 0.0}, {0: 0.8, 1: 1.0, 2: 1.0}
    assert gap_closed_by({0: 0.7}, low, high) == pytest.approx(0.5)
    assert gap_closed_by({0: 0.7, 1: 0.9, 2: 0.0}, low, high) == pytest.approx(5 / 6)
    assert gap_closed_by({2: 0.7}, low, high) is None


def test_interval_is_that_of_the_paired_t_test():
    arm, base = {0: 0.8, 1: 0.75, 2: 0.9}, {2: 0.7, 0: 0.7, 1: 0.8, 3: 0.1}
    found = interval(differences(arm, base))
    wanted = ttest_rel([0.8, 0.75, 0.9], [0.7, 0.8, 0.7]).confidence_interval(0.95)
    assert found.n == 3
    assert found.mean - found.half == pytest.approx(wanted.low)
    assert found.mean + found.half == pytest.approx(wanted.high)


def test_interval_of_few():
    assert interval([]) is None
    assert interval([0.25]) == (0.25, None, 1)


def test_rows_of_older_settings_are_left_out(rows):
    older = [row("ours", seed, 0.1, settings="older") for seed in (0, 1, 2)]
    found = sessions_of([*older, *rows])
    assert values(found[CONLL], "ours", "all") == {0: 0.80, 1: 0.82}


def test_settings_stand_in_the_papers_order(rows):
    others = [row("BERT", 0, 0.5, data=data) for data in ("x", "fewnerd_inter", "ewt")]
    order = [setting.data for setting in sessions_of([*others, *rows])]
    assert order == ["conll_pos", "ewt", "fewnerd_inter", "x"]


def test_table_1_stands_beside_the_papers(rows, paper):
    (table,) = f1_tables(sessions_of(rows), paper, 1, ORDER)
    assert cells(table) == {
        "BERT": ["61.0 ± 1.4 (2)", "66.71 ± 0.06"],
        "CITISL": ["–", "85.90 ± 0.66"],
        "ours": ["81.0 ± 1.4 (2)", "–"],
        "GroundTruth": ["85.5 ± 0.7 (2)", "86.22 ± 0.76"],
        "TotalData": ["90.0 (1)", "91.63 ± 0.0006"],
    }
    assert table.groups == [("CoNLL-2003-POS, 10 %", 2)]


def test_table_2_is_about_unseen_classes(rows, paper):
    (table,) = f1_tables(sessions_of(rows), paper, 2, ORDER)
    assert cells(table)["BERT"] == ["0.0 ± 0.0 (2)", "–"]
    assert cells(table)["CITISL"] == ["–", "74.05 ± 2.98"]


def test_four_settings_make_two_tables(rows, paper):
    more = [row("BERT", 0, 0.5, k=k) for k in (5, 7, 9)]
    tables = f1_tables(sessions_of([*rows, *more]), paper, 1, ORDER)
    assert [len(table.groups) for table in tables] == [3, 1]
    assert all(len(r) == len(t.header) for t in tables for r in t.rows)


def test_differences_are_paired_by_seed(rows, paper):
    table = difference_table(CONLL, sessions_of(rows)[CONLL], paper, ORDER)
    found = cells(table)
    assert found["ours"][:4] == ["2", "−4.5 ± 6.4", "+0.0 ± 0.0", "82 %"]
    assert found["TotalData"][:2] == ["1", "+5.0"]
    # (85.90 − 66.71) / (86.22 − 66.71)
    assert found["CITISL"] == ["–", "–", "–", "–", "−0.32", "−0.93", "98 %"]
    assert "GroundTruth" not in found


def test_questions_stand_beside_labels_shown_without_a_model(rows):
    (table,) = question_tables(sessions_of(rows), ORDER)
    found = cells(table)
    assert found["ours"] == ["80.0 ± 0.0", "90.0 ± 0.0"]
    assert found["the K most frequent"] == ["–", "40.0 ± 0.0"]
    assert found["K at random"] == ["–", "10.0 ± 0.0"]
    assert "TotalData" not in found


def test_users_are_compared_with_the_perfect_one(rows):
    assert user_tables(sessions_of(rows), ORDER) == []
    wrong = [row(name, 1, 0.80, user="half") for name in ("ours", "CITISL")]
    (table,) = user_tables(sessions_of([*rows, *wrong]), ORDER)
    assert table.caption == "CoNLL-2003-POS, 10 %, user: half"
    assert cells(table) == {
        "CITISL": ["80.0 (1)", "–", "–", "90.0"],
        "ours": ["80.0 (1)", "−2.0", "+0.0", "90.0"],
    }


def test_answers_say_what_was_run(rows):
    methods = sessions_of(rows)[CONLL]
    (said,) = answers(CONLL, methods, {"CITISL": "the paper's", "ours": "our default"})
    assert "our default ends −4.5 ± 6.4 and +0.0 ± 0.0 from it" in said
    assert "(gap to BERT closed: 82 %, seeds: 2)" in said
    assert "the paper's" not in said
    assert answers(CONLL, {}, {"ours": "our default"}) == []


def test_the_answer_is_about_the_setting_where_most_was_run(rows):
    fewer = [row("CITISL", 0, 0.7, sentences=500), row("ours", 0, 0.7, sentences=500)]
    other = [row("ours", 0, 0.7, data="ewt", sentences=n) for n in (0, 900)]
    found = sessions_of([*rows, *fewer, *other])
    best = fullest(found, ["CITISL", "ours"])
    assert {s.data: s.sentences for s in best} == {"conll_pos": 500, "ewt": 0}


def test_printed_errors_keep_their_digits():
    assert str(Printed(91.63, 0.0006)) == "91.63 ± 0.0006"
    assert str(Printed(67.26, 0.7)) == "67.26 ± 0.70"


@pytest.mark.parametrize("seeds", [1, 3])
def test_curves_are_drawn_of_what_there_is(seeds):
    panels = {
        "all": {"ours": [[0.1, 0.5, 0.9]] * seeds, "TotalData": [[0.9]]},
        "unseen": {},
    }
    svg = draw_curves(panels, name="x", alt="a < b", colors={"ours": "#009e73"})
    assert svg.startswith("<svg ") and "a &lt; b" in svg and "TotalData" in svg
    again = draw_curves(panels, name="x", alt="a < b", colors={"ours": "#009e73"})
    assert again == svg


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("where", ["title", "text", "cell", "group", "caption"])
def test_hostile_text_is_text_in_sections(where):
    said = dict.fromkeys(("title", "text", "cell", "group", "caption"), "words")
    said[where] = HOSTILE
    section = Section(
        title=said["title"],
        text=[said["text"]],
        figures=[Figure("<svg></svg>", said["caption"])],
        tables=[
            Table("numbers", ["a", "b"], [["x", said["cell"]]], [(said["group"], 1)])
        ],
    )
    tags = Tags(render_sections("Title", "Question?", ["Answer."], [section]))
    assert not {"script", "link", "img"}.intersection(tags.found)
    assert HOSTILE in tags.text and "svg" in tags.found


def test_a_trained_encoder_is_a_setting_of_its_own(rows, paper):
    tuned = row("BERT", 0, 0.9, encoder="minilm")
    del rows[0]["encoder"]
    found = sessions_of([*rows, tuned])
    assert [setting.encoder for setting in found] == ["frozen", "minilm"]
    assert found[CONLL]["BERT"][0]["all"] == 0.60
    assert list(found)[1].name == "CoNLL-2003-POS, 10 %, minilm trained along"


def test_the_paper_is_beside_its_own_k_alone(paper):
    assert paper.value(1, CONLL, "CITISL") is not None
    assert paper.value(1, CONLL._replace(k=5), "CITISL") is None

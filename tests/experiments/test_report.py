"""The report: from files on disk to a page that needs nothing beside itself."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import spacy
import srsly
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.experiments.comparison import Comparison, Reading, compare
from spacy_causal.experiments.page import render_page, write_page
from spacy_causal.experiments.report import Report, gather
from spacy_causal.experiments.scores import Score, ScoreTable, read_scores, spread
from spacy_causal.experiments.wording import answer, format_spread
from spacy_causal.types import Confounder

HOSTILE = '<script>alert("x")</script>'
TESTS = ("test", "test_repaired")


def score(arm, seed, test, f):
    return Score(arm, seed, test, {"ents_f": f}, {"ORG": f})


def scores(plain=(0.5, 0.6), causal=(0.7, 0.9)):
    pairs = {"plain": plain, "causal": causal}
    return ScoreTable(
        [
            score(arm, str(seed), test, f)
            for arm, values in pairs.items()
            for seed, f in enumerate(values)
            for test in TESTS
        ]
    )


def make_report(text="Acme spoke .", label="ORG", word="windows", command="train"):
    readings = [
        Reading(text, [(0, 4, label)], {"plain": [], "causal": [(0, 4, label)]})
    ]
    return Report(
        scores=scores(),
        support={test: {label: 3} for test in TESTS},
        comparison=Comparison(9, 1, {"plain": 0, "causal": 1}, readings),
        confounders=[Confounder(word, 0.25, 0.5)],
        commands=[command],
        versions={"Python": "3.11"},
    )


class Page(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data):
        self.text += data


def test_page_needs_no_network():
    html = render_page(make_report())
    page = Page(html)
    links = [v for k, v in page.attributes if k in ("src", "href", "xlink:href")]
    assert all(link.startswith("#") for link in links)
    assert not {"script", "link", "img", "iframe"}.intersection(page.tags)
    assert not re.search(r"url\((?!#)|@import", html)


@pytest.mark.parametrize("where", ["text", "label", "word", "command"])
def test_hostile_text_is_text(where):
    page = Page(render_page(make_report(**{where: HOSTILE})))
    assert "script" not in page.tags
    assert HOSTILE in page.text


def test_page_says_what_there_is():
    page = Page(render_page(make_report()))
    for words in ("windows", "0.2500", "80.0 ± 14.1", "plain in 0, causal in 1"):
        assert words in page.text
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    charts = [v for k, v in page.attributes if k == "aria-label" and "F1" in v]
    assert len(charts) == page.tags.count("svg") == 2


def test_page_is_the_same_each_time():
    assert render_page(make_report()) == render_page(make_report())


@pytest.mark.parametrize(
    ("causal", "verdict"),
    [
        ((0.7, 0.8), "is ahead of"),
        ((0.3, 0.4), "is behind"),
        ((0.4, 0.8), "does not differ beyond the spread over seeds from"),
        ((0.7,), "is compared, on one seed, with"),
    ],
)
def test_answer_claims_no_more_than_the_seeds_show(causal, verdict):
    assert f"causal {verdict} plain" in answer(scores(causal=causal), "test")


@pytest.mark.parametrize(
    ("values", "text"), [([], "–"), ([0.5], "50.0"), ([0.4, 0.6], "50.0 ± 14.1")]
)
def test_spread(values, text):
    assert format_spread(values) == text


def test_spread_of_nothing():
    assert spread([]) is None


def entity_ruler(patterns):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    return nlp


def test_comparison_counts_who_is_nearest(examples):
    acme = entity_ruler([{"label": "ORG", "pattern": "Acme Services"}])
    golds = [eg.reference for eg in examples]
    found = compare({"plain": spacy.blank("en"), "causal": acme}, golds, limit=1)
    assert (found.n_texts, found.n_differ) == (4, 2)
    assert found.nearest == {"plain": 0, "causal": 2}
    assert [reading.text for reading in found.shown] == [golds[0].text]


@pytest.fixture
def run(tmp_path, examples):
    """A finished run of two arms that are entity rulers."""
    (tmp_path / "corpus").mkdir()
    for test in TESTS:
        docs = DocBin(docs=[eg.reference for eg in examples], store_user_data=True)
        docs.to_disk(tmp_path / "corpus" / f"{test}.spacy")
    for arm, pattern in (("causal", "Acme Services"), ("plain", "Berlin")):
        nlp = entity_ruler([{"label": "ORG", "pattern": pattern}])
        trained = tmp_path / "training" / arm / "0"
        trained.mkdir(parents=True)
        nlp.to_disk(trained / "model-best")
        folder = tmp_path / "metrics" / arm / "0"
        folder.mkdir(parents=True)
        found = {"ents_f": 0.5, "ents_per_type": {"ORG": {"f": 0.5}}}
        srsly.write_json(folder / "test.json", found)
        srsly.write_json(folder / "test_repaired.json", {"causal_ner": found})
    out = str(tmp_path / "metrics" / "plain")
    entry = {"script": ["spacy evaluate"], "outs": [{"path": out}]}
    other = {"script": ["other"], "outs": [{"path": "elsewhere"}]}
    srsly.write_yaml(tmp_path / "project.lock", {"evaluate": entry, "other": other})
    return tmp_path


def folders(run):
    return [run / name for name in ("metrics", "training", "corpus")]


def test_gather_reads_what_a_run_left(run):
    report = gather(*folders(run), lock=run / "project.lock")
    assert report.scores.arms == ["plain", "causal"]
    assert report.scores.tests == list(TESTS)
    assert report.support["test"] == {"LOC": 3, "ORG": 2, "PER": 3}
    assert report.comparison.n_differ == 3
    assert report.confounders == []
    assert report.commands == ["spacy evaluate"]
    assert "No pipeline of this run holds confounders" in render_page(report)


def test_command_prints_a_table_and_the_path(run):
    output = run / "report" / "index.html"
    arguments = [*map(str, folders(run)), str(output)]
    result = CliRunner().invoke(app, ["report", *arguments])
    assert result.exit_code == 0, result.output
    assert "contexts re-paired" in result.output
    assert output.name in result.output
    assert [path.name for path in output.parent.iterdir()] == ["index.html"]


@pytest.mark.parametrize("spoilt", ["model-best", "test.json", "page", "lock"])
def test_what_cannot_be_read_or_written_is_said(run, spoilt):
    page, lock = run / "index.html", run / "project.lock"
    if spoilt == "model-best":
        bad = run / "training" / "plain" / "0" / "model-best" / "meta.json"
        bad.unlink()
    elif spoilt == "test.json":
        bad = run / "metrics" / "plain" / "0" / "test.json"
        bad.write_text("{")
    elif spoilt == "page":
        bad = run / "file"
        bad.touch()
        page = bad / "index.html"
    else:
        bad = lock = run
    arguments = [*map(str, folders(run)), str(page), "--lock", str(lock)]
    result = CliRunner().invoke(app, ["report", *arguments])
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert bad.name in "".join(result.output.split())
    assert not page.exists()


@pytest.mark.parametrize("missing", ["jinja2", "matplotlib"])
@pytest.mark.parametrize(
    "command",
    ["report", "calibrate", "effects", "simulate-active", "simulate-feedback"],
)
def test_what_draws_a_page_is_asked_for_before_anything_is_read(
    command, missing, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, missing, None)
    page, there = tmp_path / "index.html", tmp_path / "there"
    if command == "report":
        arguments = [tmp_path, tmp_path, tmp_path, page]
    else:
        there.touch()
        arguments = [there, there, "--html", page]
    result = CliRunner().invoke(app, [command, *map(str, arguments)])
    assert result.exit_code == 1
    assert "pip install 'spacy-causal[report]'" in result.output
    assert not page.exists()


def test_a_page_without_charts_needs_no_matplotlib():
    code = """
import sys
sys.modules["matplotlib"] = None
import spacy_causal.experiments.seqmix_page
import spacy_causal.experiments.swaps_page
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("content", [None, {"token_acc": 1.0}])
def test_scores_that_are_not_there_are_named(tmp_path, content):
    if content is not None:
        (tmp_path / "plain" / "0").mkdir(parents=True)
        srsly.write_json(tmp_path / "plain" / "0" / "test.json", content)
    with pytest.raises(ValueError, match=re.escape(str(tmp_path))):
        read_scores(tmp_path)


def test_a_page_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "index.html"
    write_page(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_page(path, "\ud800")
    assert path.read_text(encoding="utf8") == "old"
    assert list(tmp_path.iterdir()) == [path]

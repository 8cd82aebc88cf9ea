"""`python -m spacy causal simulate-active`, on a few of the contested texts."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import spacy
from small_encoders import cnn
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.cli.simulate_active import _show
from spacy_causal.corpus.files import empty_docbin, read_spacy, write_docbin
from spacy_causal.experiments import active_simulation
from spacy_causal.experiments.active_setup import ActiveSetup
from spacy_causal.types import Budget

CONTESTED = Path(__file__).parents[1] / "assets" / "contested"
QUICK = ("--initial", "0.2", "--rounds", "2", "--budget", "30w", "--steps", "3")


def call(*arguments):
    found = CliRunner().invoke(app, [*map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The first texts of the corpus: 24 to choose from, 6 to score on."""
    folder = tmp_path_factory.mktemp("contested")
    for name, n in (("train", 24), ("dev", 6)):
        lines = (CONTESTED / f"{name}.txt").read_text(encoding="utf8").splitlines()
        (folder / f"{name}.txt").write_text("\n".join(lines[:n]), encoding="utf8")
        files = folder / f"{name}.txt", folder / f"{name}.spacy"
        assert call("convert", *files).exit_code == 0
    return folder / "train.spacy", folder / "dev.spacy"


def simulate(corpus, *arguments):
    return call("simulate-active", *corpus, *QUICK, *arguments)


def rows_of(path):
    """Without what differs from run to run."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]
    seconds = ("fit_seconds", "pick_seconds")
    return [{k: v for k, v in row.items() if k not in seconds} for row in rows]


def test_a_table_a_page_and_a_row_a_round(corpus, tmp_path):
    output, page = tmp_path / "rows.jsonl", tmp_path / "page.html"
    found = simulate(
        *(corpus, "--strategies", "random,wbadge", "--seeds", 2),
        *("--output", output, "--html", page),
    )
    assert found.exit_code == 0, found.output
    assert "everything" in found.output and "98 %" in found.output
    rows = rows_of(output)
    assert [(r["seed"], r["strategy"], r["round"]) for r in rows] == [
        (seed, *cell)
        for seed in (0, 1)
        for cell in [
            *(("random", number) for number in range(3)),
            *(("wbadge", number) for number in range(3)),
            ("all", 0),
        ]
    ]
    texts = list(read_spacy(corpus[0], spacy.blank("en").vocab))
    for row in rows:
        assert sum(len(texts[int(id)]) for id in row["picks"]) <= row["words"]
    assert rows[0]["picks"] == rows[3]["picks"], "the same texts to begin with"
    assert rows[0]["score"] == rows[3]["score"]
    assert rows[1]["words"] <= rows[0]["words"] + 30
    assert rows[6]["words"] == rows[6]["n_pool_words"] == sum(map(len, texts))
    assert rows[6]["sentences"] == 24 and rows[6]["picks"] == []
    html = page.read_text(encoding="utf8")
    assert "Would active learning pay here?" in html and "<svg" in html
    assert "points to " in html
    assert not re.search(r"<script|https?://(?!www.w3.org)", html)


def test_a_run_resumes_and_the_same_seed_picks_the_same(corpus, tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    alone = ("--no-bound", "--strategies", "mnlp", "--output")
    assert simulate(corpus, *alone, one).exit_code == 0
    whole = one.read_bytes()
    cut = whole[: whole.index(b"\n", whole.index(b"\n") + 1) + 20]
    one.write_bytes(cut)
    found = simulate(corpus, *alone, one)
    assert found.exit_code == 0 and "2 of 3 rounds" in found.output
    assert one.read_bytes().startswith(cut[: cut.rindex(b"\n")])
    assert simulate(corpus, *alone, other).exit_code == 0
    assert rows_of(one) == rows_of(other)
    again = simulate(corpus, *alone, one)
    assert "3 of 3 rounds" in again.output and rows_of(one) == rows_of(other)


@pytest.fixture
def fits(monkeypatch):
    """The keys of what is trained, and how many pipelines are made for it."""
    keys, made = [], []
    fit, make = active_simulation.fit, active_simulation.make_pipeline

    def note_fit(*given, key, **settings):
        keys.append(key)
        fit(*given, key=key, **settings)

    def note_make(**settings):
        made.append(settings)
        return make(**settings)

    monkeypatch.setattr(active_simulation, "fit", note_fit)
    monkeypatch.setattr(active_simulation, "make_pipeline", note_make)
    return SimpleNamespace(keys=keys, made=made)


def test_what_is_taken_up_again_trains_only_the_model_it_goes_on_from(
    corpus, tmp_path, fits
):
    output = tmp_path / "rows.jsonl"
    arguments = ("--no-bound", "--strategies", "random", "--output", output)
    assert simulate(corpus, *arguments).exit_code == 0
    assert fits.keys == [(0, 0), (0, 1), (0, 2)]
    assert len(fits.made) == 1 + len(fits.keys)
    fits.keys.clear()
    assert simulate(corpus, *arguments, "--rounds", 3).exit_code == 0
    assert fits.keys == [(0, 2), (0, 3)]


def test_a_pool_that_was_used_up_is_not_trained_on_again(corpus, tmp_path, fits):
    output = tmp_path / "rows.jsonl"
    arguments = ("--no-bound", "--strategies", "random", "--output", output)
    arguments = (*arguments, "--budget", "9999w", "--rounds", 5)
    assert simulate(corpus, *arguments).exit_code == 0
    assert fits.keys == [(0, 0), (0, 1)]
    found = simulate(corpus, *arguments)
    assert "2 of 6 rounds" in found.output and len(fits.keys) == 2


@pytest.mark.parametrize("augment", ["seqmix:density=0.2", "counterfactual"])
def test_augmentation_trains_on_more(corpus, tmp_path, augment):
    output = tmp_path / "rows.jsonl"
    arguments = ("--strategies", "random", "--no-bound", "--steps", 150)
    found = simulate(
        corpus, *arguments, "--augment", augment, "--initial", 0.6, "--output", output
    )
    assert found.exit_code == 0, found.output
    assert sum(row["generated"] for row in rows_of(output)) > 0


def test_a_pipeline_from_a_config(corpus, tmp_path):
    """Of a blank pipeline the component has another name."""
    config, output = tmp_path / "own.cfg", tmp_path / "rows.jsonl"
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}
    nlp.add_pipe("causal_ner", name="slots", config={"model": model})
    nlp.config.to_disk(config)
    arguments = ("--strategies", "mnlp", "--no-bound", "--output", output)
    arguments += ("--config", config, "--component", "slots")
    found = simulate(corpus, *arguments)
    assert found.exit_code == 0, found.output
    assert {row["config"].partition(" ")[0] for row in rows_of(output)} == {"own.cfg"}


def test_an_augmentation_that_makes_nothing_is_said(capsys):
    row = {"strategy": "random", "seed": 0, "round": 0, "words": 9, "score": 0.5}
    row |= {"sentences": 1, "mean_length": 9.0, "pick_seconds": 0.0, "generated": 0}
    _show([{**row, "augment": "counterfactual:like=0,per_example=1"}])
    said = " ".join(capsys.readouterr().out.split())
    assert "counterfactual generated nothing: its settings or its screen" in said


def test_tags_a_held_back_share_and_a_model_that_goes_on(corpus, tmp_path):
    vocab, docs = spacy.blank("en").vocab, empty_docbin()
    for doc in read_spacy(corpus[0], vocab):
        for token in doc:
            token.tag_ = "W" if token.is_alpha else "P"
        doc.set_ents([], default="missing")
        docs.add(doc)
    write_docbin(tmp_path / "tags.spacy", docs)
    output = tmp_path / "rows.jsonl"
    arguments = ("--strategies", "random", "--continue", "--output", output)
    found = simulate((tmp_path / "tags.spacy",), *arguments)
    assert found.exit_code == 0, found.output
    rows = rows_of(output)
    assert rows[0]["layer"] == "tag" and rows[0]["labels"] == ["P", "W"]
    assert rows[0]["n_pool"] + rows[0]["n_dev"] == 24
    again = simulate((tmp_path / "tags.spacy",), *arguments)
    assert "4 of 4 rounds" in again.output and len(rows_of(output)) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--strategies", "psychic"), "Unknown strategy 'psychic': one of"),
        (("--strategies", "random,random"), "each only once"),
        (("--strategies", "wbadge:weight=heavy"), "not 'heavy'"),
        (("--strategies", "mnlp:taste=3"), "unexpected keyword argument 'taste'"),
        (("--strategies", "wbadge:l2"), "Write a setting as weight=1, not 'l2'"),
        (("--initial", "1"), "between 0 and 1"),
        (("--budget", "much"), "Write a budget as 20"),
        (("--augment", "magic"), "Unknown augmentation 'magic': one of seqmix"),
        (("--augment", "seqmix:rate=much"), "not supported between"),
        (("--augment", "seqmix:taste=1"), "unexpected keyword argument 'taste'"),
    ],
)
def test_what_cannot_be_simulated_says_why(corpus, arguments, said):
    found = simulate(corpus, *arguments)
    assert found.exit_code == 1
    assert said in " ".join(found.output.split())


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_a_folder_is_no_file_and_nothing_is_run(corpus, tmp_path, option, fits):
    found = simulate(corpus, "--strategies", "random", option, tmp_path)
    said = re.sub(r"[│╭╮╰╯─\s]", "", found.output)
    assert found.exit_code == 2 and "isadirectory" in said
    assert not fits.keys


def test_data_without_annotation_says_so(corpus, tmp_path):
    docs = empty_docbin()
    for doc in read_spacy(corpus[0], spacy.blank("en").vocab):
        doc.set_ents([], default="missing")
        docs.add(doc)
    write_docbin(tmp_path / "bare.spacy", docs)
    for files in ((tmp_path / "bare.spacy",), (corpus[0], tmp_path / "bare.spacy")):
        found = simulate(files)
        assert found.exit_code == 1
        assert "annotation" in found.output


def test_a_round_is_another_one_with_other_settings(corpus):
    settings = {"train": corpus[0], "dev": corpus[1]}
    setups = [
        ActiveSetup(**settings),
        ActiveSetup(**settings, initial=0.1),
        ActiveSetup(**settings, budget=Budget(501, "words")),
        ActiveSetup(**settings, fresh=False),
        ActiveSetup(**settings, augment="seqmix"),
    ]
    cells = [json.dumps(setup.cell("random", 0, 1)) for setup in setups]
    assert len(set(cells)) == len(setups)
    longer = ActiveSetup(**settings, rounds=9, strategies=("random", "bald"))
    assert longer.cell("random", 0, 1) == setups[0].cell("random", 0, 1)


@pytest.mark.parametrize(
    "typed",
    [
        "seqmix:window=3,alpha=8",
        "seqmix: alpha = 8.0, window = 3",
        "seqmix:window=3,rate=0.2",
        "seqmix:window=3",
    ],
)
def test_a_round_is_the_same_however_its_augmentation_is_typed(corpus, typed):
    cells = [
        ActiveSetup(train=corpus[0], augment=text).cell("random", 0, 1)
        for text in (typed, "seqmix:alpha=8,window=3", "seqmix")
    ]
    assert cells[0] == cells[1] != cells[2]
    assert "density=0.6" in cells[2]["augment"]


def test_settings_between_commas_are_no_strategies(corpus, tmp_path):
    output = tmp_path / "rows.jsonl"
    strategies = "random,wbadge:weight=1,near_duplicates=0.9,mnlp"
    arguments = ("--no-bound", "--rounds", 1, "--output", output)
    found = simulate(corpus, "--strategies", strategies, *arguments)
    assert found.exit_code == 0, found.output
    settings = {row["strategy"]: row["acquire"] for row in rows_of(output)}
    name = "wbadge:weight=1,near_duplicates=0.9"
    assert list(settings) == ["random", name, "mnlp"]
    assert settings[name]["weight"] == 1 and settings[name]["near_duplicates"] == 0.9

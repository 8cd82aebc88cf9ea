"""What experiments are made of: planted cues, resumable results, plain training."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc, Span

from spacy_causal.experiments import results as results_module
from spacy_causal.experiments.injection import inject_cue
from spacy_causal.experiments.results import Results, cell_key, commit_of, processor
from spacy_causal.experiments.training import evaluate, shuffled_batches, train


@pytest.fixture
def doc(nlp):
    doc = Doc(nlp.vocab, words=["The", "Bank", "of", "X", "met", "Ann", "."])
    doc.ents = [Span(doc, 1, 4, label="ORG"), Span(doc, 5, 6, label="PER")]
    return doc


@pytest.mark.parametrize(
    ("rate", "other_rate", "text"),
    [
        (1.0, 0.0, "The cue Bank of X met Ann . "),
        (0.0, 1.0, "The Bank of X met cue Ann . "),
        (0.0, 0.0, "The Bank of X met Ann . "),
    ],
)
def test_a_cue_stands_before_the_mentions_it_is_for(doc, rate, other_rate, text):
    cued = inject_cue(
        doc, "cue", "ORG", rate=rate, other_rate=other_rate, rng=default_rng(0)
    )
    assert cued.text_with_ws == text
    assert [e.text for e in cued.ents] == ["Bank of X", "Ann"]
    assert all(token.ent_iob for token in cued)


def test_rates_are_kept(doc):
    rng = default_rng(0)
    texts = [
        inject_cue(doc, "cue", "ORG", rate=0.9, other_rate=0.1, rng=rng).text
        for _ in range(2000)
    ]
    assert np.mean(["cue Bank" in text for text in texts]) == pytest.approx(
        0.9, abs=0.03
    )
    assert np.mean(["cue Ann" in text for text in texts]) == pytest.approx(
        0.1, abs=0.03
    )


def test_finished_cells_are_known_and_a_cut_line_is_none(tmp_path):
    results = Results(tmp_path / "deep" / "rows.jsonl")
    cell = {"arm": "plain", "seed": 0}
    assert results.done() == set()
    results.append(cell, {"f": 0.5})
    results.append(cell | {"seed": 1}, {"f": 0.6})
    assert results.done() == {cell_key(cell), cell_key({"seed": 1, "arm": "plain"})}
    row = json.loads(results.path.read_text().splitlines()[0])
    assert row["f"] == 0.5
    assert row["versions"]["spacy"] == spacy.__version__
    results.path.write_text(results.path.read_text() + '{"key": "cut o')
    assert len(results.rows()) == 2
    results.append(cell | {"seed": 2}, {"f": 0.7})
    assert [row["f"] for row in results.rows()] == [0.5, 0.6, 0.7]


def test_each_pass_sees_every_document_once(doc):
    docs = [doc.copy() for _ in range(5)]
    batches = shuffled_batches(docs, 2, default_rng(0))
    passes = [[next(batches) for _ in range(3)] for _ in range(2)]
    for batched in passes:
        assert sorted(id(d) for batch in batched for d in batch) == sorted(
            map(id, docs)
        )
    assert [id(d) for b in passes[0] for d in b] != [
        id(d) for b in passes[1] for d in b
    ]


def test_training_is_repeatable(nlp, doc):
    scores = []
    for _ in range(2):
        fresh = spacy.blank("en")
        fresh.add_pipe("causal_ner")
        own = Doc(fresh.vocab).from_bytes(doc.to_bytes())
        train(fresh, [own] * 4, steps=30, batch_size=2, seed=1)
        scores.append(fresh.get_pipe("causal_ner").predict([own]).logits)
        assert evaluate(fresh, [own])["ents_f"] == 1.0
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{broken", "rows.jsonl:2: Expecting"),
        (b"[1]", "rows.jsonl:2: no row of results"),
        (b'{"f": 1}', "rows.jsonl:2: no row of results"),
        (b"\xff{}", "rows.jsonl:2: 'utf-8' codec"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path, line, reason):
    results = Results(tmp_path / "rows.jsonl")
    results.append({"seed": 0}, {"f": 0.5})
    results.path.write_bytes(results.path.read_bytes() + line + b"\n")
    with pytest.raises(ValueError, match=reason):
        results.done()


def test_only_cells_without_a_row_are_run(tmp_path):
    results, run = Results(tmp_path / "rows.jsonl"), []

    def run_cell(cell):
        run.append(cell["seed"])
        return {"f": cell["seed"] / 10}

    results.append({"seed": 1}, {"f": 0.1})
    cells = [{"seed": seed} for seed in range(3)]
    done = list(results.run(cells, run_cell))
    assert run == [0, 2]
    assert [outcome["f"] for _, outcome in done] == [0.0, 0.2]
    assert len(results.rows()) == 3
    assert not list(results.run(cells, run_cell))


def test_which_commit_a_file_is_of(tmp_path):
    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)

    code, installed = tmp_path / "code.py", tmp_path / "installed.py"
    assert commit_of(tmp_path / "nowhere" / "code.py") is None
    git("init", "--quiet")
    code.write_text("x = 1")
    git("add", ".")
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    git(*who, "commit", "--quiet", "-m", "First")
    clean = commit_of(code)
    code.write_text("x = 2")
    assert clean and commit_of(code) == f"{clean}+"
    installed.write_text("x = 3")
    assert commit_of(installed) is None


def test_a_row_has_the_commit_of_the_code_not_of_its_folder(tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    results = Results(tmp_path / "rows.jsonl")
    results.append({"seed": 0}, {})
    row = results.rows()[0]
    assert row["commit"] == commit_of(Path(results_module.__file__))
    assert row["processor"] == processor()

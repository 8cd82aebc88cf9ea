"""`python -m spacy causal select`, as a user calls it."""

import json
import os
import re

import pytest
import spacy
from selecting import TEXTS, call, read

from spacy_causal.learning.pool import compute, distributed


def test_words_within_a_budget_and_where_they_stand(model, pool, tmp_path):
    output = tmp_path / "new" / "batch.jsonl"
    shown = call(model, pool, "--budget", "60w", "-o", output)
    assert shown.exit_code == 0, shown.output
    tasks = read(output)
    assert 0 < sum(task["meta"]["words"] for task in tasks) <= 60
    for task in tasks:
        line = task["meta"]["line"]
        assert task["text"] == TEXTS[line - 1]
        assert task["id"] == line - 1
        assert task["meta"]["of"] == "x"
        assert task["meta"]["source"] == "pool.jsonl"
    assert "of 12 texts chosen" in shown.stdout
    assert "columns" in shown.stdout
    assert [path.name for path in output.parent.iterdir()] == ["batch.jsonl"]


def test_into_a_pipe_go_the_texts_alone(model, pool, tmp_path):
    reading, writing = os.pipe()
    link = tmp_path / "out" / "stdout"
    link.parent.mkdir()
    link.symlink_to(f"/dev/fd/{writing}")
    arguments = model, pool, "--budget", 3, "-o", link
    refused = call(*arguments, "--keep-view")
    shown = call(*arguments)
    os.close(writing)
    assert shown.exit_code == 0, shown.output
    with os.fdopen(reading) as file:
        assert len([json.loads(line) for line in file]) == 3
    assert not shown.stdout and "Wrote" in shown.stderr
    assert list(link.parent.iterdir()) == [link]
    assert refused.exit_code == 1 and "--output is none" in refused.stderr


@pytest.mark.parametrize("strategy", ["random", "mnlp", "bald", "coreset", "wbadge"])
def test_the_same_seed_writes_the_same_bytes(strategy, model, pool, tmp_path):
    written = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        output = tmp_path / name
        shown = call(
            *(model, pool, "--budget", 3, "-o", output, "--strategy", strategy),
            *("--seed", seed),
        )
        assert shown.exit_code == 0, shown.output
        written.append(output.read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") == 3
    assert written[2] != written[0] or strategy not in ("random", "wbadge")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["--budget", "many"], "budget"),
        (["--budget", "0w"], "budget"),
        (["--budget", "5", "--component", "ner"], "No component 'ner'"),
        (["--budget", "5", "--strategy", "mnlp", "--weight", "1"], "has none"),
        (["--budget", "5", "--strategy", "vote_entropy"], "--committee"),
        (["--budget", "5", "--committee", "x"], "wbadge asks no others"),
        (["--budget", "5", "--strategy", "psychic"], "Unknown strategy 'psychic'"),
        (["--budget", "5", "--strategy", "psychic"], "token_entropy, vote_entropy"),
        (["--budget", "5", "--strategy", "bald:samples=1"], "two passes"),
        (["--budget", "5", "--strategy", "mnlp:taste=1"], "'taste'"),
        (
            ["--budget", "5", "--strategy", "wbadge:weight=l2", "--weight", "1"],
            "set twice",
        ),
        (["--budget", "5", "--near-duplicates", "0"], "similarity"),
        (["--budget", "5", "--precision", "bfloat16"], "for transformers"),
        (
            [
                *("--budget", "5", "--strategy", "vote_entropy:committee=5"),
                *("--committee", "en"),
            ],
            "committee=5 needs 4 --committee, not 1",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_writes_nothing(
    settings, said, model, pool, tmp_path
):
    output = tmp_path / "batch.jsonl"
    shown = call(model, pool, "-o", output, *settings)
    assert shown.exit_code == 1
    assert said.replace(" ", "") in "".join(shown.output.split())
    assert not output.exists()


def test_a_folder_is_no_output_and_the_pool_is_not_read(model, pool, tmp_path):
    shown = call(model, pool, "--budget", 3, "-o", tmp_path)
    said = re.sub(r"[│╭╮╰╯─\s]", "", shown.output)
    assert shown.exit_code == 2 and "isadirectory" in said
    assert not tmp_path.with_name(f".{tmp_path.name}.view").exists()


def test_a_pipeline_without_a_labeller_and_an_empty_pool(model, pool, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    output = tmp_path / "batch.jsonl"
    shown = call(tmp_path / "blank", pool, "--budget", 3, "-o", output)
    said = " ".join(shown.output.split())
    assert "no causal_ner, causal_tagger or tagger: it has no pipes" in said
    pool.write_text("")
    shown = call(model, pool, "--budget", 3, "-o", output)
    assert "nothing in the pool" in shown.output
    assert not output.exists()


@pytest.mark.parametrize("option", [[], ["--labelled"]])
def test_what_is_read_is_not_written_over(option, model, pool, tmp_path):
    read_too = tmp_path / "first.jsonl"
    read_too.write_text('{"text": "fine ."}\n')
    output = read_too if option else pool
    before = output.read_bytes()
    more = [*option, read_too] if option else []
    shown = call(model, pool, "--budget", 2, "-o", output, *more)
    assert shown.exit_code == 1 and "another file" in " ".join(shown.output.split())
    assert output.read_bytes() == before


def test_a_committee(model, pool, tmp_path):
    output = tmp_path / "batch.jsonl"
    shown = call(
        *(model, pool, "--budget", 3, "-o", output, "--strategy", "vote_entropy"),
        *("--committee", model, "--committee", model),
    )
    assert shown.exit_code == 0, shown.output
    assert len(read(output)) == 3


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("wbadge:weight=l2", ("--weight", "l2")),
        ("wbadge:weight=1,near_duplicates=0.9",
         ("--weight", "1", "--near-duplicates", "0.9")),
        ("wbadge:near_duplicates=0.9", ("--near-duplicates", "0.9")),
    ],
)  # fmt: skip
def test_settings_with_the_name_are_those_of_the_options(
    spec, options, model, pool, tmp_path
):
    written = []
    for more in (("--strategy", spec), options):
        output = tmp_path / "batch.jsonl"
        shown = call(model, pool, "--budget", 4, "-o", output, *more)
        assert shown.exit_code == 0, shown.output
        written.append(output.read_bytes())
    assert written[0] == written[1]


def test_settings_that_no_option_has(model, pool, tmp_path):
    """Factors are exact, so what they choose is what exact rows do."""
    output, written = tmp_path / "batch.jsonl", []
    for spec in ("wbadge:engine=exact", "wbadge:engine=factors"):
        shown = call(model, pool, "--budget", 4, "-o", output, "--strategy", spec)
        assert shown.exit_code == 0, shown.output
        assert ("columns" in shown.output) == (spec == "wbadge:engine=exact")
        written.append(output.read_bytes())
    assert written[0] == written[1]
    spec = "bald:samples=5,dropout=0.5"
    shown = call(model, pool, "--budget", 4, "-o", output, "--strategy", spec)
    assert shown.exit_code == 0 and len(read(output)) == 4


def test_which_engine_is_meant():
    """What reads the pool is an option, how gradients are held the strategy's."""
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", call("--help").output).split())
    assert "What reads the pool" in shown and "wbadge:engine=exact" in shown


def test_what_ray_is_told(model, pool, tmp_path, monkeypatch):
    """Whole paths: its workers may stand in other folders."""
    told, output = [], tmp_path / "batch.jsonl"

    def create_reader(models, *, workers, gpus):
        told.append((models, workers, gpus))
        return compute.read_here

    monkeypatch.setattr(distributed, "create_ray_reader", create_reader)
    monkeypatch.chdir(model.parent)
    options = ("--strategy", "vote_entropy", "--committee", model, "--workers", 3)
    shown = call(model.name, pool, "--budget", 2, "-o", output, *options)
    assert shown.exit_code == 0 and not told
    shown = call(
        model.name, pool, "--budget", 2, "-o", output, *options, "--engine", "ray"
    )
    assert shown.exit_code == 0, shown.output
    assert told == [([str(model)] * 2, 3, 0)] and len(read(output)) == 2


def test_interrupted_it_goes_on(model, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(compute, "BLOCK", 4)
    output, read_here, blocks = tmp_path / "batch.jsonl", compute.read_here, []

    def interrupted(members, missing, plan):
        for block, arrays in read_here(members, missing, plan):
            blocks.append(block)
            yield block, arrays
            if len(blocks) == 2:
                raise OSError("no space left on device")

    monkeypatch.setattr(compute, "read_here", interrupted)
    settings = (model, pool, "--budget", 5, "-o", output)
    assert "no space left" in call(*settings).output
    assert not output.exists()
    assert call(*settings).exit_code == 0
    assert blocks == [0, 1, 2]
    assert len(read(output)) == 5


@pytest.mark.parametrize(("device", "gpus"), [((), 0), (("--gpu-id", 1), 1)])
def test_ray_reads_on_gpus_where_the_command_does(
    device, gpus, model, pool, tmp_path, monkeypatch
):
    made = []
    monkeypatch.setattr("spacy_causal.cli.select.use_gpu", lambda gpu_id: None)
    monkeypatch.setattr(
        "spacy_causal.learning.pool.distributed.create_ray_reader",
        lambda models, **settings: made.append(settings),
    )
    shown = call(model, pool, "--budget", 3, "-o", tmp_path / "x", "--engine", "ray",
                 *device)  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert made == [{"workers": 2, "gpus": gpus}]

"""The combined protocol: its arms, its page, its runner on a toy corpus."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ["Anna", "Omar", "Ines", "Paul", "Mina", "Hugo"]
CITIES = ["Paris", "Berlin", "Rome", "Oslo", "Cairo", "Lima"]


@pytest.fixture(scope="module")
def benchmarks():
    """The scripts as modules."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import combined_methods
        import combined_report

        yield combined_methods, combined_report
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """A folder with 36 sentences in the place of CoNLL-2003."""
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "conll2003").mkdir()
    lines = ["-DOCSTART- -X- -X- O", ""]
    for name in NAMES:
        for city in CITIES:
            tags = {name: "I-PER", "lives": "O", "in": "O", city: "I-LOC", ".": "O"}
            lines += [f"{word} NN I-NP {tag}" for word, tag in tags.items()] + [""]
    for part in ("eng.train", "eng.testa"):
        (folder / "conll2003" / part).write_text("\n".join(lines))
    return folder


def run(corpora, rows, *options):
    command = [sys.executable, str(BENCHMARKS / "combined.py"), "--rows", str(rows)]
    command += ["--encoder", "cnn", "--pool", "0", "--batch", "15", "--steps", "20"]
    return subprocess.run(
        [*command, *options],
        env={**os.environ, "SPACY_CAUSAL_CORPORA": str(corpora)},
        capture_output=True,
        text=True,
    )


def test_each_part_is_missing_from_one_arm_and_alone_in_another(benchmarks):
    methods, _ = benchmarks
    plain, combined = (asdict(methods.ARMS[n]) for n in ("plain", "combined"))
    for part in methods.PARTS:
        alone = asdict(methods.ARMS[part])
        less = asdict(methods.ARMS[f"combined - {part}"])
        own = {name for name in plain if alone[name] != plain[name]}
        assert own == set(methods.PARTS[part])
        for name, value in combined.items():
            assert less[name] == (plain[name] if name in own else value)
    assert all(name in methods.ARMS for name in methods.USUAL)


def test_where_unsure_each_part_is_missing_from_one_arm_too(benchmarks):
    methods, _ = benchmarks
    every, unsure = (asdict(methods.ARMS[n]) for n in ("combined", methods.WHOLE))
    assert {name for name in every if every[name] != unsure[name]} == {"sure"}
    for part in methods.PARTS:
        less = asdict(methods.ARMS[methods.WITHOUT[part]])
        gone = {name for name in less if less[name] != unsure[name]}
        sure = {"sure"} if part == "feedback" else set()
        assert gone == {*methods.PARTS[part], *sure}
    alone = methods.ARMS[methods.SINGLE["feedback"]]
    assert alone == replace(methods.ARMS["feedback"], sure=methods.SURE)


def test_plain_is_spacys_own_ner_beside_a_cnn(benchmarks):
    methods, _ = benchmarks
    assert methods.arm_of("plain", "cnn").head == "ner"
    assert methods.arm_of("linear", "cnn").head == "linear"
    assert methods.arm_of("plain", "frozen").head == "linear"
    with pytest.raises(ValueError, match="Unknown arm 'nothing'"):
        methods.arm_of("nothing", "cnn")


def test_rows_go_on_where_they_stopped_and_make_a_page(corpora, benchmarks, tmp_path):
    _, report = benchmarks
    unsure = "combined (unsure tokens)"
    rows, arms = tmp_path / "rows.jsonl", f"plain,feedback,combined,{unsure},all"
    done = run(corpora, rows, "--seeds", "1", "--rounds", "2", "--arms", arms)
    assert done.returncode == 0, done.stderr
    first = rows.read_text().splitlines()
    found = [json.loads(line) for line in first]
    assert [(r["arm"], r["round"]) for r in found] == [
        *((arm, n) for arm in arms.split(",")[:4] for n in range(3)),
        ("all", 0),
    ]
    initial = {r["words"] for r in found if not r["round"] and r["arm"] != "all"}
    assert initial == {5}
    asked = {(r["arm"], r["round"]): r["asked"] for r in found}
    assert asked["plain", 2] == 0 and asked["combined", 2] == asked["feedback", 2] == 6
    assert all(r["questions"] for r in found if r["asked"] and r["arm"] != unsure)
    for r in found:
        assert r["words_read"] >= r["words"] and (
            r["arm"] == unsure or r["words_read"] == r["words"]
        )
    rows.write_text("\n".join(first[:5]) + "\n" + first[5][:40])
    again = run(corpora, rows, "--seeds", "1", "--rounds", "2", "--arms", arms)
    assert again.returncode == 0, again.stderr
    told = [json.loads(line) for line in rows.read_text().splitlines()]
    for old, new in zip(found, told, strict=True):
        for name in ("key", "words", "score", "questions", "digest"):
            assert old[name] == new[name]
    page = report.render_page(told, report.Costs())
    assert "How much less annotation" in page and "combined" in page
    assert "24 s for a sentence" in page and "20 updates" in page
    (cut,) = report.groups_of(told[:5]).values()
    assert {row["arm"] for row in cut} == {"plain"}


def test_a_run_that_used_up_its_pool_is_whole(corpora, benchmarks, tmp_path):
    _, report = benchmarks
    rows, arms = tmp_path / "rows.jsonl", "plain,combined (unsure tokens)"
    options = ("--seeds", "1", "--rounds", "3", "--batch", "0.9", "--arms", arms)
    done = run(corpora, rows, *options)
    assert done.returncode == 0, done.stderr
    first = rows.read_text()
    found = [json.loads(line) for line in first.splitlines()]
    last = {row["arm"]: row for row in found}
    assert {row["left"] for row in last.values()} == {0}
    assert all(row["round"] < 3 for row in last.values())
    (kept,) = report.groups_of(found).values()
    assert len(kept) == len(found)
    assert run(corpora, rows, *options).returncode == 0
    assert rows.read_text() == first


def test_groups_have_names_of_their_own(benchmarks):
    _, report = benchmarks
    row = {"data": "atis", "encoder": "frozen", "split": "dev", "pool": 2500}
    row |= {"initial": 0.02, "batch": 0.03, "steps": 300, "arm": "plain", "parts": {}}
    row |= {"seed": 0, "round": 0}
    rows = [row, row | {"steps": 900}, row | {"batch": 0.015, "pool": 100}]
    name = "atis, dev: " + report.ENCODERS["frozen"]
    assert list(report.groups_of(rows)) == [
        name,
        f"{name} (900 updates)",
        f"{name} (a pool of 100, rounds of 1.5 % of the words)",
    ]


def test_an_arm_that_is_not_there_is_refused(corpora, tmp_path):
    done = run(corpora, tmp_path / "rows.jsonl", "--arms", "nothing")
    assert done.returncode == 2 and "Unknown arm" in done.stderr
    assert not (tmp_path / "rows.jsonl").exists()


def test_the_page_has_a_name_for_every_encoder(benchmarks):
    _, report = benchmarks
    import combined_data

    assert set(report.ENCODERS) == set(combined_data.DROPOUT)


@pytest.mark.parametrize("batch", ["0", "-1", "2.5"])
def test_a_round_is_of_whole_words_or_a_share(corpora, tmp_path, batch):
    said = run(corpora, tmp_path / "rows.jsonl", "--batch", batch)
    assert said.returncode == 2 and "a share below 1" in said.stderr

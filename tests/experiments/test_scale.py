"""The scale benchmark: its pool, its plan, how it watches a command."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROW = {
    "engine": "local",
    "killed": False,
    "sentences": 1000,
    "phases": {"load": 2.0, "read": 10.0, "join": 1.0, "pick": 5.0},
    "picked": 50,
    "own_gb": 0.501,
    "rows_gb": 0.004,
    "beside_gb": 0.008,
    "pool_gb": 0.0001,
}
SMALL = {**ROW, "sentences": 500, "own_gb": 0.5005}


@pytest.fixture(scope="module")
def scale():
    """The scripts as modules."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import scale_plan
        import scale_pool
        import scale_watch

        yield scale_pool, scale_plan, scale_watch
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def docs():
    """Two sentences with a person each; nouns and verbs."""
    vocab, found = spacy.blank("en").vocab, []
    texts = {"Anna Smith sees dogs": "P P V N", "Omar feeds cats": "P V N"}
    for words, tags in texts.items():
        doc = Doc(vocab, words=words.split(), tags=tags.split())
        doc.set_ents([Span(doc, 0, tags.count("P"), "PER")])
        found.append(doc)
    return found


def test_words_are_changed_for_their_like(scale, docs):
    pool, _, _ = scale
    made = list(pool.make_sentences(docs, 200, np.random.default_rng(0), share=1.0))
    persons, verbs, nouns = ["Anna Smith", "Omar"], ["sees", "feeds"], ["dogs", "cats"]
    assert set(made) == {f"{p} {v} {n}" for p in persons for v in verbs for n in nouns}


def test_without_a_share_only_entities_change(scale, docs):
    pool, _, _ = scale
    made = set(pool.make_sentences(docs, 200, np.random.default_rng(0), share=0.0))
    each = [f"{p} {rest}" for p in ("Anna Smith", "Omar")
            for rest in ("sees dogs", "feeds cats")]  # fmt: skip
    assert made == set(each)


def test_fewer_sentences_are_the_first_of_more(scale, docs):
    pool, _, _ = scale
    few, more, other = (
        list(pool.make_sentences(docs, n, np.random.default_rng(seed)))
        for n, seed in ((5, 1), (20, 1), (20, 2))
    )
    assert few == more[:5]
    assert other != more


def test_a_pool_is_written_whole_and_counted(scale, tmp_path):
    pool, _, _ = scale
    path = tmp_path / "pool.jsonl"

    def broken():
        yield "a"
        raise KeyError

    with pytest.raises(KeyError):
        pool.write_pool(path, broken())
    assert not path.exists()
    pool.write_pool(path, ["é b", "c", "é b"])
    records = [json.loads(line) for line in path.read_text("utf8").splitlines()]
    assert records == [{"id": i, "text": t} for i, t in enumerate(["é b", "c", "é b"])]
    facts = pool.facts_of(path)
    assert (facts.bytes, facts.distinct) == (path.stat().st_size, 2)


def test_rates_are_a_sentences_share_of_the_largest_local_run(scale):
    _, plan, _ = scale
    others = [{**ROW, "engine": "ray", "sentences": 9000},
              {**ROW, "killed": True, "sentences": 9000}]  # fmt: skip
    rates = plan.measured_rates([*others, ROW, SMALL])
    found = [rates.load, rates.read, rates.join, rates.pick, rates.row, rates.beside]
    assert found == pytest.approx([2e-3, 1e-2, 1e-3, 1e-4, 4000, 8000])
    # 0.5 MB more for 500 sentences more.
    assert [rates.own, rates.base / 1e9] == pytest.approx([1000, 0.5])
    with pytest.raises(ValueError, match="two sizes"):
        plan.measured_rates([ROW, ROW])


# 1,000,000 sentences at 8 cores: 2 + 10/8 + 1 + 5 = 9.25 ms each; 1 ms is 1,000 s.
@pytest.mark.parametrize(
    ("memory", "disk", "hours", "nodes"),
    [
        (1e12, 1e12, 3.0, 1),  # 2.57 h and a second for the last selection
        (1e12, 1e12, 1.0, 3),  # 0.86 h; two would take 1.28
        (3.1e9, 1e12, 3.0, 2),  # 5.5 GB in all, half a GB of them on each
        (1e12, 1e9, 3.0, 9),  # 8.1 GB in all
    ],
)
def test_as_few_nodes_as_will_do(memory, disk, hours, nodes, scale):
    _, plan, _ = scale
    rates, node = plan.measured_rates([ROW, SMALL]), plan.Node(8, memory, disk)
    found = plan.plan_shards(1_000_000, rates, node, hours)
    assert found.nodes == nodes
    n = -(-1_000_000 // nodes)
    assert found.part.sentences == n
    assert found.part.hours == pytest.approx(n * 9.25e-3 / 3600)
    assert found.part.memory == pytest.approx(0.5e9 + n * 5000)
    assert found.part.disk == pytest.approx(n * 8100)
    assert found.last.sentences == 50 * nodes
    assert found.hours == pytest.approx((n + 50 * nodes) * 9.25e-3 / 3600)
    assert f"on {nodes} nodes of 8 cores" in plan.show_plan(rates, found)


def test_what_no_number_of_nodes_does_is_refused(scale):
    _, plan, _ = scale
    rates = plan.measured_rates([ROW, SMALL])
    with pytest.raises(ValueError, match="No number"):
        plan.plan_shards(1_000_000, rates, plan.Node(8, 1e8, 1e12), 3.0)


WORKER = """
import pathlib, subprocess, sys, time
if len(sys.argv) > 2:
    sys.exit("failed as " + sys.argv[2])
view = pathlib.Path(sys.argv[1]) / "digest"
child = [sys.executable, "-c", "x = bytearray(b'x') * 90_000_000; import time; time.sleep(60)"]
other = subprocess.Popen(child)
for name in ("00000000", ".whole.1.part", "whole"):
    (view / name).mkdir(parents=True)
    (view / name / "a.npy").write_bytes(b"x" * 1000)
    time.sleep(1.2)
other.kill()
"""  # noqa: E501


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_phases_memory_and_files_are_seen(scale, tmp_path, monkeypatch):
    _, _, watch = scale
    monkeypatch.setattr(watch, "PAUSE", 0.1)
    log = tmp_path / "log"

    def look(name, *more, **settings):
        folder = tmp_path / name
        command = [sys.executable, "-c", WORKER, str(folder), *more]
        return watch.watch(command, folder, log=log, **settings)

    seen = look("whole")
    assert list(seen.phases()) == ["load", "read", "join", "pick"]
    assert sum(seen.phases().values()) == pytest.approx(seen.seconds, abs=0.1)
    assert 90e6 < seen.own < seen.rss
    assert (seen.beside, seen.kept) == (3000, 1000)
    with pytest.raises(RuntimeError, match="failed as told"):
        look("failed", "told")
    killed = look("killed", kill_at_block=1)
    assert killed.killed
    assert not (tmp_path / "killed" / "digest" / "whole").exists()


def test_files_may_be_deleted_while_they_are_counted(scale, tmp_path, monkeypatch):
    _, _, watch = scale
    monkeypatch.setattr(watch, "PAUSE", 0.0)
    command = [
        *(sys.executable, "-c"),
        "import pathlib, shutil, sys, time\n"
        "view = pathlib.Path(sys.argv[1], 'view')\n"
        "end = time.monotonic() + 3\n"
        "while time.monotonic() < end:\n"
        "    for i in range(50): (view / f'{i:08}').mkdir(parents=True)\n"
        "    (view / '00000001' / 'rows').write_text('1')\n"
        "    shutil.rmtree(view)\n",
        str(tmp_path),
    ]
    seen = watch.watch(command, tmp_path, log=tmp_path / "log")
    assert seen.seconds > 3 and not seen.killed

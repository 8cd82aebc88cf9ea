"""`select --strategy wbadge` on a pool of a million sentences.

    python benchmarks/scale.py run --sentences 1000000 --engine local
    python benchmarks/scale.py run --sentences 1000000 --engine ray
    python benchmarks/scale.py table
    python benchmarks/scale.py plan --sentences 100000000

Sentences are made from CoNLL-2003's (`scale_pool.py`), the model is `causal_ner` on a
CNN trained on CoNLL-2003; both are kept in the work folder. The command that a user
gives runs as a process of its own and is watched from outside (`scale_watch.py`). One
row a run goes to benchmarks/results/scale.jsonl; `plan` reckons from the rows
(`scale_plan.py`). `run --kill` kills the command when half the blocks are read and
calls it again: the seconds are then those of both.
"""

import hashlib
import json
import os
import shutil
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import spacy
import typer
from active_data import read_annotated
from scale_plan import Node, measured_rates, plan_shards, show_plan
from scale_pool import facts_of, make_sentences, write_pool
from scale_watch import Watched, watch
from spacy.language import Language

from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import evaluate, train
from spacy_causal.files import write_folder_whole
from spacy_causal.learning.pool.compute import BLOCK

RESULTS = Results(Path(__file__).parent / "results" / "scale.jsonl")
TRAIN, DEV = "conll2003/eng.train", "conll2003/eng.testa"
RowsOption = Annotated[Path, typer.Option("--rows", help="The .jsonl file of rows.")]
app = typer.Typer(add_completion=False)


class Engine(StrEnum):
    """What reads the pool."""

    local = "local"
    ray = "ray"


@app.command()
def run(
    sentences: int = 1_000_000,
    *,
    engine: Engine = Engine.local,
    workers: int = 2,
    budget: str = "2000w",
    work: Annotated[Path, typer.Option(help="Pool, model and view.")] = Path("scale"),
    steps: Annotated[int, typer.Option(help="Of training the model.")] = 1000,
    seed: int = 0,
    kill: Annotated[bool, typer.Option("--kill", help="Half-way, once.")] = False,
    rows: RowsOption = RESULTS.path,
) -> None:
    """Run the command once, unless a row with these settings is there."""
    cell = {"sentences": sentences, "engine": engine.value, "budget": budget}
    cell |= {"steps": steps, "seed": seed, "killed": kill, "cores": _cores()}
    if engine is Engine.ray:
        cell["workers"] = workers
    for done, outcome in Results(rows).run([cell], partial(run_cell, work=work)):
        print(json.dumps(done | outcome, indent=1))


@app.command()
def table(rows: RowsOption = RESULTS.path) -> None:
    """Print the rows as a table."""
    print("| sentences | engine | seconds: load / read / join / pick | sentences/s |"
          " own GB | beside, GB | picked | digest |")  # fmt: skip
    print("|---:|---|---|---:|---:|---:|---:|---|")
    for row in sorted(Results(rows).rows(), key=lambda row: row["sentences"]):
        name = row["engine"] + (", killed half-way" if row["killed"] else "")
        phases = " / ".join(f"{seconds:,.0f}" for seconds in row["phases"].values())
        print(f"| {row['sentences']:,} | {name} | {phases} |"
              f" {row['sentences/s']:,.0f} | {row['own_gb']:.2f} |"
              f" {row['beside_gb']:.2f} | {row['picked']:,} |"
              f" {row['digest']} |")  # fmt: skip


@app.command()
def plan(
    sentences: int = 100_000_000,
    *,
    cores: Annotated[int, typer.Option(help="Of a node.")] = 32,
    memory: Annotated[float, typer.Option(help="Of a node, in GB.")] = 128,
    disk: Annotated[float, typer.Option(help="Of a node, in GB.")] = 1000,
    hours: Annotated[float, typer.Option(help="It may take at most.")] = 24,
    rows: RowsOption = RESULTS.path,
) -> None:
    """Reckon nodes, bytes and hours from the rows of local runs."""
    rates = measured_rates(Results(rows).rows())
    node = Node(cores, memory * 1e9, disk * 1e9)
    print(show_plan(rates, plan_shards(sentences, rates, node, hours)))


def run_cell(cell: dict[str, Any], work: Path) -> dict[str, Any]:
    """Make what is not there yet, run the command, and look at what it wrote."""
    work.mkdir(parents=True, exist_ok=True)
    model = trained_model(work, cell["steps"])
    pool = made_pool(work, cell["sentences"], cell["seed"])
    facts = facts_of(pool)
    name = "killed" if cell["killed"] else cell["engine"]
    output = work / f"batch-{name}-{cell['sentences']}.jsonl"
    folder = output.with_name(f".{output.name}.view")
    shutil.rmtree(folder, ignore_errors=True)
    output.unlink(missing_ok=True)
    command = [sys.executable, "-m", "spacy", "causal", "select"]
    command += [str(model), str(pool), "--strategy", "wbadge", "-o", str(output)]
    command += ["--budget", cell["budget"], "--engine", cell["engine"]]
    command += ["--seed", str(cell["seed"])]
    if "workers" in cell:
        command += ["--workers", str(cell["workers"])]
    log, load = output.with_suffix(".log"), os.getloadavg()[0]
    before = Watched()
    if cell["killed"]:
        half = max(1, cell["sentences"] // BLOCK // 2)
        before = watch(command, folder, log=log, kill_at_block=half)
    seen = watch(command, folder, log=log)
    tasks = [json.loads(line) for line in output.open(encoding="utf8")]
    return {
        "wall_seconds": round(before.seconds + seen.seconds, 1),
        "seconds_before_kill": round(before.seconds, 1),
        "phases": seen.phases(),
        "processor_seconds": round(before.processor + seen.processor, 1),
        "sentences/s": round(cell["sentences"] / (before.seconds + seen.seconds), 1),
        "rss_gb": round(seen.rss / 1e9, 3),
        "own_gb": round(seen.own / 1e9, 4),
        "beside_gb": round(seen.beside / 1e9, 4),
        "rows_gb": round(seen.kept / 1e9, 4),
        "pool_gb": round(facts.bytes / 1e9, 4),
        "distinct": facts.distinct,
        "pool_digest": facts.digest,
        "picked": len(tasks),
        "picked_words": sum(task["meta"]["words"] for task in tasks),
        "digest": digest_of_picks(output),
        "load_before": round(load, 2),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "model": json.loads((model / "meta.json").read_text())["performance"],
    }


def made_pool(work: Path, sentences: int, seed: int) -> Path:
    """The pool's file."""
    path = work / f"pool-{sentences}-{seed}.jsonl"
    if not path.exists():
        docs = read_annotated(TRAIN, spacy.blank("en").vocab)
        rng = np.random.default_rng(seed)
        write_pool(path, make_sentences(docs, sentences, rng))
    return path


def trained_model(work: Path, steps: int) -> Path:
    """The pipeline's folder; its meta.json tells F1 on dev."""
    path = work / f"model-{steps}"
    if not path.exists():
        nlp = spacy.blank("en")
        nlp.add_pipe("causal_ner")
        docs = read_annotated(TRAIN, nlp.vocab)
        train(nlp, docs, steps=steps, batch_size=32, seed=0)
        write_folder_whole(path, partial(write_model, nlp))
    return path


def write_model(nlp: Language, path: Path) -> None:
    """Write a pipeline with its scores on dev."""
    scores = evaluate(nlp, read_annotated(DEV, nlp.vocab))
    nlp.meta["performance"] = {"ents_f": scores["ents_f"]}
    nlp.to_disk(path)


def digest_of_picks(output: Path) -> str:
    """Of the bytes written, that do not tell who read the pool."""
    return hashlib.sha256(output.read_bytes()).hexdigest()[:16]


def _cores() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    app()

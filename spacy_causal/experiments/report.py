"""What a run of the project showed: scores, differing sentences, confounders."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.files import read_spacy
from spacy_causal.experiments.comparison import Comparison, compare
from spacy_causal.experiments.results import versions
from spacy_causal.experiments.scores import ScoreTable, read_scores
from spacy_causal.types import Confounder

COMPONENT = "causal_ner"


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page shows; `support` counts gold entities by test and type."""

    scores: ScoreTable
    support: dict[str, dict[str, int]]
    comparison: Comparison
    confounders: list[Confounder]
    commands: list[str]
    versions: dict[str, str]


def gather(
    metrics_dir: Path,
    training_dir: Path,
    corpus_dir: Path,
    *,
    lock: Path | None = None,
    limit: int = 12,
) -> Report:
    """Read the scores, the first seed's pipelines and the tests they were scored on.

    lock (Path | None): weasel's record of the commands that ran.
    limit (int): Sentences to show that the arms read differently.
    Raises ValueError where there are no scores.
    """
    scores = read_scores(metrics_dir)
    golds = {test: _read_test(corpus_dir, test) for test in scores.tests}
    pipelines = _load(training_dir, scores.arms, scores.seeds[0])
    return Report(
        scores=scores,
        support={test: _support(docs) for test, docs in golds.items()},
        comparison=compare(pipelines, golds[scores.tests[-1]], limit=limit),
        confounders=_confounders(pipelines.values()),
        commands=_commands(lock, (corpus_dir, training_dir, metrics_dir)),
        versions=versions(),
    )


def _read_test(folder: Path, test: str) -> list[Doc]:
    path = folder / f"{test}.spacy"
    return list(read_spacy(path, spacy.blank("en").vocab)) if path.exists() else []


def _support(docs: Iterable[Doc]) -> dict[str, int]:
    return dict(sorted(Counter(e.label_ for doc in docs for e in doc.ents).items()))


def _load(folder: Path, arms: Sequence[str], seed: str) -> dict[str, Language]:
    paths = {arm: folder / arm / seed / "model-best" for arm in arms}
    return {arm: spacy.load(path) for arm, path in paths.items() if path.exists()}


def _confounders(pipelines: Iterable[Language]) -> list[Confounder]:
    # The baseline comes first and may have picked some that it never uses.
    for nlp in reversed(list(pipelines)):
        if nlp.has_pipe(COMPONENT):
            found = getattr(nlp.get_pipe(COMPONENT), "cfg", {}).get("confounders")
            if found:
                return [Confounder(**entry) for entry in found]
    return []


def _commands(lock: Path | None, folders: Iterable[Path]) -> list[str]:
    if lock is None or not lock.exists():
        return []
    folders = list(folders)
    entries: dict[str, Any] = srsly.read_yaml(lock)
    return [
        line
        for entry in entries.values()
        if any(_lies_in(Path(out["path"]), folders) for out in entry["outs"])
        for line in entry["script"]
    ]


def _lies_in(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(f) or f.is_relative_to(path) for f in folders)

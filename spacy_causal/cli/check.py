"""`check`: what is wrong with a corpus, by document."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_causal.cli.convert import EntityColumn, TagColumn, WordColumn

if TYPE_CHECKING:
    from spacy_causal.corpus.doctor import Diagnosis

SHOWN = 20


def check(
    corpus: Annotated[
        Path,
        typer.Argument(
            help="A .spacy file, a folder with such files, or a corpus that "
            "convert reads.",
            exists=True,
        ),
    ],
    *,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="Another corpus to check, and to compare texts with.", exists=True
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="Format of the corpus, as in convert.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer.")] = "en",
    by_character: Annotated[
        bool, typer.Option("--by-character", help="Make each character a token.")
    ] = False,
    word_column: WordColumn = None,
    entity_column: EntityColumn = None,
    tag_column: TagColumn = None,
    limit: Annotated[
        int, typer.Option(help="Findings to list; 0 for all.", min=0)
    ] = SHOWN,
) -> None:
    """Check a corpus: spans, labels, empty or unannotated documents, duplicates."""
    from spacy_causal.corpus.doctor import (
        examine_corpus,
        labels_of_dev_alone,
        shared_texts,
    )
    from spacy_causal.corpus.records import Options

    options = Options(
        format=format,
        lang=lang,
        by_character=by_character,
        word_column=word_column,
        entity_column=entity_column,
        tag_column=tag_column,
    )
    diagnoses = []
    for path in (corpus, dev):
        if path is not None:
            diagnosis = examine_corpus(path, options)
            _show(path, diagnosis, limit)
            diagnoses.append(diagnosis)
    if len(diagnoses) == 2:
        shared = shared_texts(*diagnoses)
        for text, place, other in shared[: limit or None]:
            here, there = (f"{file}:{n}" for file, n in (place, other))
            msg.warn(f"{here} and {there} are the same: {text[:60]!r}")
        summary = f"{len(shared):,} texts are in both"
        msg.warn(summary) if shared else msg.good(summary)
        for layer, alone in labels_of_dev_alone(*diagnoses).items():
            common = alone.most_common(limit or None)
            names = ", ".join(f"{name} ({n:,})" for name, n in common)
            if names:
                msg.warn(f"Not in {corpus}: {layer} {names}")
    if any(diagnosis.problems for diagnosis in diagnoses):
        raise typer.Exit(1)


def _show(path: Path, diagnosis: "Diagnosis", limit: int) -> None:
    msg.divider(str(path))
    msg.table([(name, f"{n:,}") for name, n in diagnosis.counts.items()])
    for layer, counter in diagnosis.layers.items():
        if counter:
            rows = [(name, f"{n:,}") for name, n in counter.most_common()]
            msg.table(rows, header=(layer, "count"), aligns=("l", "r"))
    for problem in diagnosis.problems[: limit or None]:
        msg.fail(str(problem))
    for oddity in diagnosis.oddities[: limit or None]:
        msg.warn(str(oddity))
    problems, oddities = len(diagnosis.problems), len(diagnosis.oddities)
    summary = f"{problems:,} problems, {oddities:,} oddities"
    msg.fail(summary) if problems else msg.good(summary)

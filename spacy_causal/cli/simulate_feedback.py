"""`simulate-feedback`: what a feedback session would bring, before anybody is asked."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import GpuId, Page, RowsFile, use_gpu
from spacy_causal.cli.progress import show_progress
from spacy_causal.cli.report import require_report
from spacy_causal.specs import split_names

if TYPE_CHECKING:
    from spacy_causal.experiments.feedback_setup import FeedbackSetup

USERS = "perfect, mistaken (see --mistakes) or partial (see --known)."
MODES = "own_ruled_out, imputed, imputed_ruled_out or positives_only."


def simulate_feedback(
    train: Annotated[
        Path, typer.Argument(help="Labelled .spacy file.", exists=True, dir_okay=False)
    ],
    dev: Annotated[
        Path,
        typer.Argument(help="Another one to score on.", exists=True, dir_okay=False),
    ],
    *,
    model: Annotated[
        str | None, typer.Option(help="Trained pipeline to go on from: name or path.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Config of an untrained pipeline to begin with.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    lang: Annotated[
        str,
        typer.Option(
            help="Language of a blank pipeline, if there is no --model and no --config."
        ),
    ] = "en",
    component: Annotated[
        str | None, typer.Option(help="Component that learns; needed if several could.")
    ] = None,
    initial: Annotated[
        float, typer.Option(help="Share of TRAIN labelled beforehand.")
    ] = 0.1,
    k: Annotated[int, typer.Option(help="Labels shown with a question.", min=1)] = 3,
    unit: Annotated[
        str | None,
        typer.Option(help="Ask about each token or mention; by default as fits."),
    ] = None,
    explore: Annotated[
        float,
        typer.Option(help="Share of questions in which one of the K labels is random."),
    ] = 0.5,
    sure: Annotated[
        float,
        typer.Option(
            help="Below 1: ask about single tokens, only those of which the model is "
            "less sure, and learn the others as it finds them."
        ),
    ] = 1.0,
    user: Annotated[str, typer.Option(help=USERS)] = "perfect",
    mistakes: Annotated[
        float, typer.Option(help="Share of wrong answers of a mistaken user.")
    ] = 0.1,
    doubt: Annotated[
        float, typer.Option(help="Share of the answers that the learner assumes wrong.")
    ] = 0.0,
    known: Annotated[
        str, typer.Option(help="Labels that a partial user knows: LABEL,LABEL.")
    ] = "",
    unseen: Annotated[
        str,
        typer.Option(
            help="Labels missing from the initial share: LABEL,LABEL, or a number, to "
            "draw labels that make up this share of DEV's labelled tokens."
        ),
    ] = "",
    imputer: Annotated[
        str | None,
        typer.Option(help="Trained pipeline that guesses, for modes that impute."),
    ] = None,
    mode: Annotated[
        str, typer.Option(help=f'What "none of these" teaches: {MODES}')
    ] = "own_ruled_out",
    batch_size: Annotated[
        int, typer.Option(help="Texts between two updates.", min=1)
    ] = 32,
    max_texts: Annotated[
        int, typer.Option(help="Texts to ask about; 0 for all.", min=0)
    ] = 0,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Training steps before the session; by default from the data's size."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of seeds.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="First seed.", min=0)] = 0,
    bounds: Annotated[
        bool,
        typer.Option(
            help="For comparison, also run a session told every label, and a "
            "training on everything labelled."
        ),
    ] = True,
    output: RowsFile = None,
    html: Page = None,
    gpu_id: GpuId = -1,
) -> None:
    """Simulate a feedback session on labelled data.

    What would asking people gain?
    """

    from spacy_causal.experiments.feedback_setup import FeedbackSetup

    if html is not None:
        require_report()
    use_gpu(gpu_id)
    try:
        for path in (output, html):
            keep_inputs(path, train, dev, config)
        setup = FeedbackSetup(
            train=train,
            dev=dev,
            model=model,
            config=config,
            lang=lang,
            component=component,
            initial=initial,
            k=k,
            unit=unit,  # type: ignore[arg-type]
            explore=explore,
            sure=sure,
            user=user,  # type: ignore[arg-type]
            mistakes=mistakes,
            doubt=doubt,
            known=split_names(known),
            unseen=_labels_or_share(unseen),
            imputer=imputer,
            mode=mode,  # type: ignore[arg-type]
            batch_size=batch_size,
            max_texts=max_texts,
            steps=steps,
        )
        rows = _run(setup, range(seed, seed + seeds), bounds, output)
        _show(rows)
        if html is not None:
            from spacy_causal.experiments.feedback_page import render_feedback
            from spacy_causal.experiments.page import write_page

            write_page(html, render_feedback(rows))
            msg.good("The page", str(html))
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)


def _run(
    setup: "FeedbackSetup", seeds: Iterable[int], bounds: bool, output: Path | None
) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The rows of this setup, also those of an earlier run."""
    from spacy_causal.experiments.feedback_setup import ARMS, SESSION
    from spacy_causal.experiments.feedback_simulation import create_run_cell
    from spacy_causal.experiments.results import Results, cell_key

    cells = setup.cells(seeds, ARMS if bounds else (SESSION,))
    with TemporaryDirectory() as folder:
        results = Results(output or Path(folder) / "rows.jsonl")
        n_done = sum(cell_key(cell) in results.done() for cell in cells)
        if n_done:
            msg.info(f"{n_done} of {len(cells)} runs are in {output} already")
        for _ in results.run(cells, create_run_cell(setup, progress=show_progress)):
            pass
        rows = {row["key"]: row for row in results.rows()}
    return [rows[cell_key(cell)] for cell in cells]


def _show(rows: list[dict[str, Any]]) -> None:
    from spacy_causal.experiments.learning_curve import findings, header, table

    first = rows[0]
    said, asked, scored = (f"{first[n]:,}" for n in ("n_initial", "n_stream", "n_dev"))
    labels = ", ".join(first["labels"])
    msg.text(f"{said} texts labelled beforehand, {asked} to ask about")
    msg.text(f"{scored} texts to score on; labels: {labels}")
    for row in rows:
        if row["arm"] == "session" and row["unseen_classes"]:
            names = ", ".join(row["unseen_classes"])
            msg.text(f"Unseen at first, seed {row['seed']}: {names}")
    columns = header(rows)
    aligns = ("l", *("r" for _ in columns[1:]))
    msg.table(table(rows), header=columns, aligns=aligns, divider=True)
    for sentence in findings(rows):
        msg.text(sentence)


def _labels_or_share(text: str) -> tuple[str, ...] | float:
    try:
        return float(text)
    except ValueError:
        return split_names(text)

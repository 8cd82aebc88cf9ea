"""`simulate-active`: what active learning would save, before anybody labels."""

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

if TYPE_CHECKING:
    from spacy_causal.experiments.active_setup import ActiveSetup

STRATEGIES = (
    "Strategies, separated by commas, each with settings after a colon: "
    "random,mnlp,wbadge:weight=l2,near_duplicates=0.95."
)
AUGMENT = (
    "Also train on generated sentences: seqmix or counterfactual, with settings after "
    "a colon: seqmix:density=0.2,window=3."
)


def simulate_active(
    train: Annotated[
        Path,
        typer.Argument(
            help="Labelled .spacy file, the pool.", exists=True, dir_okay=False
        ),
    ],
    dev: Annotated[
        Path | None,
        typer.Argument(
            help="Another one to score on; without it a fifth of TRAIN is held back.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Config of the pipeline.", exists=True, dir_okay=False),
    ] = None,
    lang: Annotated[
        str, typer.Option(help="Language of a blank pipeline, if there is no --config.")
    ] = "en",
    component: Annotated[
        str | None, typer.Option(help="Component that learns; needed if several could.")
    ] = None,
    strategies: Annotated[str, typer.Option(help=STRATEGIES)] = (
        "random,mnlp,bald,coreset,badge,wbadge"
    ),
    initial: Annotated[
        float, typer.Option(help="Share of the words labelled beforehand.")
    ] = 0.02,
    rounds: Annotated[
        int, typer.Option(help="Number of rounds; each spends one budget.", min=1)
    ] = 5,
    budget: Annotated[
        str,
        typer.Option(help="What a round may label: 500w (words) or 20 (sentences)."),
    ] = "500w",
    augment: Annotated[str | None, typer.Option(help=AUGMENT)] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh/--continue",
            help="Train from scratch each round, or go on from the round before.",
        ),
    ] = True,
    steps: Annotated[
        int | None,
        typer.Option(help="Training steps per round; by default from the data's size."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of seeds.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="First seed.", min=0)] = 0,
    bound: Annotated[
        bool, typer.Option(help="For comparison, also train on everything labelled.")
    ] = True,
    output: RowsFile = None,
    html: Page = None,
    gpu_id: GpuId = -1,
) -> None:
    """Simulate active learning on labelled data.

    How many words would it save?
    """

    from spacy_causal.experiments.active_setup import ActiveSetup
    from spacy_causal.specs import split_specs
    from spacy_causal.types import Budget

    if html is not None:
        require_report()
    use_gpu(gpu_id)
    try:
        for path in (output, html):
            keep_inputs(path, train, dev, config)
        setup = ActiveSetup(
            train=train,
            dev=dev,
            config=config,
            lang=lang,
            component=component,
            strategies=split_specs(strategies),
            initial=initial,
            rounds=rounds,
            budget=Budget.parse(budget),
            fresh=fresh,
            augment=augment,
            steps=steps,
        )
        rows = _run(setup, range(seed, seed + seeds), bound, output)
        _show(rows)
        if html is not None:
            from spacy_causal.experiments.active_page import render_active
            from spacy_causal.experiments.page import write_page

            write_page(html, render_active(rows))
            msg.good("The page", str(html))
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)


def _run(
    setup: "ActiveSetup", seeds: Iterable[int], bound: bool, output: Path | None
) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The rows of this setup, also those of an earlier run."""
    from spacy_causal.experiments.active_simulation import simulate_active
    from spacy_causal.experiments.results import Results, cell_key

    cells = setup.all_cells(seeds, bound=bound)
    with TemporaryDirectory() as folder:
        results = Results(output or Path(folder) / "rows.jsonl")
        done = results.done()
        n_done = sum(cell_key(cell) in done for cell in cells)
        if n_done:
            msg.info(f"{n_done} of {len(cells)} rounds are in {output} already")
        seeds = dict.fromkeys(cell["seed"] for cell in cells)
        ran = simulate_active(
            setup, seeds, results, bound=bound, progress=show_progress
        )
        for row in show_progress(ran, len(cells) - n_done, "rounds"):
            msg.text(
                f"{row['strategy']}, seed {row['seed']}: {row['words']:,} words, "
                f"F1 {100 * row['score']:.1f}"
            )
        rows = {row["key"]: row for row in results.rows()}
    # A pool that is used up leaves rounds without a row.
    return [rows[cell_key(cell)] for cell in cells if cell_key(cell) in rows]


def _show(rows: list[dict[str, Any]]) -> None:
    from spacy_causal.experiments.active_curves import (
        HEADER,
        NEEDED,
        findings,
        needed_table,
        table,
    )

    for header, lines in ((HEADER, table(rows)), (NEEDED, needed_table(rows))):
        aligns = ("l", *("r" for _ in header[1:]))
        if lines:
            msg.table(lines, header=header, aligns=aligns, divider=True)
    for sentence in findings(rows):
        msg.text(sentence)
    augment = rows[0]["augment"]
    if augment is not None and not any(row["generated"] for row in rows):
        name = augment.partition(":")[0]
        msg.warn(f"{name} generated nothing: its settings or its screen leave nothing")

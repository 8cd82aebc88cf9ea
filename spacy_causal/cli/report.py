"""`report`: what a run of the project showed, as a table and a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

if TYPE_CHECKING:
    from spacy_causal.experiments.report import Report


def report(
    metrics_dir: Annotated[
        Path, typer.Argument(help="Folder of ARM/SEED/TEST.json.", exists=True)
    ],
    training_dir: Annotated[
        Path, typer.Argument(help="Folder of ARM/SEED/model-best.")
    ],
    corpus_dir: Annotated[Path, typer.Argument(help="Folder of TEST.spacy.")],
    output: Annotated[
        Path, typer.Argument(help="The HTML page to write.", dir_okay=False)
    ],
    *,
    lock: Annotated[
        Path, typer.Option(help="weasel's record of the commands that ran.")
    ] = Path("project.lock"),
    limit: Annotated[int, typer.Option(help="Sentences to show.", min=0)] = 12,
) -> None:
    """Compare trained arms on their tests: a table here, a page on disk."""
    require_report()
    from spacy_causal.experiments.page import render_page, write_page
    from spacy_causal.experiments.report import gather

    try:
        gathered = gather(metrics_dir, training_dir, corpus_dir, lock=lock, limit=limit)
        write_page(output, render_page(gathered))
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    _show(gathered)
    msg.good("The report", str(output))


def require_report() -> None:
    """End the command where what draws a page is not installed."""
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError:
        msg.fail("A page needs: pip install 'spacy-causal[report]'", exits=1)


def _show(gathered: "Report") -> None:
    from spacy_causal.experiments.wording import answer, format_spread, name_test

    scores = gathered.scores
    rows = [
        (arm, *(format_spread(scores.values(arm, test)) for test in scores.tests))
        for arm in scores.arms
    ]
    header = ("strict F1 (%)", *(name_test(test) for test in scores.tests))
    msg.table(
        rows, header=header, aligns=("l", *("r" for _ in scores.tests)), divider=True
    )
    for test in scores.tests:
        msg.text(answer(gathered.scores, test))

"""`calibrate`: confidences that say what they should, by a temperature."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import GpuId, Page, command_of, use_gpu
from spacy_causal.cli.report import require_report
from spacy_causal.files import write_folder_whole, write_whole

if TYPE_CHECKING:
    from spacy.language import Language

    from spacy_causal.learning.calibration import Calibration, Scored


def calibrate(
    model: Annotated[str, typer.Argument(help="A trained pipeline: name or path.")],
    dev: Annotated[
        Path,
        typer.Argument(
            help="Annotated .spacy that it was not trained on.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            help="New folder for the calibrated pipeline.",
            file_okay=False,
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            help="Other annotated .spacy to measure on.", exists=True, dir_okay=False
        ),
    ] = None,
    component: Annotated[
        str | None,
        typer.Option(help="Name of the component; needed if there are several."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="JSON file of figures to write.", dir_okay=False)
    ] = None,
    html: Page = None,
    gpu_id: GpuId = -1,
) -> None:
    """Fit a temperature on held-out data.

    Shows NLL, ECE and risk-coverage before and after, per token and per mention.
    """
    from spacy_causal.experiments import calibration_wording as wording
    from spacy_causal.learning.calibration import Calibration, fit, measure
    from spacy_causal.pipeline.finding import find_labeller
    from spacy_causal.pipeline.loading import load_trained

    command = command_of(calibrate, locals())
    if html is not None:
        require_report()
    if output is not None:
        _require_new(output)
    use_gpu(gpu_id)
    try:
        for path in (json, html):
            keep_inputs(path, dev, test)
        nlp = load_trained(model)
        name = find_labeller(nlp, component)
        fitted = score_file(nlp, name, dev)
        temperature = fit(fitted)
        scored = fitted if test is None else score_file(nlp, name, test)
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    calibration = Calibration(
        name, temperature, measure(scored, 1.0), measure(scored, temperature)
    )
    rows, held_out = wording.figure_rows(calibration), test is not None
    msg.table(rows, header=wording.HEADER, aligns=("l", "r", "r"), divider=True)
    data = (test or dev).name
    for sentence in wording.findings(calibration, data, held_out=held_out):
        msg.text(sentence)
    try:
        if output is not None:
            pipe: Any = nlp.get_pipe(name)
            pipe.temperature = temperature
            write_folder_whole(output, nlp.to_disk)
            msg.good("The pipeline", str(output))
        if json is not None:
            import srsly

            said = {**calibration.to_dict(), "fitted_on": dev.name, "measured_on": data}
            write_whole(json, srsly.json_dumps(said, indent=2))
            msg.good("The figures", str(json))
        if html is not None:
            _write_page(html, calibration, scored, model, data, held_out, command)
            msg.good("The page", str(html))
    except OSError as error:
        msg.fail(str(error), exits=1)


def score_file(nlp: "Language", component: str, path: Path) -> "Scored":
    """Let a component read an annotated file, with progress."""
    from tqdm import tqdm

    from spacy_causal.corpus.files import read_spacy
    from spacy_causal.learning.calibration import score_docs

    docs = list(read_spacy(path, nlp.vocab))
    with tqdm(total=len(docs), unit="doc", disable=None, leave=False) as bar:
        return score_docs(nlp, component, docs, on_batch=bar.update)


def _write_page(
    path: Path,
    calibration: "Calibration",
    scored: "Scored",
    model: str,
    data: str,
    held_out: bool,
    command: str,
) -> None:
    from spacy_causal.experiments.calibration_page import render_calibration
    from spacy_causal.experiments.page import write_page
    from spacy_causal.experiments.results import versions

    page = render_calibration(
        calibration,
        scored,
        model=Path(model).name,
        data=data,
        held_out=held_out,
        made={"command": command, **versions()},
    )
    write_page(path, page)


def _require_new(path: Path) -> None:
    if path.exists() and any(path.iterdir()):
        msg.fail(f"{path} already exists: name a new folder.", exits=1)

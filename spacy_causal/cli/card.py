"""`card`: a model card in Markdown, for people and for the package of the model."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.calibrate import score_file
from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import Db, GpuId, command_of, use_gpu
from spacy_causal.files import write_whole
from spacy_causal.store import DEFAULT_URL

if TYPE_CHECKING:
    from spacy.language import Language

    from spacy_causal.experiments.card import Answered, Card
    from spacy_causal.learning.calibration import Calibration

README = "README.md"


def card(
    model: Annotated[str, typer.Argument(help="A trained pipeline: name or path.")],
    data: Annotated[
        Path,
        typer.Argument(
            help="Annotated .spacy to measure on.", exists=True, dir_okay=False
        ),
    ],
    *,
    train: Annotated[
        Path | None,
        typer.Option(help="Its training data (.spacy).", exists=True, dir_okay=False),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Dataset of answers that it has learnt from.")
    ] = None,
    db: Db = DEFAULT_URL,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write; printed by default.", dir_okay=False),
    ] = None,
    meta: Annotated[
        bool,
        typer.Option(
            "--meta",
            help="Write it into the pipeline's folder, where spacy package finds it.",
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the package, without the language; kept with --meta."
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Version of the package; kept with --meta.")
    ] = None,
    component: Annotated[
        str | None,
        typer.Option(help="Name of the component; needed if there are several."),
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Bootstrap samples of documents; 0 for none.", min=0)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of samples and swaps.", min=0)] = 0,
    gpu_id: GpuId = -1,
) -> None:
    """Write a model card.

    Data and labels, F1 by type and on names seen in training or not, ACE and RI,
    calibration, confounders, where the labels come from, versions.
    """
    from spacy_causal.experiments.card_text import describe, render_card
    from spacy_causal.pipeline.loading import load_trained

    try:
        keep_inputs(output, data, train)
    except ValueError as error:
        msg.fail(str(error), exits=1)
    use_gpu(gpu_id)
    named = {"name": name, "version": version}
    renamed = {key: value for key, value in named.items() if value is not None}
    _require_package_name(**renamed)
    if meta:
        _require_own_readme(Path(model))
    command = command_of(card, locals())
    try:
        answered = [] if dataset is None else count_answers(dataset, db)
        nlp = load_trained(model)
        nlp.meta.update(renamed)
        made = gather(
            nlp, data, train, component, answered, samples, seed, command=command
        )
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    text = render_card(made)
    try:
        if output is not None:
            write_whole(output, text)
            msg.good("The card", str(output))
        if meta:
            write_into_model(Path(model), text, describe(made), renamed)
            msg.good("The card", str(Path(model) / README))
    except OSError as error:
        msg.fail(str(error), exits=1)
    if output is None and not meta:
        typer.echo(text)


def gather(
    nlp: "Language",
    data: Path,
    train: Path | None,
    component: str | None,
    answered: "Sequence[Answered]",
    samples: int,
    seed: int,
    *,
    command: str,
) -> "Card":
    """Measure all that a card says."""
    from spacy_causal.cli.effects import measure_files
    from spacy_causal.corpus.files import read_spacy
    from spacy_causal.experiments import card as facts
    from spacy_causal.experiments.results import versions
    from spacy_causal.pipeline.finding import find_labeller, labellers_of

    wanted = component or labellers_of(nlp)
    name = find_labeller(nlp, component) if wanted else None
    pipe: Any = None if name is None else nlp.get_pipe(name)
    layer = "ner" if pipe is None else pipe.layer
    docs = list(read_spacy(data, nlp.vocab))
    trained_on = [] if train is None else list(read_spacy(train, nlp.vocab))
    counts = facts.count_labels(data.name, docs, layer)
    unknown = [] if pipe is None else sorted({*counts.labels} - {*pipe.labels})
    overall, per_label = facts.label_scores(nlp, docs, layer)
    effects = None
    if layer == "ner":
        effects = measure_files(nlp, docs, train, samples, seed)
    train_counts = None
    if train is not None:
        train_counts = facts.count_labels(train.name, trained_on, layer)
    return facts.Card(
        name=package_name(nlp),
        version=nlp.meta["version"],
        pipes=nlp.pipe_names,
        layer=layer,
        component=name,
        data=counts,
        unknown=unknown,
        train=train_counts,
        overall=overall,
        per_label=per_label,
        effects=effects,
        calibration=_calibration(nlp, name, data) if name and not unknown else None,
        confounders=[] if pipe is None else pipe.confounders,
        adjustment={} if name is None else facts.adjustment_of(nlp, name),
        sources=facts.count_sources(trained_on, layer),
        answered=answered,
        command=command,
        versions=versions(),
    )


def count_answers(dataset: str, database: str) -> "list[Answered]":
    """Answers in a database by the way people were asked.

    Raises ValueError when there is no such dataset.
    """
    from spacy_causal.experiments.card import Answered
    from spacy_causal.server.export import read_answers
    from spacy_causal.server.manual import VIEW
    from spacy_causal.store.records import AGREED

    ways: dict[str, list[Any]] = {}
    for task in read_answers(dataset, database):
        whole = task.get("_view_id") == VIEW
        way = "whole sentences" if whole else f"questions, {task.get('mode', '')}"
        if task.get("_session_id") == AGREED:
            way = f"agreed on: {way}"
        ways.setdefault(way.removesuffix(", "), []).append(task)
    return [
        Answered(
            way,
            len({task.get("_session_id") for task in tasks} - {AGREED}),
            len({task["_input_hash"] for task in tasks}),
            sum(task.get("answer") == "accept" for task in tasks),
            sum(task.get("answer") != "accept" for task in tasks),
        )
        for way, tasks in sorted(ways.items())
    ]


def package_name(nlp: "Language") -> str:
    """What `spacy package` calls a pipeline."""
    lang, name = nlp.meta["lang"], nlp.meta["name"]
    return name if name.startswith(f"{lang}_") else f"{lang}_{name}"


def write_into_model(
    folder: Path, text: str, description: str, renamed: Mapping[str, str]
) -> None:
    """Write a card where `spacy package` takes a model's README from, a description
    where the pipeline has none or that of an earlier card, and the name and version
    that it is to have."""
    import srsly

    from spacy_causal.experiments.card_text import is_description

    said = srsly.read_json(folder / "meta.json")
    own = said.get("description")
    if not own or is_description(own):
        own = description
    write_whole(folder / README, text)
    kept = {**said, "description": own, **renamed}
    if kept != said:
        write_whole(folder / "meta.json", srsly.json_dumps(kept, indent=2))


def _calibration(nlp: "Language", name: str, data: Path) -> "Calibration":
    from spacy_causal.learning.calibration import Calibration, measure

    pipe: Any = nlp.get_pipe(name)
    scored = score_file(nlp, name, data)
    before, after = measure(scored, 1.0), measure(scored, pipe.temperature)
    return Calibration(name, pipe.temperature, before, after)


def _require_package_name(name: str = "model", version: str = "1.0") -> None:
    """As `spacy package` asks for them, and the wheel that it builds."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(?<!_)", name):
        msg.fail(f"--name takes ASCII letters, digits and _, not {name!r}.", exits=1)
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc|\.post|\.dev)\d+)*", version):
        msg.fail(f"--version takes one like 1.0.0 or 1.0.0rc1: {version!r}.", exits=1)


def _require_own_readme(folder: Path) -> None:
    from spacy_causal.experiments.card_text import MARK

    if not (folder / "meta.json").is_file():
        msg.fail(f"--meta takes a pipeline's folder, not {folder}.", exits=1)
    readme = folder / README
    if readme.exists() and MARK not in readme.read_text(encoding="utf8"):
        msg.fail(f"{readme} is not a model card: not overwritten.", exits=1)

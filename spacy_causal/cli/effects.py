"""`effects`: whether a pipeline reads entities or their contexts."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import GpuId, Page, command_of, use_gpu
from spacy_causal.cli.report import require_report
from spacy_causal.files import write_whole

if TYPE_CHECKING:
    from numpy.random import Generator
    from spacy.language import Language
    from spacy.tokens import Doc

    from spacy_causal.effects.measure import Effects
    from spacy_causal.effects.swaps import Swap
    from spacy_causal.scorers.spans import Span


def effects(
    model: Annotated[
        str, typer.Argument(help="A pipeline that sets doc.ents: name or path.")
    ],
    data: Annotated[
        Path, typer.Argument(help="Annotated .spacy file.", exists=True, dir_okay=False)
    ],
    *,
    train: Annotated[
        Path | None,
        typer.Option(
            help="Its training data (.spacy), to tell names seen in training from "
            "others; or a text file with one name per line.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Bootstrap samples of documents; 0 for none.", min=0)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of samples and swaps.", min=0)] = 0,
    output: Annotated[
        Path | None, typer.Option(help="JSON file to write.", dir_okay=False)
    ] = None,
    html: Page = None,
    gpu_id: GpuId = -1,
) -> None:
    """Measure what a pipeline relies on.

    ACE and RI of entities and contexts, F1 on names seen in training and on others,
    and how many entities are still found after a swap.
    """
    from spacy_causal.corpus.files import read_spacy
    from spacy_causal.pipeline.loading import load_trained

    command = command_of(effects, locals())
    if html is not None:
        require_report()
    use_gpu(gpu_id)
    try:
        for path in (output, html):
            keep_inputs(path, data, train)
        nlp = load_trained(model)
        docs = list(read_spacy(data, nlp.vocab))
        measured = measure_files(nlp, docs, train, samples, seed)
        _show(measured)
        names = {"model": Path(model).name, "data": data.name}
        _write(measured, output, html, command, **names)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        msg.fail(str(error), exits=1)


def _write(
    measured: "Effects",
    output: Path | None,
    html: Path | None,
    command: str,
    **names: str,
) -> None:
    if output is not None:
        import srsly

        write_whole(output, srsly.json_dumps(measured.to_dict(), indent=2))
        msg.good("The figures", str(output))
    if html is not None:
        from spacy_causal.experiments.effects_page import render_effects
        from spacy_causal.experiments.page import write_page
        from spacy_causal.experiments.results import versions

        made = {"command": command, **versions()}
        write_page(html, render_effects(measured, **names, made=made))
        msg.good("The page", str(html))


def measure_files(
    nlp: "Language", docs: list["Doc"], train: Path | None, samples: int, seed: int
) -> "Effects":
    """Measure annotated documents, with progress; `train` as the command has it."""
    from tqdm import tqdm

    from spacy_causal.corpus.files import SUFFIX, read_spacy
    from spacy_causal.effects.forms import read_forms, seen_forms
    from spacy_causal.effects.measure import measure_effects

    forms, donors = None, docs
    if train is not None and train.suffix == SUFFIX:
        trained_on = list(read_spacy(train, nlp.vocab))
        forms, donors = seen_forms(trained_on), [*trained_on, *docs]
    elif train is not None:
        forms = read_forms(train)
    with tqdm(total=len(docs), unit="doc", disable=None, leave=False) as bar:
        return measure_effects(
            nlp,
            docs,
            forms=forms,
            swap=create_swap(donors),
            samples=samples,
            seed=seed,
            on_batch=bar.update,
        )


def create_swap(docs: "Iterable[Doc]") -> "Swap":
    """Swaps in other entities of the type, drawn evenly from those of some documents,
    as `augment` does."""
    from spacy_causal.augment.bank import collect_entities
    from spacy_causal.augment.mentions import Mention
    from spacy_causal.augment.provenance import swaps_of
    from spacy_causal.augment.swap import swap_entity
    from spacy_causal.effects.swaps import SwappedDoc

    bank = collect_entities(docs)

    def swap(doc: "Doc", span: "Span", rng: "Generator") -> SwappedDoc | None:
        label, start, end = span
        others = bank.others(label, doc[start:end].text)
        if not others.number:
            return None
        new = swap_entity(doc, Mention(start, end, label), others.draw(rng))
        (swapped,) = swaps_of(new)
        return SwappedDoc(new, (label, swapped.start, swapped.end))

    return swap


def _show(measured: "Effects") -> None:
    from spacy_causal.experiments import effects_wording as wording

    header = ("(%)", *wording.LEVELS.values())
    _table(wording.overall_rows(measured), header)
    header = ("entity level", "n", "F1", "ACE of context", "ACE of entities", "RI")
    _table(wording.type_rows(measured.tables["entity"]), header)
    _table(wording.name_rows(measured), wording.name_header(measured))
    for sentence in wording.findings(measured):
        msg.text(sentence)
    warning = wording.substitution(measured)
    if warning:
        msg.warn(warning)
    if measured.n_unannotated:
        msg.warn(f"{measured.n_unannotated:,} documents without annotation left out.")


def _table(rows: list[list[str]], header: Iterable[str]) -> None:
    header = list(header)
    aligns = ("l", *("r" for _ in header[1:]))
    msg.table(rows, header=header, aligns=aligns, divider=True)

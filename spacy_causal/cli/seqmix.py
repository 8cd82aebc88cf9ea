"""`seqmix`: mixed sequences with soft labels, as a `.spacy` file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import GpuId, command_of, use_gpu
from spacy_causal.cli.report import require_report
from spacy_causal.specs import split_names

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, DocBin

    from spacy_causal.augment.perplexity.screen import FitScreen
    from spacy_causal.augment.seqmix.generate import MixCounts, Mixer
    from spacy_causal.augment.seqmix.settings import SeqMixSettings
    from spacy_causal.experiments.seqmix_page import MixTally
    from spacy_causal.types import Screen


def seqmix(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="Annotated .spacy.", exists=True, dir_okay=False
        ),
    ],
    output: Annotated[
        Path, typer.Argument(help="The .spacy file to write.", dir_okay=False)
    ],
    *,
    model: Annotated[
        str, typer.Option(help="Trained pipeline that gives the vectors.")
    ],
    rate: Annotated[float, typer.Option(help="New texts per labelled one.")] = 0.2,
    variant: Annotated[
        str, typer.Option(help="whole, sub or label_constrained.")
    ] = "sub",
    window: Annotated[int, typer.Option(help="Length of a window in tokens.")] = 5,
    density: Annotated[
        float,
        typer.Option(help="Minimum share of valid labels in a window; see --outside."),
    ] = 0.6,
    alpha: Annotated[
        float,
        typer.Option(help="The share λ of the first text is drawn from Beta(α, α)."),
    ] = 8.0,
    layer: Annotated[str, typer.Option(help="ner, tag or pos.")] = "ner",
    outside: Annotated[
        str,
        typer.Option(
            help="Labels that do not count as valid, separated by commas; '' for none."
        ),
    ] = "O",
    scheme: Annotated[
        str | None,
        typer.Option(help="io, bio or biluo; by default the model's, or else biluo."),
    ] = None,
    vectors: Annotated[
        str, typer.Option(help="auto, static, input or contextual.")
    ] = "auto",
    component: Annotated[
        str | None, typer.Option(help="Component whose encoder gives the vectors.")
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            help="Text file of more words a token may become, one per line.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    screen: Annotated[
        str,
        typer.Option(
            help="What judges perplexity: ngram, none, or a causal language model by "
            "name or folder (gpt2)."
        ),
    ] = "ngram",
    low: Annotated[float, typer.Option(help="Lowest perplexity to keep.")] = 0.0,
    high: Annotated[
        float | None,
        typer.Option(
            help="Highest to keep; by default 95 as a percentile, 500 as a perplexity."
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(help="Unit of --low and --high: perplexity or percentile."),
    ] = None,
    tries: Annotated[
        int, typer.Option(help="Generate this many texts at most for each wanted.")
    ] = 50,
    hardened: Annotated[
        bool,
        typer.Option(
            "--hardened",
            help="Write the label with the larger share instead of soft labels.",
        ),
    ] = False,
    keep_original: Annotated[
        bool,
        typer.Option(
            "--keep-original/--only-new", help="Whether to write the input too."
        ),
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of mixes here.", dir_okay=False)
    ] = None,
    gpu_id: GpuId = -1,
) -> None:
    """Mix pairs of labelled texts into new ones.

    SeqMix (EMNLP 2020). Texts that a language model finds too odd are dropped.
    causal_ner and causal_tagger learn from the output as it is; use --hardened for
    other components.
    """
    from spacy_causal.augment.seqmix.provenance import register_seqmix
    from spacy_causal.augment.seqmix.settings import SeqMixSettings
    from spacy_causal.corpus.files import (
        SUFFIX,
        empty_docbin,
        read_spacy,
        write_docbin,
    )
    from spacy_causal.experiments.seqmix_page import render_mixes
    from spacy_causal.pipeline.loading import load_trained

    command = command_of(seqmix, locals())
    if output.suffix != SUFFIX:
        msg.fail(f"the output has to end in {SUFFIX}: {output}", exits=1)
    if html is not None:
        require_report()
    use_gpu(gpu_id)
    options: dict[str, Any] = {
        "variant": variant,
        "window": window,
        "density": density,
        "alpha": alpha,
        "rate": rate,
        "hardened": hardened,
        "outside": split_names(outside),
        "tries": tries,
    }
    written = empty_docbin()
    register_seqmix()
    try:
        for path in (output, html):
            keep_inputs(path, source, vocabulary)
        settings, nlp = SeqMixSettings(**options), load_trained(model)
        fit = _screen(screen, low, high, unit, gpu_id)
        docs = list(read_spacy(source, nlp.vocab))
        if not any(len(doc) for doc in docs):
            raise ValueError(f"{source} has no text.")
        mixer = _mixer(
            docs, nlp, layer, scheme, vectors, component, vocabulary, settings
        )
        for doc in docs if keep_original else ():
            written.add(doc)
        tally = _mix(mixer, fit and fit(docs), written, seed)
        _show(mixer.counts, tally.reasons)
        _check_kept(mixer.counts, rate)
        if html is not None:
            from spacy_causal.experiments.page import write_page
            from spacy_causal.experiments.results import versions

            made = {"command": command, **versions()}
            page = render_mixes(tally, mixer.counts, docs, source.name, made)
            write_page(html, page)
        write_docbin(output, written)
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)
    msg.good(f"Wrote {output} ({len(written):,} documents)")


def _mixer(
    docs: "list[Doc]",
    nlp: "Language",
    layer: str,
    scheme: str | None,
    vectors: str,
    component: str | None,
    vocabulary: Path | None,
    settings: "SeqMixSettings",
) -> "Mixer":
    from spacy_causal.augment.seqmix.generate import Mixer
    from spacy_causal.augment.seqmix.parents import tag_set_of
    from spacy_causal.augment.seqmix.reader import scheme_of
    from spacy_causal.augment.seqmix.token_table import read_vocabulary, token_table

    spelled: Any = scheme or scheme_of(nlp, layer)
    where: Any = vectors
    table = token_table(
        docs,
        nlp,
        source=where,
        component=component,
        vocabulary=read_vocabulary(vocabulary),
    )
    return Mixer.of(
        docs,
        table,
        layer=layer,
        tag_set=tag_set_of(docs, layer, spelled),
        settings=settings,
    )


def _mix(
    mixer: "Mixer", screen: "Screen | None", written: "DocBin", seed: int
) -> "MixTally":
    """Mix with a progress bar; what is kept is written."""
    from numpy.random import default_rng
    from tqdm import tqdm

    from spacy_causal.experiments.seqmix_page import MixTally

    tally = MixTally()
    with tqdm(total=mixer.counts.wanted, unit=" texts", disable=None) as bar:
        for mixed in mixer.run(default_rng(seed), screen):
            tally.add(mixed)
            if mixed.verdict.kept:
                written.add(mixed.doc)
                bar.update()
    return tally


def _screen(
    name: str, low: float, high: float | None, unit: str | None, gpu_id: int
) -> "FitScreen | None":
    from spacy_causal.augment.perplexity.causal_lm import create_causal_lm_perplexity
    from spacy_causal.augment.perplexity.ngram import create_ngram_perplexity

    if name == "none":
        if low or high is not None or unit is not None:
            raise ValueError("--low, --high and --unit take a --screen.")
        return None
    given = {"low": low, "high": high, "unit": unit}
    options: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    if name == "ngram":
        return create_ngram_perplexity(**options)
    device = "cpu" if gpu_id < 0 else f"cuda:{gpu_id}"
    return create_causal_lm_perplexity(name, device=device, **options)


def _check_kept(counts: "MixCounts", rate: float) -> None:
    """Warn where fewer were made than were asked for.

    Raises ValueError where there is none, and says why.
    """
    more = "a lower --density, another --window or a wider range give more"
    if not counts.wanted:
        labelled = f"{counts.labelled:,} labelled texts"
        raise ValueError(f"--rate {rate:g} of {labelled} gives none: nothing written.")
    if not counts.pairs:
        raise ValueError(
            "No two texts have a window that can be mixed: nothing written; a lower "
            "--density or another --window may find some."
        )
    if not counts.kept:
        raise ValueError("No mixed sequence was kept: nothing written.")
    if counts.kept < counts.wanted:
        msg.warn(f"Only {counts.kept:,} of the {counts.wanted:,} asked for: {more}.")


def _show(counts: "MixCounts", reasons: dict[str, int]) -> None:
    rows = [
        ("texts with an eligible window", counts.sequences),
        ("eligible windows", counts.windows),
        ("eligible pairs", counts.pairs),
        ("generated", counts.generated),
        *sorted(reasons.items(), key=lambda pair: pair[0] == "kept"),
    ]
    msg.table(
        [(name, f"{count:,}") for name, count in rows],
        header=("mixed sequences", "number"),
        aligns=("l", "r"),
        divider=True,
    )

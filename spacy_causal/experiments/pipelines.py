"""A pipeline to try something with, and annotated data to try it on."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_causal.corpus.files import read_spacy
from spacy_causal.experiments.streaming import OUTSIDE, classes_of
from spacy_causal.pipeline.finding import find_labeller, labellers_of
from spacy_causal.pipeline.loading import load_trained

LAYERS = {"ner": "causal_ner", "tag": "causal_tagger", "pos": "causal_tagger"}


def make_pipeline(
    *,
    model: str | None = None,
    config: Path | None = None,
    lang: str = "en",
    vocab: Vocab | bool = True,
) -> tuple[Language, tuple[str, ...]]:
    """A trained pipeline, one from a config, or a blank one.

    RETURNS (tuple[Language, tuple[str, ...]]): With the names of the pipes that are
        trained already.
    """
    if model is not None:
        nlp = load_trained(model, vocab)
        return nlp, tuple(nlp.pipe_names)
    if config is not None:
        settings = spacy.util.load_config(config)
        nlp = spacy.util.load_model_from_config(settings, vocab=vocab, auto_fill=True)
        return nlp, tuple(spacy.util.get_sourced_components(settings))
    return spacy.blank(lang, vocab=vocab), ()


def read_docs(path: Path, vocab: Vocab) -> list[Doc]:
    """The annotated Docs of a `.spacy` file; ValueError where there are none."""
    docs = list(read_spacy(path, vocab))
    if not docs:
        raise ValueError(f"{path} has no texts.")
    return docs


def count_classes(docs: Iterable[Doc], layer: str) -> Counter[str]:
    """Tokens by class."""
    found = Counter(name for doc in docs for name in classes_of(doc, layer))
    outside = ("", OUTSIDE) if layer == "ner" else ("",)
    return Counter({name: n for name, n in found.items() if name not in outside})


def require_same_labels(
    known: Collection[str],
    dev: Counter[str],
    layer: str,
    paths: Sequence[Path],
) -> None:
    """Raise ValueError where most of what there is to score on has labels that nothing
    teaches: two files are annotated with different sets of them.

    known (Collection[str]): Those of the file to train on, and of the component.
    dev (Counter[str]): As `count_classes` has it.
    """
    strange = Counter({name: n for name, n in dev.items() if name not in known})
    if 2 * strange.total() > dev.total():
        names = ", ".join(name for name, _ in strange.most_common(5))
        raise ValueError(
            f"{strange.total():,} of {dev.total():,} tokens with a {layer!r} label in "
            f"{paths[1]} have one that {paths[0]} does not know: {names}."
        )


def find_component(
    nlp: Language, docs: Sequence[Doc], path: Path, wanted: str | None = None
) -> str:
    """The component that learns, added to a blank pipeline by what is annotated.

    path (Path): Where the Docs are from, for what is said where none fits.
    wanted (str | None): Its name; None is the only one that fits.
    Raises ValueError where none fits, or several do and none is named.
    """
    annotated = [layer for layer in LAYERS if count_classes(docs, layer)]
    if not nlp.pipe_names:
        if wanted not in (None, *LAYERS.values()):
            names = " or ".join(sorted({*LAYERS.values()}))
            raise ValueError(f"A blank pipeline gets {names}, not {wanted!r}.")
        fit = [x for x in annotated if wanted in (None, LAYERS[x])]
        if not fit:
            what = wanted or "a causal_ner or a causal_tagger"
            raise ValueError(f"{path} has no annotation for {what}.")
        config = {} if fit[0] == "ner" else {"attribute": fit[0]}
        nlp.add_pipe(LAYERS[fit[0]], config=config)
        return LAYERS[fit[0]]
    layers = {
        name: nlp.get_pipe(name).layer  # type: ignore[attr-defined]
        for name in labellers_of(nlp)
    }
    fit = [name for name, layer in layers.items() if layer in annotated]
    only = fit[0] if len(fit) == 1 else None
    name = find_labeller(nlp, wanted or only)
    if layers[name] not in annotated:
        raise ValueError(f"{path} has no {layers[name]!r} annotation.")
    return name

"""`spacy-causal.SeqMixCorpus.v1`: a corpus with mixed sequences."""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import spacy
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import ensure_path

from spacy_causal.augment.perplexity.screen import FitScreen
from spacy_causal.augment.reading import (
    Order,
    ReadExamples,
    cache_key,
    check_order,
    digest_of,
    digest_of_model,
    stored,
    with_generated,
)
from spacy_causal.augment.seqmix.generate import seqmix
from spacy_causal.augment.seqmix.parents import check_layer, tag_set_of
from spacy_causal.augment.seqmix.provenance import get_mix, register_seqmix
from spacy_causal.augment.seqmix.settings import SeqMixSettings, Variant
from spacy_causal.augment.seqmix.token_table import (
    Source,
    read_vocabulary,
    token_table,
)
from spacy_causal.corpus.files import empty_docbin
from spacy_causal.tags.scheme import Scheme

# How Python prints an object whose repr does not show its settings.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def create_seqmix_corpus(
    corpus: ReadExamples,
    *,
    model: str | Path,
    source: Source = "auto",
    component: str | None = None,
    vocabulary: str | Path | None = None,
    layer: str = "ner",
    scheme: Scheme | None = None,
    variant: Variant = "sub",
    window: int = 5,
    density: float = 0.6,
    alpha: float = 8.0,
    rate: float = 0.2,
    hardened: bool = False,
    outside: Sequence[str] = ("O",),
    tries: int = 50,
    screen: FitScreen | None = None,
    order: Order = "mixed",
    seed: int = 0,
    cache: str | Path | None = None,
) -> ReadExamples:
    """Wrap a corpus: its examples, and sequences mixed of them.

    SeqMix (EMNLP 2020), section 3. They are generated at the first call and kept, for
    spaCy reads a corpus several times; a corpus that reads otherwise the next time is
    mixed anew.

    corpus (ReadExamples): Any reader.
    model (str | Path): A *trained* pipeline whose vectors are mixed, never the one in
        training, which has none yet.
    source, component: See `token_table`.
    vocabulary (str | Path | None): A text file of more words that a mixed token may
        become, one a line. None: only those of the corpus.
    layer (str): "ner", "tag" or "pos".
    scheme (str | None): How the targets of entities are spelled: as the component that
        learns from them does. None: as the pipeline in training has it, "biluo" (as
        causal_ner does by itself) where nothing there says.
    variant, window, density, alpha, rate, hardened, outside, tries: See
        `SeqMixSettings`.
    screen (FitScreen | None): A perplexity screen. None keeps all.
    order (str): "mixed", or "augmented_first" with the corpus itself after. It shows
        only where training streams (`max_epochs = -1`): otherwise spaCy shuffles.
    seed (int): Of draws and order.
    cache (str | Path | None): A folder that keeps what was generated from run to run,
        for a screen whose settings show when it is printed (a dataclass's do, a
        function's do not).
    Raises ValueError for an unknown order or layer, for settings that are none, and for
    a cache that could not tell the screen from another.
    """
    check_order(order)
    if cache is not None and _ADDRESS.search(repr(screen)):
        raise ValueError(
            f"With a cache the screen's repr has to show its settings; {screen!r} "
            "shows a memory address. Make it a dataclass, or leave out the cache."
        )
    check_layer(layer)
    return SeqMixCorpus(
        corpus=corpus,
        model=str(model),
        source=source,
        component=component,
        vocabulary=ensure_path(vocabulary),
        layer=layer,
        scheme=scheme,
        settings=SeqMixSettings(
            variant, window, density, alpha, rate, hardened, tuple(outside), tries
        ),
        screen=screen,
        order=order,
        seed=seed,
        cache=ensure_path(cache),
    )


@dataclass(kw_only=True)
class SeqMixCorpus:
    """A reader of examples, see `create_seqmix_corpus`."""

    corpus: ReadExamples
    model: str
    source: Source
    component: str | None
    vocabulary: Path | None
    layer: str
    scheme: Scheme | None
    settings: SeqMixSettings
    screen: FitScreen | None
    order: Order
    seed: int
    cache: Path | None

    def __post_init__(self) -> None:
        self._made: dict[tuple[str, Scheme], DocBin] = {}

    def __call__(self, nlp: Language) -> Iterable[Example]:
        """Read the corpus, and mix what is not there yet."""
        examples = list(self.corpus(nlp))
        return with_generated(
            nlp,
            examples,
            self._mixed(nlp, examples),
            lambda doc: (get_mix(doc) or {})["parents"][0],
            order=self.order,
            seed=self.seed,
        )

    def _mixed(self, nlp: Language, examples: Sequence[Example]) -> list[Doc]:
        register_seqmix()
        docs = [example.reference for example in examples]
        scheme = self.scheme or scheme_of(nlp, self.layer)
        if not self.settings.hardened and not _learns_soft(nlp, self.layer):
            warnings.warn(
                f"No component here learns from soft labels of {self.layer!r}, which "
                "mixed sequences carry: for spaCy's own, set hardened = true.",
                stacklevel=2,
            )
        readers = _readers_of_spans(nlp, docs)
        if readers:
            names = ", ".join(readers)
            warnings.warn(
                f"Mixed sequences have no span groups: {names} would learn from them "
                "that there are no spans, and is to be frozen or trained without them.",
                stacklevel=2,
            )
        key = digest_of(docs), scheme
        if key not in self._made:
            name = "" if self.cache is None else self._key(*key)
            made = stored(
                self.cache, name, nlp.vocab, lambda: self._generate(docs, scheme)
            )
            self._made = {key: made}
        return list(self._made[key].get_docs(nlp.vocab))

    def _generate(self, docs: Sequence[Doc], scheme: Scheme) -> DocBin:
        trained = spacy.load(self.model)
        table = token_table(
            docs,
            trained,
            source=self.source,
            component=self.component,
            vocabulary=read_vocabulary(self.vocabulary),
        )
        made, _ = seqmix(
            docs,
            table,
            layer=self.layer,
            tag_set=tag_set_of(docs, self.layer, scheme),
            settings=self.settings,
            screen=None if self.screen is None else self.screen(docs),
            rng=default_rng(self.seed),
        )
        kept = empty_docbin()
        for doc in made:
            kept.add(doc)
        return kept

    def _key(self, data: str, scheme: Scheme) -> str:
        """A hash of all that the mixed sequences depend on. Of a screen it is what it
        prints, and the files of its model where that is a folder."""
        model = getattr(self.screen, "model", None)
        own = model if isinstance(model, str) and Path(model).is_dir() else None
        return cache_key(
            data=data,
            model=digest_of_model(self.model),
            source=self.source,
            component=self.component,
            vocabulary=read_vocabulary(self.vocabulary),
            layer=self.layer,
            scheme=scheme,
            settings=asdict(self.settings),
            screen=repr(self.screen),
            screen_model=None if own is None else digest_of_model(own),
            seed=self.seed,
        )


def scheme_of(nlp: Language, layer: str) -> Scheme:
    """How the last labeller of a pipeline spells its tags; without one as causal_ner
    does that is told nothing."""
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline]
    for pipe in reversed(pipes):
        tag_set = getattr(pipe, "tag_set", None)
        if layer == "ner" and tag_set is not None and tag_set.scheme != "token":
            return tag_set.scheme
    return "token" if layer != "ner" else "biluo"


def _learns_soft(nlp: Language, layer: str) -> bool:
    """Whether a component learns from targets of the layer; a pipeline that has none
    yet may get one."""
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline]
    labellers = [p for p in pipes if getattr(p, "tag_set", None) is not None]
    return not pipes or any(labeller.layer == layer for labeller in labellers)


def _readers_of_spans(nlp: Language, docs: Sequence[Doc]) -> list[str]:
    """The components that learn from a group of spans that these Docs have."""
    groups = {key for doc in docs for key in doc.spans}
    pipes: list[tuple[str, Any]] = nlp.pipeline
    return [x for x, p in pipes if getattr(p, "cfg", {}).get("spans_key") in groups]

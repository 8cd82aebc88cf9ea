"""`spacy-causal.SeqMixCorpus.v1`: a corpus with mixed sequences."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

import spacy
import srsly
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_causal.augment.alignment import cut_like
from spacy_causal.augment.corpus import digest_of, digest_of_model
from spacy_causal.augment.perplexity.screen import FitScreen
from spacy_causal.augment.provenance import source_id
from spacy_causal.augment.seqmix.building import LAYERS
from spacy_causal.augment.seqmix.generate import seqmix
from spacy_causal.augment.seqmix.parents import tag_set_of
from spacy_causal.augment.seqmix.provenance import get_mix, register_seqmix
from spacy_causal.augment.seqmix.settings import SeqMixSettings, Variant
from spacy_causal.augment.seqmix.token_table import Source, token_table
from spacy_causal.corpus.files import SUFFIX, empty_docbin, read_spacy, write_docbin
from spacy_causal.tags.scheme import Scheme

ReadExamples = Callable[[Language], Iterable[Example]]
Order = Literal["mixed", "augmented_first"]


def create_seqmix_corpus(
    corpus: ReadExamples,
    *,
    model: str | Path,
    source: Source = "auto",
    component: str | None = None,
    layer: str = "ner",
    scheme: Scheme | None = None,
    variant: Variant = "sub",
    window: int = 5,
    density: float = 0.6,
    alpha: float = 8.0,
    rate: float = 0.2,
    hardened: bool = False,
    screen: FitScreen | None = None,
    order: Order = "mixed",
    seed: int = 0,
    cache: Path | None = None,
) -> ReadExamples:
    """Wrap a corpus: its examples, and sequences mixed of them.

    SeqMix (EMNLP 2020), section 3. They are generated at the first call and kept, for
    spaCy reads a corpus several times; a corpus that reads otherwise the next time is
    mixed anew.

    corpus (ReadExamples): Any reader.
    model (str | Path): A *trained* pipeline whose vectors are mixed, never the one in
        training, which has none yet.
    source, component: See `token_table`.
    layer (str): "ner", "tag" or "pos".
    scheme (str | None): How the targets of entities are spelled: as the component that
        learns from them does. None: as the pipeline in training has it, "biluo" (as
        causal_ner does by itself) where nothing there says.
    variant, window, density, alpha, rate, hardened: See `SeqMixSettings`.
    screen (FitScreen | None): A perplexity screen. None keeps all.
    order (str): "mixed", or "augmented_first" with the corpus itself after. It shows
        only where training streams (`max_epochs = -1`): otherwise spaCy shuffles.
    seed (int): Of draws and order.
    cache (Path | None): A folder that keeps what was generated from run to run.
    Raises ValueError for an unknown order or layer, and for settings that are none.
    """
    if order not in get_args(Order):
        raise ValueError(
            f"Unknown order {order!r}: one of {', '.join(get_args(Order))}."
        )
    if layer not in LAYERS:
        raise ValueError(f"Unknown layer {layer!r}: one of {', '.join(LAYERS)}.")
    return SeqMixCorpus(
        corpus=corpus,
        model=str(model),
        source=source,
        component=component,
        layer=layer,
        scheme=scheme,
        settings=SeqMixSettings(variant, window, density, alpha, rate, hardened),
        screen=screen,
        order=order,
        seed=seed,
        cache=cache,
    )


@dataclass(kw_only=True)
class SeqMixCorpus:
    """A reader of examples, see `create_seqmix_corpus`."""

    corpus: ReadExamples
    model: str
    source: Source
    component: str | None
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
        cuts = {source_id(e.reference): cut_like(nlp, e) for e in examples}
        made = [
            Example(cuts[(get_mix(doc) or {})["parents"][0]](doc).predicted, doc)
            for doc in self._mixed(nlp, examples)
        ]
        if self.order == "augmented_first":
            return [*made, *examples]
        both = [*examples, *made]
        shuffled = default_rng(self.seed).permutation(len(both)).tolist()
        return [both[i] for i in shuffled]

    def _mixed(self, nlp: Language, examples: Sequence[Example]) -> list[Doc]:
        register_seqmix()
        docs = [example.reference for example in examples]
        scheme = self.scheme or scheme_of(nlp, self.layer)
        key = digest_of(docs), scheme
        if key not in self._made:
            self._made = {key: self._stored(nlp, docs, *key)}
        return list(self._made[key].get_docs(nlp.vocab))

    def _stored(
        self, nlp: Language, docs: Sequence[Doc], data: str, scheme: Scheme
    ) -> DocBin:
        """What the cache has of this corpus and these settings, or now gets."""
        if self.cache is None:
            return self._generate(docs, scheme)
        path = self.cache / f"{self._key(data, scheme)}{SUFFIX}"
        if not path.exists():
            write_docbin(path, self._generate(docs, scheme))
        stored = empty_docbin()
        for doc in read_spacy(path, nlp.vocab):
            stored.add(doc)
        return stored

    def _generate(self, docs: Sequence[Doc], scheme: Scheme) -> DocBin:
        trained = spacy.load(self.model)
        made, _ = seqmix(
            docs,
            token_table(docs, trained, source=self.source, component=self.component),
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
        prints, and the files of its model where that is a folder: the registered ones
        show their settings. A function shows its address, and hardly ever finds what
        another run kept: without a cache is better there."""
        model = getattr(self.screen, "model", None)
        own = model if isinstance(model, str) and Path(model).is_dir() else None
        depends = {
            "data": data,
            "model": digest_of_model(self.model),
            "source": self.source,
            "component": self.component,
            "layer": self.layer,
            "scheme": scheme,
            "settings": asdict(self.settings),
            "screen": repr(self.screen),
            "screen_model": None if own is None else digest_of_model(own),
            "seed": self.seed,
        }
        written = srsly.json_dumps(depends, sort_keys=True)
        return sha256(written.encode()).hexdigest()[:20]


def scheme_of(nlp: Language, layer: str) -> Scheme:
    """How the last labeller of a pipeline spells its tags; without one as causal_ner
    does that is told nothing."""
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline]
    for pipe in reversed(pipes):
        tag_set = getattr(pipe, "tag_set", None)
        if layer == "ner" and tag_set is not None and tag_set.scheme != "token":
            return tag_set.scheme
    return "token" if layer != "ner" else "biluo"

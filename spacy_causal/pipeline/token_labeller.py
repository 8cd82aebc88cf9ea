"""What `causal_ner` and `causal_tagger` share: a pipe that learns token targets."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np
from spacy.errors import Errors
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.util import minibatch
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from spacy_causal.losses import soft_cross_entropy
from spacy_causal.numeric import softmax
from spacy_causal.pipeline.confounding import effects_by_label, share_without
from spacy_causal.pipeline.examples import (
    soft_examples,
    target_rows,
    typed_sentence,
)
from spacy_causal.pipeline.kept_scores import KeptScores, ScoreReader
from spacy_causal.pipeline.settings import heed_config, keep_in_vocab, require_label
from spacy_causal.pipeline.upstream import Tell, what_to_tell
from spacy_causal.pipeline.widths import any_width
from spacy_causal.tags.scheme import Scheme, TagSet
from spacy_causal.targets.token_targets import register_extension
from spacy_causal.types import ChooseConfounders, Confounder, Loss, TokenScores

GetExamples = Callable[[], Iterable[Example]]


class TokenLabeller(TrainablePipe):
    """Labels tokens and learns from `doc._.token_targets`, or from gold annotation
    where a Doc carries none.

    layer (str): The layer of annotation: "ner", "tag" or "pos".
    scheme (Scheme): How its labels are spelled as tags.
    choose (ChooseConfounders): Picks the confounders from the initial data.
    temperature (float): What logits are divided by before others read them. Loading
        restores the saved temperature, unless the config's value has changed since.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], TokenScores],
        name: str,
        *,
        layer: str,
        scheme: Scheme,
        choose: ChooseConfounders,
        scorer: Callable[..., dict[str, Any]] | None,
        temperature: float = 1.0,
    ):
        register_extension()
        self.vocab, self.model, self.name = vocab, model, name
        self.layer, self.scheme, self.choose = layer, scheme, choose
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"labels": [], "confounders": [], "absent": 1.0}
        self.temperature = temperature
        now: dict[str, Any] = {"temperature": self.temperature, "scheme": scheme}
        self._configured = self.cfg["configured"] = now
        self._rehearsal_model: Model[list[Doc], TokenScores] | None = None
        self._kept = KeptScores()
        self._to_tell: list[Tell] = []

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order in which they were added."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    @property
    def tag_set(self) -> TagSet:
        """The tags that the columns of `TokenScores.logits` stand for."""
        return TagSet(self.scheme, self.labels)

    @property
    def temperature(self) -> float:
        """The temperature that calibrates its probabilities; 1 changes nothing.

        It is saved with the component, and applies to what others read:
        `doc._.candidates` and the scores of mentions. Training, acquisition and
        decoding use the logits as they are. `initialize` sets it to what is configured.
        """
        return float(self.cfg["temperature"])

    @temperature.setter
    def temperature(self, value: float) -> None:
        if not (isfinite(value) and value > 0):
            raise ValueError(f"A temperature is a number above 0, not {value!r}.")
        self.cfg["temperature"] = float(value)

    @property
    def confounders(self) -> list[Confounder]:
        """The dictionary of confounders with P(z)."""
        return [Confounder(**entry) for entry in self.cfg["confounders"]]

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document."""
        return next(self.pipe([doc]), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate a stream of documents, and keep their scores for components that
        are about to read them."""
        handle_error = self.get_error_handler()
        for docs in minibatch(stream, size=batch_size):
            try:
                scores = self.predict(docs)
                self.set_annotations(docs, scores)
                self._kept.keep(self, docs, self.calibrated(scores))
                yield from docs
            except Exception as error:
                handle_error(self.name, self, docs, error)

    def keep_scores(self, reader: ScoreReader) -> None:
        """Keep each Doc's scores until a component that comes later reads them."""
        self._kept.add_reader(reader)

    def take_scores(
        self, reader: ScoreReader, docs: Sequence[Doc]
    ) -> TokenScores | None:
        """What was said about a batch, or None if it is not there (any more)."""
        return self._kept.take(reader, docs)

    def predict(self, docs: Iterable[Doc]) -> TokenScores:
        """Score the tokens of a batch without changing it."""
        docs = list(docs)
        if any(len(doc) for doc in docs):
            return self.model.predict(docs)
        xp = self.model.ops.xp
        logits = xp.zeros((0, len(self.tag_set)), dtype="float32")
        return TokenScores(logits, logits[:, :0], None, [0] * len(docs))

    def calibrated(self, scores: TokenScores) -> TokenScores:
        """Scores whose softmax are the probabilities at the temperature."""
        if self.temperature == 1:
            return scores
        return replace(scores, logits=scores.logits / self.temperature)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        RETURNS (dict[str, float]): The losses, the summed soft cross-entropy in nats
            added under the component's name.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.update")
        docs = [eg.predicted for eg in examples]
        if not any(len(doc) for doc in docs):
            return losses
        # Pretrained weights are loaded after `initialize`, with what their encoder was
        # told.
        while self._to_tell:
            self._to_tell.pop()()
        set_dropout_rate(self.model, drop)
        if "teach" in self.model.attrs:
            rows = target_rows(examples, self.layer, self.tag_set)
            self.model.attrs["teach"](self.model, rows, self.tag_set)
        scores, backprop = self.model.begin_update(docs)
        loss, d_logits = self.get_loss(examples, scores)
        backprop(d_logits)
        self.model.attrs["observe"](self.model, docs, scores.hidden)
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(self, examples: Iterable[Example], scores: TokenScores) -> Loss:
        """Soft cross-entropy of the scores against the examples' targets, and its
        gradient by the logits, shape (N, M)."""
        rows = target_rows(list(examples), self.layer, self.tag_set)
        loss, d_logits = soft_cross_entropy(
            scores.logits, self.model.ops.asarray2f(rows)
        )
        if np.isnan(loss):
            raise ValueError(Errors.E910.format(name=self.name))
        return loss, d_logits

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn to go on saying what the model said when training was resumed.

        Under a listener use `remember` and `nlp.update`, which reach the encoder.
        """
        losses = {} if losses is None else losses
        docs = [eg.predicted for eg in examples]
        if self._rehearsal_model is None or not any(len(doc) for doc in docs):
            return losses
        said = self._soft_examples(docs, self._rehearsal_model.predict(docs))
        return self.update(said, drop=drop, sgd=sgd, losses=losses)

    def remember(self, docs: Iterable[Doc]) -> list[Example]:
        """What the model says of processed Docs, as soft targets: mixed into later
        updates these examples keep it from forgetting."""
        docs = list(docs)
        return self._soft_examples(docs, self.predict(docs))

    def initialize(
        self,
        get_examples: GetExamples,
        *,
        nlp: Language | None = None,
        labels: Iterable[str] | None = None,
        confounder_corpus: Callable[[Language], Iterable[Example]] | None = None,
    ) -> None:
        """Read the labels and confounders off the data and build the model.

        labels (Iterable[str] | None): The labels, if they are known beforehand.
        confounder_corpus (Callable | None): A reader for the confounders where
            `get_examples` shows only a part of the data (`max_epochs = -1`).
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        if labels is None:
            labels = self._labels_of(get_examples())
        elif isinstance(labels, str):
            raise ValueError(f"Labels are a list of words, not {labels!r}.")
        for label in labels:
            self.add_label(label)
        if not self.labels:
            warnings.warn(
                f"{self.name!r} found no labels for {self.layer!r}. If the corpus "
                "holds token targets, was it stored with store_user_data=True?",
                stacklevel=2,
            )
        sample = [eg.predicted for eg in islice(get_examples(), 10)]
        self.model.set_dim("nO", len(self.tag_set), force=True)
        self.model.initialize(X=sample)
        # What it was fitted to is gone.
        self.temperature = self._configured["temperature"]
        if confounder_corpus is not None and nlp is not None:
            self._set_confounders(confounder_corpus(nlp), nlp)
        else:
            self._set_confounders(get_examples(), nlp)

    def add_label(self, label: str) -> int:
        """Add a label, also after training. RETURNS (int): 0 if it was there."""
        require_label(label, self.layer)
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        keep_in_vocab(self.vocab, [label])
        if self.model.has_dim("nO"):
            self.model.attrs["resize_output"](self.model, len(self.tag_set))
        return 1

    def from_bytes(self, bytes_data: bytes, *, exclude: Any = ()) -> "TokenLabeller":
        """Load from bytes, also into a component that has more or fewer labels.

        Raises ValueError for one whose tags are spelled in another scheme.
        """
        with any_width(self.model):
            super().from_bytes(bytes_data, exclude=exclude)
        self._settle_loaded()
        return self

    def from_disk(self, path: Any, *, exclude: Any = ()) -> "TokenLabeller":
        """Load from a folder, also into a component that has more or fewer labels.

        Raises ValueError for one whose tags are spelled in another scheme.
        """
        with any_width(self.model):
            super().from_disk(path, exclude=exclude)
        self._settle_loaded()
        return self

    def _settle_loaded(self) -> None:
        """Heed the config, and make room for labels that came without a model."""
        heed_config(self.cfg, self._configured, self.name)
        # Bytes may come without the vocabulary.
        keep_in_vocab(self.vocab, self.labels)
        n_tags = len(self.tag_set)
        if self.model.has_dim("nO") and self.model.get_dim("nO") < n_tags:
            self.model.attrs["resize_output"](self.model, n_tags)

    def refresh_confounders(self, docs: Iterable[Doc]) -> None:
        """See the confounders' vectors anew with the weights as they are, as has to be
        done after parameter averaging.

        docs (Iterable[Doc]): Processed by the pipes before this one.
        """
        if not self.confounders:
            return
        self.model.attrs["set_confounders"](
            self.model, self.confounders, self.cfg["absent"]
        )
        for batch in minibatch(docs, size=128):
            scores = self.predict(batch)
            if scores.logits.size:
                observe = self.model.attrs["observe"]
                observe(self.model, batch, scores.hidden, memory=np.inf)

    def confounder_effects(self) -> dict[str, dict[str, float]]:
        """How many nats each confounder, fully attended to, moves each label by."""
        moved = self.model.attrs["confounder_effects"](self.model)
        words = [confounder.word for confounder in self.confounders]
        return effects_by_label(self.model.ops.to_numpy(moved), words, self.tag_set)

    def _know_labels(self, docs: Iterable[Doc]) -> None:
        """See to it that the Docs' vocabularies have the labels, whoever's they are."""
        for vocab in {doc.vocab for doc in docs} - {self.vocab}:
            keep_in_vocab(vocab, self.labels)

    def _labels_of(self, examples: Iterable[Example]) -> list[str]:
        raise NotImplementedError

    def _soft_examples(self, docs: Sequence[Doc], scores: TokenScores) -> list[Example]:
        rows = self.model.ops.to_numpy(softmax(scores.logits))
        return soft_examples(docs, rows, self.layer, self.tag_set)

    def _set_confounders(
        self, examples: Iterable[Example], nlp: Language | None
    ) -> None:
        sentences = [typed_sentence(eg.reference, self.layer) for eg in examples]
        chosen = self.choose(sentences)
        self.cfg["confounders"] = [confounder._asdict() for confounder in chosen]
        self.cfg["absent"] = share_without(sentences, chosen)
        self.model.attrs["set_confounders"](self.model, chosen, self.cfg["absent"])
        self._to_tell = [*what_to_tell(self.model, nlp, self.name, chosen)]
        for tell in self._to_tell:
            tell()

"""`candidate_scorer`: which labels to ask a person about."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import srsly
from spacy.attrs import IS_PUNCT, IS_SPACE, ORTH
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.util import minibatch
from thinc.api import Config
from thinc.util import to_numpy

from spacy_causal.display.noise import Modulation
from spacy_causal.display.questions import Text, ask
from spacy_causal.display.record import register_extension, set_candidates
from spacy_causal.display.settings import Display, Unit
from spacy_causal.pipeline.kept_scores import last_scored_by
from spacy_causal.pipeline.upstream import require_features
from spacy_causal.types import TokenScores

default_config = """
[candidate_scorer]
source = null
k = 3
unit = null
modulation = "none"
size = 1.0
explore = 0.0
near_miss = 0.1
sure = 1.0
seed = 0
round = 0
propensities = false
samples = 256
"""
DEFAULTS = Config().from_str(default_config)["candidate_scorer"]


@Language.factory(
    "candidate_scorer", assigns=["doc._.candidates"], default_config=DEFAULTS
)
def make_candidate_scorer(
    nlp: Language,
    name: str,
    source: str | None,
    k: int,
    unit: Unit | None,
    modulation: Modulation,
    size: float,
    explore: float,
    near_miss: float,
    sure: float,
    seed: int,
    round: int,
    propensities: bool,
    samples: int,
) -> "CandidateScorer":
    """Construct a `candidate_scorer` component.

    source (str | None): The component whose scores are read; null is the last one
        before this that scores tokens.
    seed (int): Of the noise.
    round (int): Other rounds have other noise; a session counts them up.

    The other settings are those of `spacy_causal.display.settings.Display`.
    """
    display = Display(
        k=k,
        unit=unit,
        modulation=modulation,
        size=size,
        explore=explore,
        near_miss=near_miss,
        sure=sure,
        propensities=propensities,
        samples=samples,
    )
    return CandidateScorer(
        nlp, name, source=source, display=display, seed=seed, round=round
    )


class CandidateScorer(Pipe):
    """Sets `doc._.candidates`: the top K labels under P(D|do(E)) of CITISL (Findings
    of EMNLP 2022), section 4.2. Beside them stands "none of these".

    It reads the scores of another component of its pipeline, and runs that component's
    model only on Docs whose scores are not at hand.

    seed, round (int): May be changed at any time, and are saved. Loading restores them,
        unless the config's values have changed since.
    """

    def __init__(
        self,
        nlp: Language | None,
        name: str = "candidate_scorer",
        *,
        source: str | None = None,
        display: Display | None = None,
        seed: int = 0,
        round: int = 0,
        labeller: Any = None,
    ):
        register_extension()
        self.name, self.source, self.display = name, source, display or Display()
        self.seed, self.round = seed, round
        self._configured = self._changing()
        # A strong reference would be a cycle that keeps every pipeline alive.
        self._nlp = ref(nlp) if nlp is not None else lambda: None
        self._has_pipeline = nlp is not None
        self._labeller = labeller
        if self._find_labeller() is not None:
            self.display.unit_of(self.labeller.tag_set)

    def __reduce__(self) -> tuple:
        # A spawned process gets the component it reads, not the pipeline.
        settings = {
            "name": self.name,
            "source": self.source,
            "display": self.display,
            "seed": self.seed,
            "round": self.round,
            "labeller": self._find_labeller(),
        }
        # `deepcopy` copies the arguments (the labeller too), but never the callable.
        set_since = self._configured, vars(self).get("error_handler")
        return _rebuilt, (settings, *set_since)

    @property
    def labeller(self) -> Any:
        """The component whose scores are read."""
        found = self._find_labeller()
        if found is None:
            nlp = self._nlp()
            names = ", ".join(nlp.component_names) if nlp is not None else "is gone"
            wanted = repr(self.source) if self.source else "a component before it"
            raise ValueError(
                f"{self.name!r} reads the scores of {wanted}: no causal_ner or "
                f"causal_tagger is there in its pipeline ({names}). Add one before "
                "it, or name one in its setting `source`."
            )
        if hasattr(found, "keep_scores"):
            found.keep_scores(self)
        self._labeller = found
        return found

    def reads(self, labeller: Any) -> bool:
        """Whether it is active in its pipeline and reads this component's scores."""
        nlp = self._nlp()
        active = nlp is None or any(pipe is self for _, pipe in nlp.pipeline)
        return active and self._find_labeller() is labeller

    def __call__(self, doc: Doc) -> Doc:
        """Choose the labels to ask about in one document."""
        return next(self.pipe([doc]), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Choose the labels to ask about in a stream of documents."""
        handle_error = self.get_error_handler()
        for docs in minibatch(stream, size=batch_size):
            try:
                self.set_annotations(docs, self.predict(docs))
                yield from docs
            except Exception as error:
                handle_error(self.name, self, docs, error)

    def predict(self, docs: Sequence[Doc]) -> TokenScores:
        """What the labeller said about a batch, or says now if that is not at hand."""
        labeller = self.labeller
        if hasattr(labeller, "take_scores"):
            scores = labeller.take_scores(self, docs)
            # Labels may have been added since.
            if scores is not None and scores.logits.shape[1] == len(labeller.tag_set):
                return scores
        self._require_own(labeller, docs)
        require_features(labeller, docs)
        scores = labeller.predict(docs)
        calibrated = getattr(labeller, "calibrated", None)
        return scores if calibrated is None else calibrated(scores)

    def set_annotations(self, docs: Sequence[Doc], scores: TokenScores) -> None:
        """Write `doc._.candidates`."""
        asked = ask(
            TokenScores(
                to_numpy(scores.logits),
                scores.hidden,
                None if scores.attention is None else to_numpy(scores.attention),
                scores.lengths,
            ),
            _text_of(docs),
            self.labeller.tag_set,
            self.display,
            seed=self.seed,
            round=self.round,
        )
        spans = asked.units.spans.astype("int32")
        offsets = accumulate(scores.lengths, initial=0)
        edges = pairwise(accumulate(asked.units.counts.tolist(), initial=0))
        said = {
            "labels": list(asked.labels),
            "k": self.display.k,
            "unit": self.display.unit_of(self.labeller.tag_set),
            "seed": self.seed,
            "round": self.round,
        }
        for doc, offset, (start, end) in zip(docs, offsets, edges, strict=False):
            rows = slice(start, end)
            record = {
                "starts": spans[rows, 0] - offset,
                "ends": spans[rows, 1] - offset,
                "shown": asked.shown[rows].copy(),
                "scores": asked.scores[rows].copy(),
                "display": asked.display[rows].copy(),
                "scale": asked.scale[rows].copy(),
            }
            if asked.propensities is not None:
                record["propensities"] = asked.propensities[rows].copy()
            set_candidates(doc, {**said, **record})

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The seed and round: what may have changed since the config was written."""
        return srsly.msgpack_dumps(self._state())

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "CandidateScorer":
        """Load the seed and round."""
        return self._set_state(srsly.msgpack_loads(bytes_data))

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the seed and round into a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        srsly.write_json(Path(path) / "cfg", self._state())

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "CandidateScorer":
        """Load the seed and round from a folder."""
        return self._set_state(srsly.read_json(Path(path) / "cfg"))

    def _changing(self) -> dict[str, int]:
        return {"seed": self.seed, "round": self.round}

    def _state(self) -> dict[str, Any]:
        return {**self._changing(), "configured": self._configured}

    def _set_state(self, state: dict[str, Any]) -> "CandidateScorer":
        """Take on what was saved, but for what is configured otherwise now."""
        before, now = state.get("configured", self._configured), self._configured
        kept = {x: state[x] if before[x] == now[x] else now[x] for x in now}
        self.seed, self.round = kept["seed"], kept["round"]
        return self

    def _require_own(self, labeller: Any, docs: Sequence[Doc]) -> None:
        """Raise ValueError where another pipeline's labeller has scored a Doc: spaCy
        shares a component that is sourced, and this one goes on reading its first."""
        if not self._has_pipeline:
            return
        nlp = self._nlp()
        mine = [labeller, *(pipe for _, pipe in (nlp.components if nlp else ()))]
        for doc in docs:
            by = last_scored_by(doc)
            if by is not None and not any(by is pipe for pipe in mine):
                raise ValueError(
                    f"{self.name!r} reads the scores of {labeller.name!r} in the "
                    f"pipeline it was made for, and {by.name!r} of another has scored "
                    "this Doc. Do not source it: add a new candidate_scorer to that "
                    f"pipeline, with the same config. {doc.text[:60]!r}"
                )

    def _find_labeller(self) -> Any:
        """The component that `source` names or that comes last before this one; what
        was found earlier where this one outlived its pipeline."""
        nlp = self._nlp()
        if nlp is None:
            return self._labeller
        found = None
        for name, pipe in nlp.components:
            if pipe is self and self.source is None:
                break
            if self.source in (None, name) and _scores_tokens(pipe):
                found = pipe
        return found


def _scores_tokens(pipe: Any) -> bool:
    return hasattr(pipe, "tag_set") and hasattr(pipe, "predict")


def _text_of(docs: Sequence[Doc]) -> Text:
    attributes = [doc.to_array([ORTH, IS_SPACE, IS_PUNCT]) for doc in docs]
    flags = np.concatenate(attributes).astype(bool)
    words = [each[:, 0].tobytes() for each in attributes]
    return Text(words, flags[:, 1], flags[:, 2])


def _rebuilt(
    settings: dict[str, Any], configured: dict[str, int], handle_error: Any
) -> CandidateScorer:
    """One without a pipeline, which reads a component that it was given.

    configured (dict[str, int]): The seed and round of its config.
    handle_error (Callable | None): What was set by `set_error_handler`.
    """
    scorer = CandidateScorer(None, **settings)
    scorer._configured = configured
    if handle_error is not None:
        scorer.set_error_handler(handle_error)
    return scorer

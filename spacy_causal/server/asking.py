"""Texts as tasks: which labels are shown about each token or mention."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, get_args

from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats1d

from spacy_causal.corpus.bare import tokens_of
from spacy_causal.corpus.records import Problem
from spacy_causal.display.candidates import OUTSIDE
from spacy_causal.display.settings import Display, Unit
from spacy_causal.learning.reading import memory_zone
from spacy_causal.learning.weights import pipes_from_bytes
from spacy_causal.pipeline.candidate_scorer import CandidateScorer
from spacy_causal.server.finished import finished_texts, reading_of
from spacy_causal.server.pipelines import SCORER
from spacy_causal.server.sources import Source
from spacy_causal.store.hashing import input_hash, set_hashes
from spacy_causal.store.records import Record
from spacy_causal.types import NONE_OF_THESE, Candidates

VIEW = "choice"
TEXTS_AT_ONCE = 4
FOLLOW_UPS = ("off", "next", "list")
# What people read for "O", by what is asked about.
OUTSIDE_TEXTS = {"token": "no label", "mention": "not a mention"}
NewWeights = Callable[[], dict[str, bytes] | None]


@dataclass(frozen=True)
class Asking:
    """What is asked, and how.

    k (int): Labels shown at a question.
    unit (str | None): "mention", "token" or what fits the component.
    all_labels (bool): The full-list mode: the most probable label, and a list of all.
    follow_up (str): After "none of these": "off", "next" (the K after them) or "list".
    explore (float): The share of the questions whose last label is drawn at random, see
        `Display`; 0 in the full-list mode. Nothing else is random in what is shown, so
        the propensities in tasks are exact.
    sure (float): Below 1 tokens of which the model is surer than this are not asked
        about, see `Display`.
    seed (int): Seed of these draws.
    """

    k: int = 3
    unit: str | None = None
    all_labels: bool = False
    follow_up: str = "off"
    explore: float = 0.5
    sure: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.follow_up not in FOLLOW_UPS:
            options = ", ".join(FOLLOW_UPS)
            raise ValueError(f"follow_up is one of {options}, not {self.follow_up!r}.")
        if self.unit not in (None, *get_args(Unit)):
            options = ", ".join(get_args(Unit))
            raise ValueError(f"unit is one of {options}, not {self.unit!r}.")
        Display(k=self.n_shown, explore=self.explore, sure=self.sure)

    @property
    def n_shown(self) -> int:
        """Labels shown at first."""
        return 1 if self.all_labels else self.k

    @property
    def explored(self) -> float:
        """The share of the questions whose last label is drawn by chance."""
        return 0.0 if self.all_labels else self.explore

    @property
    def mode(self) -> str:
        """What answers are told apart by when they are timed."""
        shown = "all labels" if self.all_labels else f"K = {self.k}"
        return shown if self.sure == 1 else f"{shown}, where unsure"


class QuestionStream:
    """Tasks about each text of a source, by the newest weights there are.

    Each says what reading of its text it is from, and the first of a text which texts
    before it had no questions, see `finished_texts`.

    problems (list[Problem]): Lines that were passed over, so far.
    """

    def __init__(
        self,
        nlp: Language,
        component: str,
        source: Source,
        asking: Asking,
        *,
        new_weights: NewWeights = lambda: None,
    ):
        self.nlp, self.component, self.source = nlp, component, source
        self.asking, self._new_weights = asking, new_weights
        config = {"source": component, "k": asking.n_shown, "unit": asking.unit}
        config |= {"sure": asking.sure}
        chance = {"explore": asking.explored, "seed": asking.seed}
        nlp.add_pipe(SCORER, config={**config, **chance, "propensities": True})
        beyond = asking.n_shown if asking.follow_up == "next" else 0
        self._scorer.display = replace(self._scorer.display, beyond=beyond)
        self.unit = self._scorer.display.unit_of(self._pipe.tag_set)
        self._finished: set[int] = set()
        self._quiet: list[int] = []

    def resume(self, answers: Iterable[Record]) -> None:
        """Pass over the texts that need no second reading, see `finished_texts`.

        They count as before where rounds are counted, so that what is shown about the
        others is drawn as it would have been.
        """
        self._finished = finished_texts(answers, self.unit, self.asking.sure)

    @property
    def problems(self) -> list[Problem]:
        return self.source.problems

    @property
    def fraction(self) -> float | None:
        """How much of the source was read."""
        return self.source.fraction

    @property
    def labels(self) -> list[str]:
        """All labels that may be answered; `outside` is none of them."""
        return list(self._pipe.tag_set.labels)

    @property
    def layer(self) -> str:
        """What the answers annotate: "ner", "tag" or "pos"."""
        return str(self._pipe.layer)

    @property
    def outside(self) -> str | None:
        """What says that it is no mention, or part of none, where there is such an
        answer."""
        return None if self._pipe.tag_set.scheme == "token" else OUTSIDE

    def __iter__(self) -> Iterator[dict[str, Any]]:
        docs = self.source.docs(self.nlp)
        for number in count():
            weights = self._new_weights()
            if weights is not None:
                pipes_from_bytes(self.nlp, weights)
            self._scorer.round = number
            tasks = self._next_tasks(docs)
            if tasks is None:
                return
            yield from tasks

    @property
    def _scorer(self) -> CandidateScorer:
        scorer: Any = self.nlp.get_pipe(SCORER)
        return scorer

    @property
    def _pipe(self) -> Any:
        return self.nlp.get_pipe(self.component)

    def _next_tasks(self, docs: Iterator[Doc]) -> list[dict[str, Any]] | None:
        """Tasks are made whole within the zone that their Docs end with."""
        with memory_zone(self.nlp):
            batch = list(islice(docs, TEXTS_AT_ONCE))
            if not batch:
                return None
            left = [x for x in batch if input_hash(x.text) not in self._finished]
            return [task for doc in self._read(left) for task in self._tasks(doc)]

    def _read(self, docs: list[Doc]) -> Iterator[Doc]:
        for doc in docs:
            try:
                yield self.nlp(doc)
            except Exception as error:
                reason = f"the pipeline cannot read it: {error}"[:200]
                self.problems.append(Problem(self.source.path, 0, reason))

    def _tasks(self, doc: Doc) -> list[dict[str, Any]]:
        about = {"text": doc.text, "tokens": tokens_of(doc)}
        tasks = [
            set_hashes({**about, **self._question(doc, question)}, VIEW)
            for question in doc._.candidates
        ]
        if not tasks:
            self._quiet.append(input_hash(doc.text))
            return []
        reading = reading_of(task["_task_hash"] for task in tasks)
        tasks[0]["quiet"], self._quiet = self._quiet, []
        return [{**task, "reading": reading} for task in tasks]

    def _question(self, doc: Doc, question: Candidates) -> dict[str, Any]:
        span = doc[question.start : question.end]
        n_shown = self.asking.n_shown
        labels = list(question.labels[:n_shown])
        assert question.propensities is not None
        # A sum of floats may end above 1.
        probable = [min(1.0, float(p)) for p in question.propensities[:n_shown]]
        return {
            "spans": [
                {
                    "start": span.start_char,
                    "end": span.end_char,
                    "token_start": span.start,
                    "token_end": span.end - 1,
                    "label": self.unit,
                }
            ],
            "options": self._options(labels, question.scores),
            "shown": labels,
            "propensities": probable,
            "next": list(question.labels[n_shown:]),
            "explore": self.asking.explored,
            "sure": self.asking.sure,
            "unit": self.unit,
            "seed": self._scorer.seed,
            "round": self._scorer.round,
            "mode": self.asking.mode,
            "_view_id": VIEW,
        }

    def _options(self, labels: Sequence[str], scores: Floats1d) -> list[dict[str, Any]]:
        """The labels shown, "none of these", and what is outside of mentions, once."""
        words, others = {}, [NONE_OF_THESE]
        if self.outside is not None:
            words[self.outside] = OUTSIDE_TEXTS[self.unit]
            others += [self.outside] if self.outside not in labels else []
        options: list[dict[str, Any]]
        options = [{"id": x, "text": words.get(x, x)} for x in (*labels, *others)]
        for option, score in zip(options, scores[: len(labels)], strict=False):
            option["score"] = round(float(score), 4)
        return options

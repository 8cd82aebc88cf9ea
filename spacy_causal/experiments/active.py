"""Active learning on data that is labelled already: train, score, buy, train again."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from numpy.random import Generator, SeedSequence, default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.learning.augmenting import Augment
from spacy_causal.types import Acquire, Budget, Needs, View

AUGMENTING, BUYING = 1, 2
Key = tuple[int, ...]


class Fit(Protocol):
    """Trains a pipeline on annotated Docs."""

    def __call__(
        self, docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        """key (tuple[int, ...]): All that its random numbers depend on.
        before (Language | None): The round before's, to go on from; None: from
            scratch.
        """


class Look(Protocol):
    """Makes a view of unlabelled Docs."""

    def __call__(
        self,
        committee: Sequence[Language],
        docs: Mapping[str, Doc],
        needs: Needs,
        seed: int,
    ) -> View:
        """committee (Sequence[Language]): Trained pipelines; the first one is asked for
            all but votes.
        docs (Mapping[str, Doc]): By id, annotated; the annotation is not looked at.
        """


@dataclass(frozen=True)
class Asked:
    """What asking about documents came to.

    docs (Mapping[str, Doc]): By id, all that were asked about so far and are now known
        something of, with what is known.
    questions (int): Asked this time.
    words (int): That this time's count as, of the budget.
    sentences, words_read (int): In which something was asked this time; their words.
    taken (int): This time's documents, the first of those that were bought, with a
        question or without. The others go back.
    """

    docs: Mapping[str, Doc]
    questions: int
    words: int
    sentences: int
    words_read: int
    taken: int


class Ask(Protocol):
    """Asks about documents that were bought, instead of having them annotated."""

    def offer(self, budget: Budget) -> Budget:
        """For how much to buy, so that asking comes to the budget."""

    def __call__(
        self,
        nlp: Language,
        annotated: Mapping[str, Doc],
        bought: Mapping[str, Doc],
        key: Key,
        budget: Budget,
    ) -> Asked:
        """nlp (Language): Trained; is left as it was.
        annotated (Mapping[str, Doc]): What is known so far, by id.
        bought (Mapping[str, Doc]): By id, annotated; who answers looks at that.
        budget (Budget): After which no more is asked.
        """


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a strategy is tried on.

    pool (Mapping[str, Doc]): By id, annotated.
    score (Callable[[Language], float]): Of a trained pipeline, on other texts.
    rounds (int): In which something is bought.
    budget (Budget): Of each of them.
    fresh (bool): Train from scratch each round, or go on from the round before.
    augment (Augment | None): Docs to train on beside those that are labelled.
    ask (Ask | None): What is done with what was bought; None: it is annotated whole.
    """

    pool: Mapping[str, Doc]
    fit: Fit
    score: Callable[[Language], float]
    look: Look
    rounds: int
    budget: Budget
    fresh: bool = True
    augment: Augment | None = None
    ask: Ask | None = None

    @property
    def stands_alone(self) -> bool:
        """Whether a model needs none before it; augmentation looks at that one, and
        it is that one which asks."""
        return self.fresh and self.augment is None and self.ask is None


@dataclass(frozen=True, kw_only=True)
class Round:
    """A model and what it was trained on.

    number (int): 0 is the initial share.
    words, sentences (int): Annotated until then, or asked about: the words, and the
        sentences that have such a word.
    words_read (int): All of these sentences.
    left (int): Documents that may still be bought.
    mean_length (float): Words a sentence, of those that this round added.
    generated (int): Docs that `augment` added.
    questions (int): Asked about what this round added.
    fit_seconds, pick_seconds (float): What training took, and choosing what this round
        added: the view and the strategy.
    ask_seconds (float): What asking took.
    picks (list[str]): What it added, the first choice first.
    """

    number: int
    words: int
    sentences: int
    words_read: int
    left: int
    mean_length: float
    score: float
    generated: int
    fit_seconds: float
    pick_seconds: float
    picks: list[str] = field(repr=False)
    questions: int = 0
    ask_seconds: float = 0.0

    @property
    def digest(self) -> str:
        """What tells these picks, in their order, from others."""
        return hashlib.sha256("\n".join(self.picks).encode()).hexdigest()[:16]


def first_share(
    pool: Mapping[str, Doc], share: float, rng: Generator, *, unit: str = "words"
) -> list[str]:
    """Random documents, as many as make up a share of the pool's words or sentences."""
    if not 0 < share < 1:
        raise ValueError(f"A share lies between 0 and 1, not {share}.")
    ids = [id for id, doc in pool.items() if len(doc)]
    costs = {id: len(pool[id]) if unit == "words" else 1 for id in ids}
    wanted, chosen = share * sum(costs.values()), list[str]()
    for i in rng.permutation(len(ids)):
        if wanted <= 0:
            break
        chosen.append(ids[i])
        wanted -= costs[ids[i]]
    return chosen


def run_rounds(
    course: Course,
    acquire: Acquire,
    initial: Sequence[str],
    seed: int,
    *,
    known: Sequence[Sequence[str]] = (),
    first: tuple[Language, int] | None = None,
) -> Iterator[Round]:
    """Train on the initial documents, then buy and train again, round by round.

    The random numbers of a round depend on the seed and its number alone, so two
    strategies that buy the same are trained the same.

    known (Sequence[Sequence[str]]): Picks of rounds that ran before, the initial one's
        first; they are neither run again nor yielded. Only where models stand alone.
    first (tuple[Language, int] | None): What `train_on` gave for the initial round,
        where it is at hand.
    """
    if known and not course.stands_alone:
        raise ValueError("A model that depends on the one before needs all rounds.")
    rounds = [list(picks) for picks in known] or [list(initial)]
    labelled = [id for picks in rounds for id in picks]
    annotated = {id: course.pool[id] for id in labelled}
    words = words_read = _words(course, labelled)
    sentences = len(labelled)
    nlp, generated, pick_seconds = None, 0, 0.0
    questions, ask_seconds = 0, 0.0
    for number in range(len(rounds) - 1, course.rounds + 1):
        if number >= len(rounds):
            assert nlp is not None
            started = time.perf_counter()
            key = seed, number - 1
            picks = _buy(course, acquire, nlp, labelled, annotated, key)
            pick_seconds = time.perf_counter() - started
            if not picks:
                return
            bought, started = {id: course.pool[id] for id in picks}, time.perf_counter()
            if course.ask is None:
                annotated |= bought
                words += _words(course, picks)
                words_read += _words(course, picks)
                sentences += len(picks)
            else:
                key = seed, number
                asked = course.ask(nlp, annotated, bought, key, course.budget)
                picks = picks[: asked.taken]
                annotated |= asked.docs
                words += asked.words
                words_read += asked.words_read
                sentences += asked.sentences
                questions, ask_seconds = asked.questions, time.perf_counter() - started
            rounds.append(picks)
            labelled += picks
        started = time.perf_counter()
        if number or first is None:
            nlp, generated = train_on(
                course, labelled, (seed, number), nlp, annotated=annotated
            )
        else:
            nlp, generated = first
        fit_seconds = time.perf_counter() - started
        if number < len(known):
            continue
        lengths = [len(course.pool[id]) for id in rounds[number]]
        yield Round(
            number=number,
            words=words,
            sentences=sentences,
            words_read=words_read,
            left=len(course.pool) - len(labelled),
            mean_length=round(sum(lengths) / len(lengths), 2),
            score=course.score(nlp),
            generated=generated,
            fit_seconds=round(fit_seconds, 2),
            pick_seconds=round(pick_seconds, 2),
            picks=rounds[number],
            questions=questions,
            ask_seconds=round(ask_seconds, 2),
        )


def train_on(
    course: Course,
    labelled: Sequence[str],
    key: Key,
    before: Language | None = None,
    *,
    annotated: Mapping[str, Doc] | None = None,
) -> tuple[Language, int]:
    """Train on labelled documents and on what augmentation makes of them.

    annotated (Mapping[str, Doc] | None): What is known of them, by id; of one that is
        not there nothing is. None: all is.
    before (Language | None): The round before's model. Augmentation looks at it, or,
        where there is none, at one trained on the documents alone.
    RETURNS (tuple[Language, int]): With the number of Docs that were generated.
    """
    docs = _known(labelled, course.pool if annotated is None else annotated)
    generated: list[Doc] = []
    if course.augment is not None:
        looked_at = before or course.fit(docs, key)
        generated = course.augment(docs, looked_at, default_rng([*key, AUGMENTING]))
    going_on = None if course.fresh else before
    return course.fit([*docs, *generated], key, going_on), len(generated)


def _buy(
    course: Course,
    acquire: Acquire,
    nlp: Language,
    labelled: Sequence[str],
    annotated: Mapping[str, Doc],
    key: Key,
) -> list[str]:
    """What a strategy chooses out of the documents that are not labelled."""
    taken = set(labelled)
    unlabelled = [id for id in course.pool if id not in taken]
    if not unlabelled:
        return []
    docs = _known(labelled, annotated)
    others = [
        course.fit(docs, (*key, member)) for member in range(1, acquire.needs.votes)
    ]
    seed = int(SeedSequence(key).generate_state(1)[0])
    view = course.look([nlp, *others], course.pool, acquire.needs, seed)
    ask, rng = course.ask, default_rng([*key, BUYING])
    budget = course.budget if ask is None else ask.offer(course.budget)
    picks = acquire(view, list(labelled), unlabelled, budget, rng)
    if len(set(picks)) < len(picks) or not set(picks) <= set(unlabelled):
        raise ValueError(f"A strategy chose what is not on sale, or twice: {picks}.")
    return picks


def _words(course: Course, ids: Sequence[str]) -> int:
    return sum(len(course.pool[id]) for id in ids)


def _known(labelled: Sequence[str], annotated: Mapping[str, Doc]) -> list[Doc]:
    return [annotated[id] for id in sorted(labelled) if id in annotated]

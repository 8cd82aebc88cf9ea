"""Active learning simulated on a user's own data, a row a round."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.acquisition.named import make_strategy
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.active import (
    Course,
    Key,
    Look,
    Round,
    first_share,
    run_rounds,
    train_on,
)
from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.active_setup import ActiveSetup
from spacy_causal.experiments.fitting import Progress, fit, quietly
from spacy_causal.experiments.pipelines import (
    count_classes,
    find_component,
    make_pipeline,
    read_docs,
    require_same_labels,
)
from spacy_causal.experiments.results import Results, cell_key
from spacy_causal.experiments.streaming import split_initial
from spacy_causal.learning.augmenting import make_augment
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.learning.reading import read_upstream
from spacy_causal.scorers.layers import f1_of
from spacy_causal.types import Needs, View

HELD_BACK = 0.2
Row = dict[str, Any]


@dataclass(frozen=True)
class ActiveStage:
    """Data, and how pipelines for it are made.

    nlp (Language): Blank or untrained; its vocabulary is that of all.
    trained (tuple[str, ...]): The pipes that are trained already.
    labels (list[str]): All that the pool has: they are known beforehand.
    """

    setup: ActiveSetup
    nlp: Language
    trained: tuple[str, ...]
    component: str
    labels: list[str]
    pool: dict[str, Doc]
    dev: list[Doc]

    @property
    def layer(self) -> str:
        """The layer of annotation that is learnt."""
        return self.nlp.get_pipe(self.component).layer  # type: ignore[attr-defined]

    def course(self, look: Look, progress: Progress) -> Course:
        """What a strategy is tried on."""

        def train(
            docs: Sequence[Doc], key: Key, before: Language | None = None
        ) -> Language:
            nlp = before or self._make()
            fit(
                nlp,
                self.component,
                docs,
                key=key,
                steps=self.setup.steps,
                initialize=before is None,
                trained=self.trained,
                progress=progress,
            )
            return nlp

        return Course(
            pool=self.pool,
            fit=train,
            score=self.score,
            look=look,
            rounds=self.setup.rounds,
            budget=self.setup.budget,
            fresh=self.setup.fresh,
            augment=make_augment(self.setup.augment, self.component),
        )

    def score(self, nlp: Language) -> float:
        """F1 of entities, or of tags, on the texts to score on."""
        docs = read_upstream(nlp, self.component, [bare_copy(doc) for doc in self.dev])
        pipe: Any = nlp.get_pipe(self.component)
        return f1_of(list(pipe.pipe(docs)), self.dev, self.layer)

    def _make(self) -> Language:
        setup = self.setup
        nlp, _ = make_pipeline(
            config=setup.config, lang=setup.lang, vocab=self.nlp.vocab
        )
        docs = list(self.pool.values())
        find_component(nlp, docs, setup.train, setup.component)
        pipe: Any = nlp.get_pipe(self.component)
        for label in self.labels:
            pipe.add_label(label)
        return nlp


def set_active_stage(setup: ActiveSetup) -> ActiveStage:
    """Build the pipeline and read the data.

    Raises ValueError for data without annotation for the component.
    """
    nlp, trained = make_pipeline(config=setup.config, lang=setup.lang)
    train = read_docs(setup.train, nlp.vocab)
    component = find_component(nlp, train, setup.train, setup.component)
    pipe: Any = nlp.get_pipe(component)
    layer = pipe.layer
    if setup.dev is None:
        dev, train = split_initial(train, HELD_BACK, default_rng(0))
    else:
        dev = read_docs(setup.dev, nlp.vocab)
    paths = setup.train, setup.dev or setup.train
    counts = [count_classes(docs, layer) for docs in (train, dev)]
    for path, found in zip(paths, counts, strict=True):
        if not found:
            raise ValueError(f"{path} has no {layer!r} annotation.")
    learnt, scored = counts
    if setup.dev is not None:
        require_same_labels({*learnt, *pipe.labels}, scored, layer, paths)
    pool = {str(i): doc for i, doc in enumerate(train) if len(doc)}
    labels = sorted(learnt)
    return ActiveStage(setup, nlp, trained, component, labels, pool, dev)


def simulate_active(
    setup: ActiveSetup,
    seeds: Iterable[int],
    results: Results,
    *,
    bound: bool = True,
    progress: Progress = quietly,
) -> Iterator[Row]:
    """Run what no row is there for; the strategies of a seed begin with the same
    texts, and the same model where each round is trained from scratch.

    bound (bool): Also train on everything.
    YIELDS (Row): Each round's row, once it is written.
    """
    stage = set_active_stage(setup)
    course = stage.course(create_look(stage.component), progress)
    for seed in seeds:
        initial = first_share(stage.pool, setup.initial, default_rng(seed))
        first: tuple[Language, int] | None = None
        for strategy in setup.strategies:
            cells = setup.cells(strategy, seed)
            known = _picks_of(results, cells)
            if len(known) == len(cells) or sum(map(len, known)) == len(stage.pool):
                continue
            goes_on = course.stands_alone and len(known) > 1
            if first is None and setup.fresh and not goes_on:
                first = train_on(course, initial, (seed, 0))
            rounds = run_rounds(
                course,
                make_strategy(strategy),
                initial,
                seed,
                known=known if course.stands_alone else (),
                first=first,
            )
            for found in rounds:
                if found.number >= len(known):
                    yield _append(results, cells[found.number], stage, found)
        (cell,) = setup.cells(ALL, seed)
        if bound and cell_key(cell) not in results.done():
            yield _append(results, cell, stage, train_everything(course, seed))


def create_look(component: str) -> Look:
    """A view of what pipelines say, by their component of this name."""

    def look(
        committee: Sequence[Language], docs: Mapping[str, Doc], needs: Needs, seed: int
    ) -> View:
        nlp, *others = committee
        return view_pool(nlp, component, docs, needs, seed=seed, committee=others)

    return look


def train_everything(course: Course, seed: int) -> Round:
    """A model trained on the whole pool, with the initial round's random numbers."""
    everything = Course(
        pool=course.pool,
        fit=course.fit,
        score=course.score,
        look=course.look,
        rounds=0,
        budget=course.budget,
    )
    nothing: Any = None
    (found,) = run_rounds(everything, nothing, list(course.pool), seed)
    return found


def _picks_of(results: Results, cells: Sequence[Row]) -> list[list[str]]:
    """What the rounds bought that are done, up to the first that is not."""
    rows = {row["key"]: row for row in results.rows()}
    known = []
    for cell in cells:
        row = rows.get(cell_key(cell))
        if row is None:
            break
        known.append(row["picks"])
    return known


def _append(results: Results, cell: Row, stage: ActiveStage, found: Round) -> Row:
    outcome = {
        "words": found.words,
        "sentences": found.sentences,
        "mean_length": found.mean_length,
        "score": found.score,
        "generated": found.generated,
        "fit_seconds": found.fit_seconds,
        "pick_seconds": found.pick_seconds,
        "digest": found.digest,
        "picks": found.picks if cell["strategy"] != ALL else [],
        "layer": stage.layer,
        "n_pool": len(stage.pool),
        "n_pool_words": sum(map(len, stage.pool.values())),
        "n_dev": len(stage.dev),
        "labels": stage.labels,
    }
    results.append(cell, outcome)
    return {"key": cell_key(cell), **cell, **outcome}

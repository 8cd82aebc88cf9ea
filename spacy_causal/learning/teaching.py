"""`Teacher`: what answers teach, by what the model says of the texts now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.feedback import targets_of
from spacy_causal.learning.imputation import Imputer
from spacy_causal.learning.journal import Answered
from spacy_causal.learning.memory import Memory
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.learning.reliability import Trust
from spacy_causal.learning.replay import Lesson
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.targets.token_targets import TokenTargets


class Teacher:
    """Makes lessons of answers, and makes them anew when they are replayed.

    imputer (Imputer | None): σ; needed where the mode asks it.
    """

    def __init__(
        self,
        nlp: Language,
        component: str,
        imputer: Imputer | None,
        settings: LearnerSettings,
    ):
        if settings.needs_imputer and imputer is None:
            raise ValueError(f"The mode {settings.mode!r} needs an imputer.")
        self.nlp, self.component = nlp, component
        self.imputer, self.settings = imputer, settings

    def teach(self, batch: Sequence[Answered], memory: Memory) -> list[str]:
        """Put the lessons of a batch into memory: targets of all that is now known
        about its texts, from one look of the model at them.

        RETURNS (list[str]): The texts' keys.
        """
        said: dict[str, tuple[Answer, ...]] = {}
        for answered in batch:
            said[answered.doc] = (*said.get(answered.doc, ()), *answered.answers)
        by_key = {answered.doc: answered for answered in batch}
        texts = [by_key[key] for key in said]
        own = self._own(texts)
        if self.settings.trust_prior is not None:
            memory.trust = memory.trust.after(
                list(zip(said.values(), own, strict=True)),
                self._tag_set,
                decay=self.settings.trust_decay,
            )
        known = [(*memory.answers_about(key), *new) for key, new in said.items()]
        targets = self._targets(texts, known, own, memory.trust, first=True)
        for text, answers, rows in zip(texts, known, targets, strict=True):
            memory.lessons[text.doc] = Lesson(text.words, text.spaces, answers, rows)
        return list(said)

    def recalled(
        self, sources: Sequence[Lesson | Doc], trust: Trust
    ) -> list[Lesson | Doc]:
        """What is replayed, with what was refused in earlier lessons imputed anew: the
        model has learnt since what it may be instead, and of the user what they know.
        With `mistakes`, what was confirmed is judged anew too; with `fill`, what has no
        answer is what the model finds now."""
        recalled, settings = list(sources), self.settings
        if not settings.reimputes:
            return recalled
        anew = settings.mistakes or settings.fill
        found = [
            (i, x)
            for i, x in enumerate(sources)
            if isinstance(x, Lesson) and (x.refuses or anew)
        ]
        at, lessons = [i for i, _ in found], [x for _, x in found]
        answers, own = [x.answers for x in lessons], self._own(lessons)
        targets = self._targets(lessons, answers, own, trust, first=False)
        for i, lesson, rows in zip(at, lessons, targets, strict=True):
            recalled[i] = replace(lesson, targets=rows)
        return recalled

    def _own(self, texts: Sequence[Answered | Lesson]) -> list[Floats2d]:
        return probabilities_of(self.nlp, self.component, self._docs(texts))

    def _targets(
        self,
        texts: Sequence[Answered | Lesson],
        answers: Sequence[Sequence[Answer]],
        own: Sequence[Floats2d],
        trust: Trust,
        *,
        first: bool,
    ) -> list[TokenTargets]:
        """What the answers about each text teach, as the model and trust are now."""
        settings, tag_set = self.settings, self._tag_set
        imputed: Sequence[Floats2d | None] = [None] * len(texts)
        if self.imputer is not None and settings.needs_imputer:
            said = self.imputer(self._docs(texts))
            imputed = [_widen(rows, len(tag_set)) for rows in said]
        flat = first and settings.mode == "own_ruled_out"
        kept = trust.kept_of_tags(tag_set, settings.trust_prior)
        ratios = trust.ratios_of_tags(tag_set, settings.trust_prior)
        return [
            targets_of(
                about,
                tag_set,
                doc_own,
                doc_imputed,
                kept=kept,
                ratios=ratios,
                fill=settings.fill,
                join=settings.join,
                mistakes=settings.mistakes,
                mode=settings.mode,
                temperature=settings.temperature if flat else 1.0,
                doubly_robust=settings.doubly_robust,
                clip=settings.clip,
            )
            for about, doc_own, doc_imputed in zip(answers, own, imputed, strict=True)
        ]

    def _docs(self, texts: Sequence[Answered | Lesson]) -> list[Doc]:
        vocab = self.nlp.vocab
        return [Doc(vocab, words=list(x.words), spaces=list(x.spaces)) for x in texts]

    @property
    def _tag_set(self) -> Any:
        pipe: Any = self.nlp.get_pipe(self.component)
        return pipe.tag_set


def _widen(rows: Floats2d, n_tags: int) -> Floats2d:
    """Rows with no mass on tags that were added since; tag sets grow at their end."""
    return np.pad(rows, ((0, 0), (0, n_tags - rows.shape[1])))

"""The arms of the combined protocol: what is chosen, asked, augmented and learnt.

Five parts: W-BADGE chooses; the K likeliest types are asked about, and after "none of
these" the type is picked from the list ("K only": it stays unknown), about every token
or about those alone of which the model is not sure ("unsure tokens"); SeqMix mixes;
swaps of entities are added; the deconfounded head learns. An arm has some of these; in
place of a part that it lacks stands the plainest choice: sentences at random, annotated
whole, nothing added, a linear head. SeqMix here is the form that was ahead of its
controls (findings/seqmix.md): tokens mixed in the encoder's output, a mixed one
counting as much as a token or, "mixed lightly", a fifth of that; "all mixed": not those
of entities alone; "in words" is the paper's form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.display.settings import Unit
from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.asking import Asking
from spacy_causal.learning.augmenting import Augment, make_augment
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.learning.replay import draw
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.ml.hidden_mix import Which
from spacy_causal.targets.token_targets import TokenTargets, set_targets

PLAIN, LINEAR, COMBINED, LESS = "plain", "linear", "combined", "combined - "
K_ONLY = " (K only)"
UNSURE, SURE = " (unsure tokens)", 0.99
LIGHT, LIGHTLY, ALL_MIXED = 0.2, " (mixed lightly)", " (all mixed)"
K = 3
HEADS = {
    "linear": {"@architectures": "spacy-causal.LinearTagger.v1"},
    "deconfounded": {"@architectures": "spacy-causal.DeconfoundedTagger.v1"},
}


@dataclass(frozen=True)
class Arm:
    """What a model is trained with.

    strategy (str): What chooses, see `make_strategy`.
    asks (str): What is asked about in a sentence, "mention" or "token"; "" where it is
        annotated whole.
    sure (float): Tokens of which the model is surer are not asked about.
    fill (bool): Whether they are taught as it finds them.
    explore (float): The share of the questions that show a label by chance.
    follow_up (bool): After "none of these" the list of all types is opened.
    augments (tuple[str, ...]): What is added to the sentences, see `make_augment`.
    self_taught (int): So many sentences more, for each that is labelled, drawn from the
        pool and taught as the model finds them.
    hidden (float): How much a pair of tokens mixed in the encoder's output counts.
    which (str): Which tokens are mixed there, "entities" or "all".
    head (str): One of `HEADS`, or "ner": spaCy's own component, encoder and all.
    """

    strategy: str = "random"
    asks: Unit | str = ""
    sure: float = 1.0
    fill: bool = True
    explore: float = 0.0
    follow_up: bool = False
    augments: tuple[str, ...] = ()
    self_taught: int = 0
    hidden: float = 0.0
    which: Which = "entities"
    head: str = "linear"

    def model(self, tok2vec: dict[str, Any]) -> dict[str, Any]:
        """The block of a `causal_ner` on an encoder."""
        labeller = HEADS[self.head] | {"tok2vec": tok2vec}
        if not self.hidden:
            return labeller
        mix = {"weight": self.hidden, "which": self.which, "labeller": labeller}
        return {"@architectures": "spacy-causal.HiddenMix.v1", **mix}

    def augment(self, component: str, pool: Sequence[Doc] = ()) -> Augment | None:
        """All that is added, each made of the labelled sentences alone, but for those
        that the model teaches itself."""
        each = [made for n in self.augments if (made := make_augment(n, component))]
        if self.self_taught:
            each.append(create_self_teaching(component, pool, self.self_taught))
        if not each:
            return None

        def together(docs: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
            return [doc for augment in each for doc in augment(docs, nlp, rng)]

        return together

    def ask(self, component: str) -> Asking | None:
        """Who is asked: somebody who is always right."""
        if not self.asks:
            return None
        unit: Unit = "token" if self.asks == "token" else "mention"
        # For the model that asks; the one that is scored is trained from scratch.
        settings = LearnerSettings(updates=2, fill=self.fill and self.sure < 1)
        return Asking(
            component,
            k=K,
            unit=unit,
            sure=self.sure,
            explore=self.explore,
            follow_up=self.follow_up,
            settings=settings,
        )


def create_self_teaching(component: str, pool: Sequence[Doc], times: int) -> Augment:
    """Sentences of the pool with the model's own distribution as their targets."""

    def teach(labelled: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
        known = {id(doc) for doc in labelled}
        others = [doc for doc in pool if id(doc) not in known]
        docs = [bare_copy(x) for x in draw(others, times * len(labelled), rng)]
        pipe: Any = nlp.get_pipe(component)
        names = pipe.tag_set.scheme, pipe.tag_set.names
        own = probabilities_of(nlp, component, docs)
        for doc, rows in zip(docs, own, strict=True):
            set_targets(doc, pipe.layer, TokenTargets(*names, rows))
        return docs

    return teach


PARTS: dict[str, dict[str, Any]] = {
    "wbadge": {"strategy": "wbadge"},
    "feedback": {"asks": "token", "follow_up": True},
    "seqmix": {"hidden": 1.0},
    "counterfactuals": {"augments": ("counterfactual",)},
    "deconfounded": {"head": "deconfounded"},
}
EVERYTHING = Arm(**{k: v for part in PARTS.values() for k, v in part.items()})
WITH_K_ONLY = replace(EVERYTHING, follow_up=False)
WHERE_UNSURE = replace(EVERYTHING, sure=SURE)
# Tried on dev.
OTHERWISE_SURE = (0.9, 0.999)


def less(part: str, everything: Arm = EVERYTHING) -> Arm:
    """All parts but one."""
    return replace(everything, **{name: getattr(Arm(), name) for name in PARTS[part]})


# ALL is the plain arm trained on the whole pool; "linear" shows, with a CNN, how much
# of a difference comes from leaving spaCy's `ner`.
ARMS: dict[str, Arm] = {
    PLAIN: Arm(),
    LINEAR: Arm(),
    **{part: Arm(**PARTS[part]) for part in PARTS},
    f"feedback{K_ONLY}": Arm(asks="token"),
    f"feedback{UNSURE}": Arm(**PARTS["feedback"], sure=SURE),
    "wbadge + self-taught": Arm(**PARTS["wbadge"], self_taught=2),
    f"{COMBINED}{UNSURE} - filling": replace(WHERE_UNSURE, fill=False),
    "feedback on mentions": Arm(asks="mention"),
    "feedback exploring": Arm(asks="token", explore=0.5),
    "seqmix in words": Arm(augments=("seqmix",)),
    f"seqmix{LIGHTLY}": Arm(hidden=LIGHT),
    COMBINED: EVERYTHING,
    COMBINED + LIGHTLY: replace(EVERYTHING, hidden=LIGHT),
    COMBINED + ALL_MIXED: replace(EVERYTHING, which="all"),
    **{f"{LESS}{part}": less(part) for part in PARTS},
    **{
        f"{COMBINED} (surer than {sure:g})": replace(EVERYTHING, sure=sure)
        for sure in OTHERWISE_SURE
    },
    **{
        f"{COMBINED}{kind}": everything
        for kind, everything in ((K_ONLY, WITH_K_ONLY), (UNSURE, WHERE_UNSURE))
    },
    **{
        f"{COMBINED}{kind} - {part}": less(part, everything)
        for kind, everything in ((K_ONLY, WITH_K_ONLY), (UNSURE, WHERE_UNSURE))
        for part in PARTS
        if part != "feedback"
    },
    "combined on mentions": replace(WITH_K_ONLY, asks="mention"),
    ALL: Arm(),
}
FEEDBACK, WHOLE = f"feedback{UNSURE}", f"{COMBINED}{UNSURE}"
# Each part alone, and all but each, where only unsure tokens are asked about.
SINGLE = {part: FEEDBACK if part == "feedback" else part for part in PARTS}
WITHOUT = {
    part: f"{COMBINED if part == 'feedback' else WHOLE} - {part}" for part in PARTS
}
USUAL = (PLAIN, *SINGLE.values(), WHOLE, *WITHOUT.values(), ALL)


def arm_of(name: str, encoder: str) -> Arm:
    """An arm by its name. On a CNN the plain ones are spaCy's `ner`.

    Raises ValueError for a name that there is not.
    """
    if name not in ARMS:
        raise ValueError(f"Unknown arm {name!r}: {', '.join(ARMS)}.")
    spacys_own = encoder == "cnn" and name in (PLAIN, ALL)
    return replace(ARMS[name], head="ner") if spacys_own else ARMS[name]

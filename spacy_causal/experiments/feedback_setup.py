"""What is simulated: data, pipeline, user; and the cells of its results."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from spacy.util import get_package_path, is_package

from spacy_causal.display.settings import Unit
from spacy_causal.learning.feedback import Mode
from spacy_causal.learning.settings import LearnerSettings

User = Literal["perfect", "mistaken", "partial"]
SESSION, TOLD, ALL = "session", "told", "all"
ARMS = (SESSION, TOLD, ALL)


@dataclass(frozen=True, kw_only=True)
class FeedbackSetup:
    """A session to simulate.

    train, dev (Path): Annotated `.spacy` files.
    model (str | None): A trained pipeline to go on from, or
    config (Path | None): one to train from nothing. Without either, a blank pipeline
        of `lang` with the component that fits the annotation.
    component (str | None): The one that learns; None is the only one that fits.
    initial (float): The share of `train` that is labelled beforehand.
    unit (Unit | None): Asked about mentions, a user can always say that it is none,
        and passes over spans that cut a mention. Asked about tokens, what stands
        beside the K is "none of these" alone.
    explore (float): The share of the questions whose last label is drawn by chance.
    sure (float): Below 1 tokens of which the model is surer than this are not asked
        about, and learnt as it finds them.
    mistakes (float): How often the user "mistaken" is wrong.
    doubt (float): The share of the answers that the learner takes to be wrong; who is
        told every label does not err.
    known (tuple[str, ...]): What the user "partial" knows.
    unseen (tuple[str, ...] | float): Classes not labelled in the initial share, or
        the share of the development set's labelled tokens to draw them for.
    imputer (str | None): A trained pipeline, for the modes that impute.
    batch_size (int): Texts between two updates.
    max_texts (int): Texts to ask about; 0 for all.
    steps (int | None): Of the optimizer, for a model trained before the session and
        for the one trained on all; None is what `usual_steps` says of the documents.
    """

    train: Path
    dev: Path
    model: str | None = None
    config: Path | None = None
    lang: str = "en"
    component: str | None = None
    initial: float = 0.1
    k: int = 3
    unit: Unit | None = None
    explore: float = 0.5
    sure: float = 1.0
    user: User = "perfect"
    mistakes: float = 0.1
    doubt: float = 0.0
    known: tuple[str, ...] = ()
    unseen: tuple[str, ...] | float = ()
    imputer: str | None = None
    mode: Mode = "own_ruled_out"
    batch_size: int = 32
    max_texts: int = 0
    steps: int | None = None

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise ValueError(problem)

    @property
    def asked_unit(self) -> Unit | None:
        """What is asked about, also where every label is told."""
        return "token" if self.sure < 1 else self.unit

    def cells(
        self, seeds: Iterable[int], arms: Iterable[str] = ARMS
    ) -> list[dict[str, Any]]:
        """A cell for each arm and seed: all that its outcome depends on. Files are
        told apart by what is in them."""
        unseen = self.unseen if isinstance(self.unseen, float) else sorted(self.unseen)
        data = {
            "train": fingerprint(self.train),
            "dev": fingerprint(self.dev),
            "model": self.model and fingerprint(self.model),
            "config": self.config and fingerprint(self.config),
            "lang": self.lang,
            "component": self.component,
            "initial": self.initial,
            "unseen": unseen,
            "max_texts": self.max_texts,
            "steps": self.steps,
        }
        learner = LearnerSettings().to_dict()
        # These have no effect here, or are listed below.
        del learner["clip"], learner["mode"], learner["fill"]
        asking: dict[str, Any] = {
            "k": self.k,
            "unit": self.asked_unit,
            "batch_size": self.batch_size,
            "learner": learner,
        }
        answering: dict[str, Any] = {
            "explore": self.explore,
            "user": self.user,
            "mistakes": self.mistakes if self.user == "mistaken" else None,
            "known": sorted(self.known),
            "mode": self.mode,
            "learner": {**learner, "mistakes": self.doubt},
            "imputer": self.imputer and fingerprint(self.imputer),
        }
        if self.sure < 1:
            answering |= {"sure": self.sure}
        needed = {
            SESSION: {**data, **asking, **answering},
            TOLD: {**data, **asking},
            ALL: data,
        }
        return [
            {"arm": arm, "seed": seed, **needed[arm]} for seed in seeds for arm in arms
        ]


def fingerprint(source: str | Path) -> str:
    """The name of a file, a folder or an installed pipeline, and a short hash of what
    is in it.

    Raises ValueError where there is none.
    """
    path = Path(source)
    if not path.exists():
        if not is_package(str(source)):
            raise ValueError(f"{source} is no file, no folder, no installed pipeline.")
        path = get_package_path(str(source))
    total = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in (file for file in files if file.is_file()):
        total.update(f"{file.relative_to(path)}\n{file.stat().st_size}\n".encode())
        with file.open("rb") as opened:
            while part := opened.read(2**20):
                total.update(part)
    return f"{path.name} {total.hexdigest()[:16]}"


def _problem(setup: FeedbackSetup) -> str | None:
    if setup.model is not None and setup.config is not None:
        return "Either a model to go on from or a config to begin with, not both."
    if not 0 < setup.initial < 1:
        return f"The initial share lies between 0 and 1, not {setup.initial}."
    if isinstance(setup.unseen, float) and not 0 < setup.unseen < 1:
        return f"The share that is unseen lies between 0 and 1, not {setup.unseen}."
    if not 0 <= setup.explore <= 1:
        return f"The share that explores lies between 0 and 1, not {setup.explore}."
    if not 0 < setup.sure <= 1:
        return f"What is sure lies above 0, and at most at 1, not {setup.sure}."
    if setup.sure < 1 and setup.unit == "mention":
        return "Only tokens are left out where the model is sure, not mentions."
    if not 0 <= setup.mistakes <= 1:
        return f"The rate of mistakes is a probability, not {setup.mistakes}."
    if not 0 <= setup.doubt < 0.5:
        return f"Less than half of the answers can be doubted, not {setup.doubt}."
    for name, value, choices in (
        ("unit", setup.unit, (None, *get_args(Unit))),
        ("user", setup.user, get_args(User)),
        ("mode", setup.mode, get_args(Mode)),
    ):
        if value not in choices:
            names = ", ".join(filter(None, choices))
            return f"Unknown {name} {value!r}: one of {names}."
    if (setup.user == "partial") != bool(setup.known):
        return 'The user "partial", and no other, knows only some labels: say which.'
    if LearnerSettings(mode=setup.mode).needs_imputer != (setup.imputer is not None):
        return (
            'The modes "imputed" and "imputed_ruled_out", and no others, need an '
            f"imputer: a trained pipeline. The mode is {setup.mode!r}."
        )
    if min(setup.k, setup.batch_size) < 1:
        return "k and the batch size are at least 1."
    if setup.max_texts < 0 or (setup.steps is not None and setup.steps < 0):
        return "Neither texts nor steps can be fewer than none."
    return None

"""How a learner learns, and what it reports."""

from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from spacy_causal.learning.feedback import Mode


@dataclass(frozen=True)
class LearnerSettings:
    """How a session learns.

    mode (Mode): What "none of these" teaches, see `refused_rows`.
    temperature (float): Of what is left of the model's own distribution after ruling
        out. One that has never seen a class gives it next to nothing, so this is high.
    reimpute (bool): Whether a replayed "none of these" is imputed anew, by what the
        model has learnt since and at a temperature of 1 (mode "own_ruled_out"; with
        `trust_prior` also "imputed_ruled_out").
    fill (bool): Whether tokens without an answer, in a text of which other tokens have
        one, are taught as the model finds them itself, anew at each replay; otherwise
        nothing is learnt there. It belongs to questions that leave out what the model
        is sure of (`sure` of `Display`).
    join (bool): Whether neighbouring tokens that were confirmed, one by one, to be of
        one type are one mention. Otherwise, as in the paper, the model's own split of
        the type decides, which teaches a model its own mistakes.
    trust_prior (float | None): How many confirmations of each type a user is credited
        with beforehand; a type that is confirmed more rarely than the model expects
        keeps a share of its probability where it is refused, see `kept_shares`. None:
        what is refused is ruled out.
    trust_decay (float): The factor by which, at each batch, the counts of older batches
        shrink in that.
    mistakes (float): The share of the answers that are taken to be wrong. Above 0 an
        answer is believed only as far as the model finds it probable, judged anew at
        each replay, see `doubted_rows`; where the model knows little, that costs more
        than the mistakes do.
    doubly_robust, clip: See `doubly_robust_rows`. With a `clip` of 1 or more the type
        that is taught does not change: the weight is at least 1, and everything off the
        confirmed type is cut. Only a `clip` below 1 mixes in the imputation.
    updates (int): How often each batch of answers is gone through.
    batch_size (int): Examples in one step of the optimizer.
    replay_ratio (float): Examples of gold and of earlier answers mixed in, for each
        answered text.
    gold_share (float): The share of them that is drawn from gold, if there is any; the
        others are drawn from all other gold and earlier answers together.
    dropout (float): While learning.
    learn_rate (float | None): Constant; None leaves the config's, with its schedule.
    max_drop (float): An update after which a label's F1 on the development set is more
        than this below its best is rolled back. No development set, no such gate.
    min_support (int): Labels rarer than this there are not judged.
    augment (str | None): What is learnt beside each batch of sentences annotated whole,
        made of them and of some that are replayed, see `make_augment`.
    freeze (tuple[str, ...]): Shared encoders that stay as they are.
    also_train (tuple[str, ...]): Pipes that learn along from replayed gold, such as
        other heads on the same encoder. All others stay as they are.
    """

    mode: Mode = "own_ruled_out"
    temperature: float = 4.0
    reimpute: bool = True
    fill: bool = False
    join: bool = True
    trust_prior: float | None = 2.0
    trust_decay: float = 0.98
    mistakes: float = 0.0
    doubly_robust: bool = False
    clip: float = float("inf")
    updates: int = 5
    batch_size: int = 32
    replay_ratio: float = 2.0
    gold_share: float = 0.25
    dropout: float = 0.1
    learn_rate: float | None = None
    max_drop: float = 0.05
    min_support: int = 10
    augment: str | None = None
    freeze: tuple[str, ...] = ()
    also_train: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            modes = ", ".join(get_args(Mode))
            raise ValueError(f"Unknown mode {self.mode!r}: one of {modes}.")
        if self.doubly_robust and self.mode == "positives_only":
            raise ValueError("Doubly robust rows need a mode that imputes something.")
        if self.updates < 1 or self.batch_size < 1 or self.replay_ratio < 0:
            raise ValueError(
                "updates and batch_size are at least 1, replay_ratio at least 0."
            )
        for name in ("temperature", "clip", "learn_rate", "trust_prior"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} is above 0, not {value}.")
        for name, end in (("mistakes", 0.5), ("dropout", 1)):
            if not 0 <= getattr(self, name) < end:
                value = getattr(self, name)
                raise ValueError(f"{name} lies in [0, {end}), not at {value}.")
        for name in ("freeze", "also_train"):
            if isinstance(getattr(self, name), str):
                raise ValueError(
                    f"{name} is a list of names: ({getattr(self, name)!r},)."
                )
        for name in ("trust_decay", "gold_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies between 0 and 1.")

    @property
    def reimputes(self) -> bool:
        """Whether an answer can teach something else when it is replayed."""
        if self.mistakes or self.fill:
            return self.reimpute
        soft = self.mode == "imputed_ruled_out" and self.trust_prior is not None
        return self.reimpute and (soft or self.mode == "own_ruled_out")

    @property
    def needs_imputer(self) -> bool:
        """Whether the mode asks σ."""
        return self.mode in ("imputed", "imputed_ruled_out")

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class UpdateReport:
    """What came of an update.

    batch (int): Its number.
    n_answers, n_examples (int): Answers learnt from; examples gone through, with
        those replayed, over all passes.
    loss (float): Nats an example, over all passes.
    accepted (bool): False if it was rolled back, because of what `fell`: labels with
        their best and their new F1.
    """

    batch: int
    n_answers: int = 0
    n_examples: int = 0
    loss: float = 0.0
    accepted: bool = True
    fell: dict[str, tuple[float, float]] = field(default_factory=dict)

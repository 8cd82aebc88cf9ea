"""Answers as rows of token targets."""

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints1d

from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.doubt import doubted_rows, kept_by_doubt
from spacy_causal.learning.settling import Held, borders, joined, settle
from spacy_causal.tags.scheme import TagSet, tags_of_spans
from spacy_causal.targets.token_targets import TokenTargets

Mode = Literal["own_ruled_out", "imputed", "imputed_ruled_out", "positives_only"]

# Prefixes ruled out at a mention's first and at its last token; and at a token that
# continues the mention of the one before, and at one that the next continues.
_NOT_AT_BORDERS = {"bio": ("I", ""), "biluo": ("IL", "BI")}
_NOT_INSIDE = {"bio": ("B", ""), "biluo": ("BU", "LU")}


def confirmed_rows(
    own: Floats2d,
    types: Ints1d,
    tag_set: TagSet,
    *,
    begins: np.ndarray | None = None,
    ends: np.ndarray | None = None,
    continues: np.ndarray | None = None,
    goes_on: np.ndarray | None = None,
) -> Floats2d:
    """Targets for tokens said to be of a type: the type is split into its tags (B, I,
    ...) as the model splits it, renormalised, or equally if the model gives it no
    probability.

    A model that splits a type wrongly would learn its own mistake; where it is known
    whether the mention begins, ends or goes on at a token, impossible tags are left
    out.

    own (Floats2d): The model's probabilities, shape (k, M).
    types (Ints1d): The type's position in the labels, −1 for "O", shape (k,).
    begins, ends (ndarray[bool] | None): Whether the mention surely begins, or ends, at
        the token, shape (k,).
    continues, goes_on (ndarray[bool] | None): Whether the mention has the token before,
        or after, too, shape (k,).
    RETURNS (Floats2d): Shape (k, M); under "token" and "io" one-hot.
    """
    of_type = tag_set.types[None, :] == np.asarray(types)[:, None]
    none = ("", "")
    impossible = (
        *_NOT_AT_BORDERS.get(tag_set.scheme, none),
        *_NOT_INSIDE.get(tag_set.scheme, none),
    )
    known = (begins, ends, continues, goes_on)
    for is_so, prefixes in zip(known, impossible, strict=True):
        if is_so is not None:
            wrong = np.isin(tag_set.prefixes, list(prefixes))
            of_type &= ~(np.asarray(is_so)[:, None] & wrong)
    return rule_out(own, of_type)


def mention_rows(n_tokens: int, label: str, tag_set: TagSet) -> Floats2d:
    """Tokens that are one mention of a type, spelled in the scheme: B, I, I, ...

    RETURNS (Floats2d): One-hot, shape (n_tokens, M).
    """
    tags = [label] * n_tokens
    if tag_set.scheme != "token" and label != OUTSIDE:
        tags = tags_of_spans(tag_set, [(0, n_tokens, label)], n_tokens)
    rows = np.zeros((n_tokens, len(tag_set)), dtype=np.float32)
    rows[np.arange(n_tokens), [tag_set.index[tag] for tag in tags]] = 1
    return rows


def rule_out(rows: Floats2d, kept: np.ndarray, *, temperature: float = 1.0) -> Floats2d:
    """Multiply distributions by the share that each tag keeps, and renormalise them.

    If nothing of a distribution is left, it becomes one over the tags that are kept,
    proportional to the shares (zeros if no tag is kept). A row of zeros (nothing known)
    stays.

    rows (Floats2d): Shape (k, M).
    kept (ndarray[float | bool]): 0 is ruled out, 1 is untouched, shape (k, M).
    temperature (float): The untouched tags share their total probability in proportion
        to p^(1 / temperature): above 1 more equally, below 1 less. Tags kept in part
        are not changed by it.
    """
    kept = np.asarray(kept, dtype=np.float64)
    left = np.asarray(rows, dtype=np.float64) * kept
    untouched = np.where(kept == 1, left, 0.0)
    peak = untouched.max(axis=1, initial=0, keepdims=True)
    flat = (untouched / np.where(peak > 0, peak, 1)) ** (1 / temperature)
    each = untouched.sum(axis=1, keepdims=True), flat.sum(axis=1, keepdims=True)
    left = np.where(kept == 1, flat * each[0] / np.maximum(each[1], 1), left)
    known = np.asarray(rows).sum(axis=1, keepdims=True) > 0
    left = np.where(known & ~left.any(axis=1, keepdims=True), kept, left)
    mass = left.sum(axis=1, keepdims=True)
    return (left / np.where(mass > 0, mass, 1)).astype(np.float32)


def kept_where_refused(refused: np.ndarray, kept: Floats1d) -> Floats2d:
    """1 for tags that were not refused, else what the tag keeps then.

    refused (ndarray[bool]): Shape (k, M).
    kept (Floats1d): Shape (M,).
    RETURNS (Floats2d): Shape (k, M).
    """
    return np.where(refused, np.asarray(kept, dtype=np.float64), 1.0)


def tags_of_types(tag_set: TagSet, said: Iterable[Iterable[str]]) -> np.ndarray:
    """All tags of the types that were chosen or refused at each token, shape (k, M)."""
    said = [set(types) for types in said]
    of_tag = [OUTSIDE if t < 0 else tag_set.labels[t] for t in tag_set.types]
    return np.array(
        [[label in types for label in of_tag] for types in said], dtype=bool
    ).reshape(len(said), len(tag_set))


def refused_rows(
    own: Floats2d,
    imputed: Floats2d | None,
    kept: np.ndarray,
    *,
    mode: Mode,
    temperature: float = 1.0,
) -> Floats2d:
    """Tokens of which none of the shown types is true, shape (k, M).

    own (Floats2d): The model's probabilities, shape (k, M).
    imputed (Floats2d | None): Those of the imputation model σ, shape (k, M).
    kept (ndarray[float | bool]): The share of its mass that each tag keeps, 0 for what
        was refused and is believed, shape (k, M).
    mode (Mode): "imputed" (p_σ as it is: CITISL, Findings of EMNLP 2022, eq. 3),
        "imputed_ruled_out" (p_σ without what was refused), "own_ruled_out" (the
        model's own without it), "positives_only" (nothing is learnt).
    temperature (float): Of what is left after ruling out.
    """
    if mode not in get_args(Mode):
        raise ValueError(f"Unknown mode {mode!r}: one of {', '.join(get_args(Mode))}.")
    if mode == "positives_only":
        return np.zeros_like(own, dtype=np.float32)
    if mode == "own_ruled_out":
        return rule_out(own, kept, temperature=temperature)
    if imputed is None:
        raise ValueError(f"The mode {mode!r} needs an imputation model.")
    if mode == "imputed":
        return np.asarray(imputed, dtype=np.float32)
    return rule_out(imputed, kept, temperature=temperature)


def doubly_robust_uncut(
    imputed: Floats2d,
    observed: Floats2d,
    answered: Floats1d,
    propensity: Floats1d,
    *,
    clip: float = np.inf,
) -> Floats2d:
    """Rows whose cross-entropy is the doubly robust loss of Dudík et al. (2011):
    imputed + min(answered / propensity, clip) · (observed − imputed).

    Cross-entropy is linear in its target, so this is exact; over
    answered ~ Bernoulli(propensity), unclipped, the rows' mean is `observed`. Where
    the weight is above 1 entries can be negative.

    imputed, observed (Floats2d): Shape (k, M).
    answered (Floats1d): 1 where the truth was observed, else 0, shape (k,).
    propensity (Floats1d): The probability that it would be, shape (k,).
    """
    weight = np.minimum(np.asarray(answered) / np.asarray(propensity), clip)[:, None]
    return imputed + weight * (np.asarray(observed) - imputed)


def doubly_robust_rows(
    imputed: Floats2d,
    observed: Floats2d,
    answered: Floats1d,
    propensity: Floats1d,
    *,
    clip: float = np.inf,
) -> Floats2d:
    """The rows of `doubly_robust_uncut` as distributions: negative entries are set to 0
    and rows renormalised, which biases them. In particular a one-hot observation with a
    weight of 1 or more comes out unchanged; a `clip` below 1 mixes in the imputation.
    """
    rows = doubly_robust_uncut(imputed, observed, answered, propensity, clip=clip)
    return rule_out(np.maximum(rows, 0), np.ones(rows.shape))


def targets_of(
    answers: Sequence[Answer],
    tag_set: TagSet,
    own: Floats2d,
    imputed: Floats2d | None = None,
    *,
    kept: Floats1d | None = None,
    ratios: Floats1d | None = None,
    mode: Mode = "own_ruled_out",
    temperature: float = 1.0,
    fill: bool = False,
    join: bool = False,
    mistakes: float = 0.0,
    doubly_robust: bool = False,
    clip: float = np.inf,
) -> TokenTargets:
    """The answers about one Doc as its targets; tokens not asked about are zeros.

    Where answers touch the same tokens, `settle` says which holds.

    own, imputed (Floats2d): What the model and σ say, shape (n, M).
    kept (Floats1d | None): The share of its mass that each tag keeps where its type is
        refused, see `kept_shares`, shape (M,); None: nothing.
    ratios (Floats1d | None): See `doubted_rows`, shape (M,); None: all 1.
    fill (bool): Whether tokens without an answer are instead what the model says. That
        does not tell where the mention of an answered token begins or ends: a model
        that is wrongly sure would cut it there.
    join (bool): Whether neighbouring tokens that were confirmed, one by one, to be of
        one type are one mention. Otherwise the model's own split of the type decides.
    mistakes (float): The share of the answers that are taken to be wrong.
    doubly_robust (bool): Whether confirmed rows are made doubly robust, with σ (or the
        model, depending on `mode`) as the imputation, where the answer's propensity is
        known. With a `clip` of 1 or more, as by default, this does not change which
        type is taught: the weight is at least 1, and everything off that type is cut.
    """
    own = np.asarray(own, dtype=np.float32)
    rows = np.zeros((len(own), len(tag_set)), dtype=np.float32)
    if own.shape != rows.shape:
        raise ValueError(f"Rows of shape {own.shape} do not fit {len(tag_set)} tags.")
    kept = np.zeros(len(tag_set)) if kept is None else kept
    ratios = np.ones(len(tag_set)) if ratios is None else ratios
    held = settle(answers, len(own))
    for i, given in enumerate(held):
        if isinstance(given, Answer) and given.start == i:
            at = slice(i, given.end)
            observed = _observed(given, own[at], tag_set, held, join=join)
            if doubly_robust and given.propensity is not None:
                prior = own if mode == "own_ruled_out" else imputed
                observed = _robust(observed, prior, at, given.propensity, clip)
            if mistakes:
                observed = doubted_rows(
                    *(observed, own[at]),
                    tags_of_types(tag_set, [[str(given.chosen)]])[0],
                    ratios,
                    mistakes=mistakes,
                    n_wrong=len(given.shown),
                    temperature=temperature,
                )
            rows[at] = observed
        elif isinstance(given, frozenset):
            at = slice(i, i + 1)
            guess = None if imputed is None else imputed[at]
            share = np.maximum(kept, kept_by_doubt(mistakes, len(given)))
            left = kept_where_refused(tags_of_types(tag_set, [given]), share)
            rows[at] = refused_rows(own[at], guess, left, mode=mode,
                                    temperature=temperature)  # fmt: skip
        elif fill and given is None:
            rows[i] = own[i]
    return TokenTargets(tag_set.scheme, tag_set.names, rows)


def _observed(
    answer: Answer, own: Floats2d, tag_set: TagSet, held: Sequence[Held], *, join: bool
) -> Floats2d:
    label = str(answer.chosen)
    outside = label == OUTSIDE and tag_set.scheme != "token"
    if label not in tag_set.labels and not outside:
        raise ValueError(
            f"The answer {label!r} is no label of the component: add it with "
            "add_label()."
        )
    if answer.unit == "mention":
        return mention_rows(len(own), label, tag_set)
    position = np.array([-1 if outside else tag_set.labels.index(label)])
    begins, ends = np.array([borders(held, answer.start, label)]).T
    continues, goes_on = np.array([joined(held, answer.start, label)]).T & join
    return confirmed_rows(
        *(own, position, tag_set),
        begins=begins,
        ends=ends,
        continues=continues,
        goes_on=goes_on,
    )


def _robust(
    observed: Floats2d,
    prior: Floats2d | None,
    at: slice,
    propensity: float,
    clip: float,
) -> Floats2d:
    if prior is None:
        raise ValueError("Doubly robust rows need an imputation model.")
    weights = np.ones(len(observed)), np.full(len(observed), propensity)
    return doubly_robust_rows(prior[at], observed, *weights, clip=clip)

"""What temperature scaling did, as text: for the page, the card and the terminal."""

from spacy_causal.learning.calibration import Calibration, Figures, Quality
from spacy_causal.scorers.calibration import HIGHEST, LOWEST

HEADER = ["", "T = 1", "at the fitted T"]
MEANING = [
    "The temperature divides the logits before they become probabilities. It is the "
    "one with the lowest negative log-likelihood of tokens. Predictions stay the same.",
    "ECE: the mean distance between confidence and accuracy, over 15 bins of equal "
    "width, weighted by how many fall into each. 0 is best.",
    "Risk and coverage: the share of errors among the k % most confident. The area "
    "under this curve (AURC) is low if the errors are the least confident.",
    "A mention's confidence is the geometric mean of the probabilities of its tokens' "
    "tags; it is right if type and both ends agree. Mentions that were not found have "
    "none: nothing here is about recall.",
]


def figure_rows(calibration: Calibration) -> list[list[str]]:
    """A line a figure: its name, before and after."""
    before, after = calibration.before, calibration.after
    rows = [["NLL of tokens (nats)", _number(before.nll), _number(after.nll)]]
    for kind in ("tokens", "mentions"):
        pair = [getattr(figures, kind) for figures in (before, after)]
        if None in pair:
            continue
        rows += [
            [f"{name}, {kind} (%)", *(_percent(getattr(x, key)) for x in pair)]
            for key, name in (("ece", "ECE"), ("aurc", "AURC"))
        ]
    return rows


def findings(calibration: Calibration, data: str, *, held_out: bool) -> list[str]:
    """What the temperature is, and how usable the confidences are at it.

    data (str): What the figures are measured on.
    held_out (bool): Whether that is other data than the temperature was fitted to.
    """
    t, after = calibration.temperature, calibration.after
    was = (
        "too sure"
        if t > 1
        else "not sure enough"
        if t < 1
        else "as sure as it should be"
    )
    said = [f"{calibration.component} was {was}: T = {t:.3f}."]
    for kind, quality in _kinds(after):
        before = dict(_kinds(calibration.before))[kind]
        if not quality.n:
            said.append(f"There were no {kind} to measure on {data}.")
            continue
        said.append(
            f"ECE of {quality.n:,} {kind} on {data}: {_percent(before.ece)} % before, "
            f"{_percent(quality.ece)} % after; {_percent(quality.error)} % are wrong."
        )
        if (quality.ece or 0) > (before.ece or 0):
            said.append(
                f"The ECE of {kind} got worse: T is chosen for the lowest NLL of "
                "tokens, which need not give the lowest ECE."
            )
    if t in (LOWEST, HIGHEST):
        said.append(
            f"T is at the end of its range, {LOWEST:g} to {HIGHEST:g}: these documents "
            "have too few errors, or only errors, to tell how sure it should be."
        )
    if not held_out:
        said.append(
            "Measured on the documents that T was fitted to: name others with --test."
        )
    return said


def _kinds(figures: Figures) -> list[tuple[str, Quality]]:
    kinds = [("tokens", figures.tokens)]
    return kinds + ([("mentions", figures.mentions)] if figures.mentions else [])


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:z.4f}"

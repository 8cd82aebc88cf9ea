"""Scores in words: what the page and the terminal both say."""

from collections.abc import Iterable

from spacy_causal.experiments.scores import (
    BASELINE,
    SHIFTED,
    ScoreTable,
    Spread,
    spread,
)

TEST_NAMES = {"test": "drawn like train", SHIFTED: "with contexts re-paired"}


def name_test(test: str) -> str:
    """Return a test's name in words."""
    return TEST_NAMES.get(test, test)


def format_spread(values: Iterable[float] | dict[str, float]) -> str:
    """Return mean ± sd in percent."""
    return _format(_spread(values), "{:z.1f}")


def format_gain(values: Iterable[float] | dict[str, float]) -> str:
    """Return mean ± sd of differences in percent, signed."""
    return _format(_spread(values), "{:+z.1f}")


def answer(scores: ScoreTable, test: str) -> str:
    """Return one sentence: who is how much better on a test, and how sure that is."""
    said = []
    for arm in scores.arms:
        gains = scores.gains(arm, test)
        gain = spread(gains.values())
        if arm != BASELINE and gain is not None:
            ours, base = (scores.values(name, test) for name in (arm, BASELINE))
            said.append(
                f"{arm} {_verdict(gain)} {BASELINE}: {format_spread(ours)} against"
                f" {format_spread(base)} strict F1"
                f" ({format_gain(gains)}; seeds: {len(gains)})"
            )
    return (
        f"On the test {name_test(test)}, "
        + "; ".join(said or ["there is nothing to compare"])
        + "."
    )


def _verdict(gain: Spread) -> str:
    if gain.sd is None:
        return "is compared, on one seed, with"
    if abs(gain.mean) <= gain.sd:
        return "does not differ beyond the spread over seeds from"
    return "is ahead of" if gain.mean > 0 else "is behind"


def _spread(values: Iterable[float] | dict[str, float]) -> Spread | None:
    return spread(values.values() if isinstance(values, dict) else values)


def _format(value: Spread | None, pattern: str) -> str:
    if value is None:
        return "–"
    text = pattern.format(100 * value.mean).replace("-", "−")
    return text if value.sd is None else f"{text} ± {100 * value.sd:.1f}"

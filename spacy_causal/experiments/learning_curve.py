"""A simulated session's curve, over seeds: in rows of a table and in sentences."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from spacy_causal.experiments.feedback_setup import ALL, SESSION, TOLD
from spacy_causal.experiments.scores import spread
from spacy_causal.experiments.wording import format_spread

NAMES = {SESSION: "F1", TOLD: "told every label", ALL: "all labelled beforehand"}
Rows = Sequence[Mapping[str, Any]]


class Moment(NamedTuple):
    """How far a session has come, with one value a seed.

    share (float): Of its texts; at 0 nothing has been asked.
    texts (int): Read until then.
    questions (list[int]): Asked until then.
    from_k (list[float]): Since the moment before, the share of the questions about a
        class that had it among the K shown.
    f1, unseen_f1 (dict[str, list[float]]): By arm; `unseen_f1` on the classes that
        were unseen at first, and empty where there were none.
    """

    share: float
    texts: int
    questions: list[int]
    from_k: list[float]
    f1: dict[str, list[float]]
    unseen_f1: dict[str, list[float]]


def learning_curve(rows: Rows) -> list[Moment]:
    """What rows of one setup say of each moment of its session.

    rows (Rows): Outcomes with their "arm", one a seed and arm.
    """
    sessions = [row["curve"] for row in rows if row["arm"] == SESSION]
    texts = list(accumulate(point["texts"] for point in sessions[0]))
    asked = [list(accumulate(p["questions"] for p in curve)) for curve in sessions]
    return [
        Moment(
            n_texts / texts[-1],
            n_texts,
            [questions[i] for questions in asked],
            [
                curve[i]["shown"] / curve[i]["counted"]
                for curve in sessions
                if curve[i]["counted"]
            ],
            _scores(rows, i, "f1"),
            _scores(rows, i, "unseen_f1"),
        )
        for i, n_texts in enumerate(texts)
    ]


def header(rows: Rows) -> list[str]:
    """The columns of `table`."""
    (moment, *_) = learning_curve(rows)
    k = next(row["k"] for row in rows if row["arm"] == SESSION)
    columns = ["session", "texts", "questions", f"from the {k}"]
    columns += [NAMES[arm] for arm in moment.f1]
    return columns + [f"unseen: {NAMES[arm]}" for arm in moment.unseen_f1]


def table(rows: Rows) -> list[list[str]]:
    """The curve in words, a line a moment."""
    lines = []
    for moment in learning_curve(rows):
        questions = sum(moment.questions) / len(moment.questions)
        share = f"{100 * moment.share:.0f} %" if moment.share else "before"
        line = [share, f"{moment.texts:,}", f"{questions:,.0f}"]
        scores = (*moment.f1.values(), *moment.unseen_f1.values())
        lines.append([*line, *map(format_spread, (moment.from_k, *scores))])
    return lines


def findings(rows: Rows) -> list[str]:
    """What the session brought, in sentences."""
    first, *_, last = learning_curve(rows)
    gain = [b - a for a, b in zip(first.f1[SESSION], last.f1[SESSION], strict=True)]
    questions = sum(last.questions) / len(last.questions)
    said = [
        f"After {questions:,.0f} questions about {last.texts:,} texts F1 is "
        f"{format_spread(last.f1[SESSION])}; before them it was "
        f"{format_spread(first.f1[SESSION])} ({_signed(gain)})."
    ]
    if TOLD in last.f1:
        said.append(
            f"If the model were told the label {_told_of(rows)}, it would be "
            f"{format_spread(last.f1[TOLD])}."
        )
    if ALL in last.f1:
        said.append(
            f"With all {last.texts:,} texts labelled beforehand as well, it would be "
            f"{format_spread(last.f1[ALL])}."
        )
    return [*said, *_answered(rows)]


def _told_of(rows: Rows) -> str:
    fewer = any(row.get("sure", 1.0) < 1 for row in rows)
    return "of every token" if fewer else "at every question"


def _answered(rows: Rows) -> list[str]:
    sessions = [row for row in rows if row["arm"] == SESSION]
    shares = {
        name: [
            sum(point[name] for point in row["curve"]) / counted
            for row in sessions
            if (counted := sum(point["counted"] for point in row["curve"]))
        ]
        for name in ("shown", "frequent", "random")
    }
    if not shares["shown"]:
        return ["None of the questions was about a class."]
    k = sessions[0]["k"]
    return [
        f"Of the questions about a class, {format_spread(shares['shown'])} % had it "
        f"among the {k} shown; the {k} most frequent would have had it in "
        f"{format_spread(shares['frequent'])} %, {k} at random in "
        f"{format_spread(shares['random'])} %."
    ]


def _scores(rows: Rows, i: int, name: str) -> dict[str, list[float]]:
    """By arm and seed; the arm that has no session says the same at every moment."""
    found: dict[str, list[float]] = {}
    for arm in NAMES:
        curves = [row["curve"] for row in rows if row["arm"] == arm]
        values = [curve[i if arm != ALL else 0][name] for curve in curves]
        if values and None not in values:
            found[arm] = values
    return found


def _signed(values: Sequence[float]) -> str:
    gain = spread(values)
    assert gain is not None
    return f"{100 * gain.mean:+z.1f}".replace("-", "−")

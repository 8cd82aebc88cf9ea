"""A model card in Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence

from spacy_causal.experiments import calibration_wording, effects_wording
from spacy_causal.experiments.card import Card, Counts

# Marks a file as a card of ours, which may be overwritten.
MARK = "<!-- A spacy-causal model card. -->"
# Confounders in the table; the others stand in a line.
SHOWN = 20
# With more labels than these a description only counts them.
NAMED = 8
DESCRIPTION = re.compile(
    r"(Named entities|Tags \(\w+\)) \(.*\): "
    r"(strict F1|micro F1 of tokens) \S+ on [\d,]+ documents of .+\."
)


def render_card(card: Card) -> str:
    """Return the card; what comes from data is escaped."""
    sections = (
        _head(card),
        _labels(card),
        _quality(card),
        _reads(card),
        _confidences(card),
        _confounders(card),
        _provenance(card),
        _made(card),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def describe(card: Card) -> str:
    """What the pipeline is, in a sentence."""
    what = "Named entities" if card.layer == "ner" else f"Tags ({card.layer})"
    labels = ", ".join(card.data.labels)
    if len(card.data.labels) > NAMED:
        labels = f"{len(card.data.labels)} labels"
    return " ".join(f"{what} ({labels}): {_measured(card)}.".split())


def is_description(text: str) -> bool:
    """Whether a text is one that `describe` made, of whatever pipeline and data."""
    return DESCRIPTION.fullmatch(text) is not None


def _head(card: Card) -> Iterator[str]:
    yield from (MARK, f"# {escape(card.name)} {escape(card.version)}", "")
    yield from (escape(describe(card)), "")
    yield from ("Pipeline: " + ", ".join(map(escape, card.pipes)) + ".", "")


def _measured(card: Card) -> str:
    kind = "strict F1" if card.layer == "ner" else "micro F1 of tokens"
    f1 = _percent(card.overall.get("f"))
    return f"{kind} {f1} on {card.data.docs:,} documents of {card.data.name}"


def _labels(card: Card) -> Iterator[str]:
    files = [("trained on", card.train), ("measured on", card.data)]
    known: list[tuple[str, Counts]] = [(name, x) for name, x in files if x is not None]
    yield from ("## Data and labels", "")
    labels = sorted({label for _, counts in known for label in counts.labels})
    yield from _table(
        ["", *(f"{name} {counts.name}" for name, counts in known)],
        [
            ["documents", *(f"{counts.docs:,}" for _, counts in known)],
            ["tokens", *(f"{counts.tokens:,}" for _, counts in known)],
            *(
                [label, *(f"{counts.labels.get(label, 0):,}" for _, counts in known)]
                for label in labels
            ),
        ],
    )


def _quality(card: Card) -> Iterator[str]:
    yield from ("## Precision, recall, F1", "")
    how = "Strict: type and both ends agree." if card.layer == "ner" else "Of tokens."
    yield from (f"{how} In percent, on {escape(card.data.name)}.", "")
    found = card.data.labels
    rows = [(label, found.get(label, 0), prf) for label, prf in card.per_label.items()]
    rows.append(("all labels", sum(found.values()), card.overall))
    yield from _table(
        ["label", "n", "P", "R", "F1"],
        [
            [label, f"{n:,}", *(_percent(prf.get(k)) for k in "prf")]
            for label, n, prf in rows
        ],
    )
    if card.effects is not None and "forms" in card.effects.tables:
        yield from ("Strict F1 on names that training has seen, and on others:", "")
        header = effects_wording.name_header(card.effects)
        yield from _table(header, effects_wording.name_rows(card.effects))


def _reads(card: Card) -> Iterator[str]:
    if card.effects is None:
        return
    yield from ("## What it reads", "")
    header = ["points of F1", *effects_wording.LEVELS.values()]
    yield from _table(header, effects_wording.overall_rows(card.effects))
    said = effects_wording.findings(card.effects)
    warning = effects_wording.substitution(card.effects)
    yield from (escape(" ".join([*said, *([warning] if warning else [])])), "")
    yield from (
        "do(c0) empties the tokens outside entities, do(e0) those in them; ACE is what "
        "F1 gains or loses by that, RI their difference. Relative importance above 0 "
        "leans on entities. Intervals: 95 %, over documents.",
        "",
    )


def _confidences(card: Card) -> Iterator[str]:
    if card.component is None:
        return
    yield from ("## Confidences", "")
    if card.calibration is None:
        labels = ", ".join(card.unknown)
        said = f"Not measured: {card.data.name} has labels unknown to it: {labels}."
        yield from (escape(said), "")
        return
    t = card.calibration.temperature
    said = "not calibrated" if t == 1 else "set beforehand"
    yield from (f"Temperature: {t:.3f} ({said}).", "")
    header = ["", "T = 1", "at its temperature"]
    rows = calibration_wording.figure_rows(card.calibration)
    yield from _table(header, rows if t != 1 else [row[:2] for row in rows])


def _confounders(card: Card) -> Iterator[str]:
    if card.component is None:
        return
    yield from ("## Confounders", "")
    settings = "; ".join(f"{key} = {value}" for key, value in card.adjustment.items())
    yield from (f"Adjustment: {escape(settings)}.", "")
    if not card.confounders:
        yield from ("It has none.", "")
        return
    yield from _table(
        ["word", "P(z)", "strength"],
        [
            [c.word, f"{c.probability:.4f}", f"{c.strength:.2f}"]
            for c in card.confounders[:SHOWN]
        ],
    )
    rest = card.confounders[SHOWN:]
    if rest:
        words = ", ".join(f"{escape(c.word)} ({c.probability:.4f})" for c in rest)
        yield from (f"And {len(rest)} more, with P(z): {words}.", "")


def _provenance(card: Card) -> Iterator[str]:
    if not card.sources and not card.answered:
        return
    yield from ("## Where the labels come from", "")
    if card.sources:
        header = ["source", "documents", "tokens told", "guessed", "unknown"]
        rows = [[s.name, *(f"{n:,}" for n in s[1:])] for s in card.sources]
        yield from _table(header, rows)
    if card.answered:
        header = ["people asked", "annotators", "texts", "answers", "skipped"]
        yield from _table(
            header, [[a.way, *(f"{n:,}" for n in a[1:])] for a in card.answered]
        )


def _made(card: Card) -> Iterator[str]:
    yield from ("## How this card was made", "")
    yield from ("```", card.command.replace("`", "'"), "```", "")
    said = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    yield escape(said) + "."


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    width = max((len(row) for row in rows), default=len(header))
    yield _line(header[:width])
    yield _line(["---", *["---:"] * (width - 1)], escaped=True)
    for row in rows:
        yield _line(row)
    yield ""


def _line(cells: Iterable[str], *, escaped: bool = False) -> str:
    said = cells if escaped else map(escape, cells)
    return "| " + " | ".join(said) + " |"


def escape(text: str) -> str:
    """Text as Markdown shows it, on one line: no markup and no HTML."""
    text = " ".join(str(text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"

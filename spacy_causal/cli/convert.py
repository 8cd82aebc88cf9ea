"""`convert`: annotated text in any known format to a `.spacy` file."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from wasabi import msg

Format = Literal["conll", "conll2012", "conllu", "json", "parallel", "fmtod", "markup"]
WordColumn = Annotated[
    int | None, typer.Option(help="CoNLL: column of the tokens, from 0.")
]
EntityColumn = Annotated[
    int | None, typer.Option(help="CoNLL: column of the entity tags.")
]
TagColumn = Annotated[
    int | None, typer.Option(help="CoNLL: column of the parts of speech.")
]
SHOWN = 20


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="File, or folder with seq.in and seq.out.",
            exists=True,
        ),
    ],
    output: Annotated[Path, typer.Argument(help="The .spacy file to write.")],
    *,
    format: Annotated[
        Format | None,
        typer.Option(help="Format of the input; by default seen from its content."),
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer.")] = "en",
    by_character: Annotated[
        bool, typer.Option("--by-character", help="Make each character a token.")
    ] = False,
    overlaps: Annotated[
        Literal["refuse", "keep-longest"],
        typer.Option(help="What to do with overlapping spans."),
    ] = "refuse",
    trim: Annotated[
        bool, typer.Option("--trim", help="Take white space off the edges of spans.")
    ] = False,
    word_column: WordColumn = None,
    entity_column: EntityColumn = None,
    tag_column: TagColumn = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out bad records, and list them.")
    ] = False,
) -> None:
    """Convert annotated text to a .spacy file; nothing is written if a line is bad."""
    from spacy_causal.corpus.convert import convert_corpus
    from spacy_causal.corpus.records import Options

    options = Options(
        format=format,
        lang=lang,
        by_character=by_character,
        overlaps=overlaps,
        trim=trim,
        word_column=word_column,
        entity_column=entity_column,
        tag_column=tag_column,
    )
    try:
        summary = convert_corpus(source, output, options, skip_bad=skip_bad)
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    kind = f"{summary.format}, {summary.scheme} tags" if summary.scheme else ""
    msg.divider(f"{source.name} ({kind or summary.format or 'unknown format'})")
    msg.table([(name, f"{n:,}") for name, n in summary.counts.items() if n])
    layers = {"entities": summary.labels, "tags": summary.tags, "pos": summary.pos}
    for layer, counter in layers.items():
        if counter:
            rows = [(name, f"{n:,}") for name, n in counter.most_common()]
            msg.table(rows, header=(layer, "count"), aligns=("l", "r"))
    for doubt in summary.doubts:
        msg.warn(str(doubt))
    for problem in summary.problems[:SHOWN]:
        msg.warn(str(problem)) if summary.written else msg.fail(str(problem))
    count = len(summary.problems)
    if not summary.written:
        some = summary.counts["documents"] and not skip_bad
        hint = " (--skip-bad goes on without them)" if some else ""
        msg.fail(f"{count:,} bad, nothing written{hint}.", exits=1)
    if count:
        msg.warn(f"{count:,} bad records or lines were left out.")
    msg.good(f"Wrote {output}")

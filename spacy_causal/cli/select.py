"""`select`: which texts of a pool to annotate next."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs, messages_apart
from spacy_causal.cli.options import GpuId, use_gpu
from spacy_causal.files import is_stream, write_whole

if TYPE_CHECKING:
    from spacy_causal.learning.pool.selection import Pool, Selection
    from spacy_causal.types import Acquire

SHOWN = 5
STRATEGY = (
    "How to choose, with settings after a colon: "
    "wbadge:weight=l2,near_duplicates=0.95; mnlp, bald and so on."
)
ENGINE = (
    "What reads the pool: this process or Ray's workers. How gradients are stored is "
    "a setting of the strategy: wbadge:engine=exact, sketch or factors."
)


class Split(StrEnum):
    """What a text of the pool is cut into."""

    sents = "sents"
    lines = "lines"
    none = "none"


class Weight(StrEnum):
    """W-BADGE's weight of a text of l words."""

    squared = "l2"
    one = "1"
    per_word = "1/l"
    per_squared_word = "1/l2"


class Precision(StrEnum):
    """The precision in which transformers multiply."""

    float32 = "float32"
    bfloat16 = "bfloat16"


class Reading(StrEnum):
    """What reads the pool: not how gradients are held, a strategy's own `engine`."""

    local = "local"
    ray = "ray"


def select(
    model: Annotated[str, typer.Argument(help="A trained pipeline: name or path.")],
    pool: Annotated[
        Path,
        typer.Argument(
            help="Unlabelled .jsonl, .csv, .spacy or text.", exists=True, dir_okay=False
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="The .jsonl file to write.", dir_okay=False
        ),
    ],
    budget: Annotated[str, typer.Option(help="20 (texts) or 500w (words).")],
    strategy: Annotated[str, typer.Option(help=STRATEGY)] = "wbadge",
    component: Annotated[
        str | None,
        typer.Option(
            help="Component whose uncertainty counts; needed if several could."
        ),
    ] = None,
    labelled: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of already annotated texts, to leave out; may be repeated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    split: Annotated[Split, typer.Option(help="First split each text.")] = Split.none,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.", min=0)] = 0,
    weight: Annotated[
        Weight | None, typer.Option(help="For wbadge: weight of a text of l words.")
    ] = None,
    near_duplicates: Annotated[
        float | None,
        typer.Option(
            help="Leave out texts sharing this much of their word pairs with a pick.",
            max=1,
        ),
    ] = None,
    committee: Annotated[
        list[str] | None,
        typer.Option(help="Further pipeline for vote_entropy; may be repeated."),
    ] = None,
    engine: Annotated[Reading, typer.Option(help=ENGINE)] = Reading.local,
    workers: Annotated[int, typer.Option(help="Number of Ray's workers.", min=1)] = 2,
    precision: Annotated[
        Precision,
        typer.Option(help="Precision of transformers: bfloat16 is faster, coarser."),
    ] = Precision.float32,
    keep_view: Annotated[
        bool,
        typer.Option(
            "--keep-view", help="Keep what was computed of the pool beside the output."
        ),
    ] = False,
    gpu_id: GpuId = -1,
) -> None:
    """Choose which texts of a pool to annotate next.

    After an interruption, call it again and it continues where it was.
    """
    from tqdm import tqdm

    from spacy_causal.learning.pool.selection import read_pool, select_next
    from spacy_causal.pipeline.finding import find_labeller
    from spacy_causal.pipeline.loading import load_trained
    from spacy_causal.types import Budget

    use_gpu(gpu_id)
    with messages_apart(output), _view_folder(output, keep=keep_view) as folder:
        try:
            keep_inputs(output, pool, *(labelled or ()))
            if keep_view and is_stream(output):
                raise ValueError(
                    "--keep-view keeps it beside a file: --output is none."
                )
            wanted = Budget.parse(budget)
            acquire = _strategy(strategy, weight, near_duplicates, committee or [])
            nlp = load_trained(model)
            name = component or find_labeller(nlp, or_else=("tagger",))
            others = [load_trained(other) for other in committee or []]
            found = read_pool(pool, nlp, split.value, labelled or ())
            _warn(found)
            n_read = len(found.read_by(acquire.needs))
            with tqdm(total=n_read, unit="text", disable=None) as bar:
                chosen = select_next(
                    *(nlp, name, found, acquire, wanted),
                    seed=seed,
                    committee=others,
                    folder=folder,
                    on_block=bar.update,
                    read_blocks=_read_blocks(
                        engine, model, committee or [], workers, gpu_id
                    ),
                    precision=precision.value,
                )
            _show(chosen, len(found.passages))
            lines = (
                json.dumps(x, ensure_ascii=False) for x in _records(chosen, pool.name)
            )
            write_whole(output, "".join(f"{line}\n" for line in lines))
        except (ValueError, OSError, ImportError) as error:
            msg.fail(str(error), exits=1)
        msg.good(f"Wrote {output}")


@contextmanager
def _view_folder(output: Path, *, keep: bool) -> Iterator[Path]:
    """Where the view lies: beside a file, and left there by whatever fails. A pipe has
    nothing beside it."""
    if is_stream(output):
        with TemporaryDirectory() as temporary:
            yield Path(temporary) / "view"
        return
    place = output.resolve()
    folder = place.with_name(f".{place.name}.view")
    yield folder
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def _strategy(
    text: str, weight: Weight | None, near_duplicates: float | None, others: list[str]
) -> "Acquire":
    from spacy_causal.acquisition.named import describe_strategy, make_strategy
    from spacy_causal.specs import parse_spec

    known = describe_strategy(text)
    settings: dict[str, Any] = {}
    if near_duplicates is not None:
        settings["near_duplicates"] = near_duplicates
    if weight is not None:
        if "weight" not in known:
            raise ValueError(f"--weight is for W-BADGE: {text} has none.")
        settings["weight"] = weight.value
    if others and "committee" in known and "committee" not in parse_spec(text)[1]:
        settings["committee"] = len(others) + 1
    acquire = make_strategy(text, **settings)
    wanted = acquire.needs.votes
    if wanted and not others:
        raise ValueError(f"{text} needs one --committee or more.")
    if wanted and len(others) != wanted - 1:
        raise ValueError(
            f"{text} needs {wanted - 1} --committee, not {len(others)}: "
            "the first pipeline is a member as well."
        )
    if others and not acquire.needs.votes:
        raise ValueError(f"--committee is for vote_entropy: {text} asks no others.")
    return acquire


def _read_blocks(
    engine: Reading, model: str, committee: list[str], workers: int, gpu_id: int
) -> Any:
    if engine is Reading.local:
        return None
    from spacy_causal.learning.pool.distributed import create_ray_reader

    names = [model, *committee]
    found = [str(Path(n).resolve()) if Path(n).exists() else n for n in names]
    return create_ray_reader(found, workers=workers, gpus=int(gpu_id >= 0))


def _warn(pool: "Pool") -> None:
    for problem in pool.problems[:SHOWN]:
        msg.warn(str(problem))
    if pool.problems:
        n = len(pool.problems)
        msg.warn("1 line was skipped." if n == 1 else f"{n:,} lines were skipped.")
    if pool.n_known:
        msg.info(f"Left out as labelled already: {pool.n_known:,}.")
    if pool.n_repeated:
        msg.info(f"Left out as repeating another text: {pool.n_repeated:,}.")
    if not pool.passages:
        raise ValueError("There is nothing in the pool to choose from.")


def _show(chosen: "Selection", n_pool: int) -> None:
    rows = chosen.view.arrays.get("gradients")
    if rows is not None:
        msg.text(f"Gradient embeddings in {rows.shape[1]:,} columns.")
    words = sum(chosen.words)
    msg.info(f"{len(chosen.words):,} of {n_pool:,} texts chosen: {words:,} words.")


def _records(chosen: "Selection", source: str) -> Iterator[dict[str, Any]]:
    """The chosen texts as tasks: their id and meta, and where they are from."""
    from spacy_causal.corpus.bare import tokens_of

    for passage, words in zip(chosen.passages, chosen.words, strict=True):
        place = {
            "source": source,
            "line": passage.line,
            "start": passage.start,
            "end": passage.end,
            "words": words,
        }
        meta = passage.record.get("meta")
        record: dict[str, Any] = {"text": passage.text}
        if "id" in passage.record:
            record["id"] = passage.record["id"]
        if passage.doc is not None:
            record["tokens"] = tokens_of(passage.doc)
        yield record | {"meta": (meta if isinstance(meta, dict) else {}) | place}

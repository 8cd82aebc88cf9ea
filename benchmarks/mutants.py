"""Change the equation kernels one operator at a time; their tests must notice.

    python benchmarks/mutants.py
    python benchmarks/mutants.py --only losses --only seeding
    python benchmarks/mutants.py --table

cosmic-ray makes the mutants, in a copy of the package; each is tested in a process that
is forked once numpy, torch and spaCy are loaded. The kernels, their tests and the
mutants that change no result, with the reason, are in `mutants.toml`.
"""

import ast
import difflib
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import hypothesis
import pytest
import typer
from _pytest.config import default_plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from tqdm import tqdm

from spacy_causal.experiments.results import Results

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "benchmarks" / "mutants.toml"
RESULTS = Results(ROOT / "benchmarks" / "results" / "mutants.jsonl")
LOADED = (
    *("hypothesis.extra.numpy", "scipy.stats", "spacy.training", "torch"),
    *(f"_pytest.{name}" for name in default_plugins),
    *("_pytest.assertion.rewrite", "tomllib", "thinc.api", "transformers"),
)
COPIED = ("spacy_causal", "tests", "recipes", "pyproject.toml", "configs", "assets")
ARITHMETIC = {"Add", "Sub", "Mul", "Div"}
SAID = "said.txt"
# From a line and column to another.
Part = tuple[tuple[int, int], tuple[int, int]]
OUTCOMES = ("killed", "timed out", "equivalent", "survived")


class Mutant(NamedTuple):
    """A module's changed source; the lines that differ, as they were and are."""

    source: str
    line: int
    was: str
    becomes: str


def main(
    only: Annotated[list[str] | None, typer.Option(help="Part of a path")] = None,
    count: bool = False,
    table: bool = False,
) -> None:
    """Test the mutants of every kernel that has no row for its present sources."""
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf8"))
    kernels = [
        kernel
        for kernel in settings["kernel"]
        if not only or any(part in kernel["module"] for part in only)
    ]
    if table:
        print(as_table(RESULTS.rows()))
    elif count:
        for kernel in kernels:
            print(kernel["module"], len(list(mutants_of(kernel))))
    else:
        sys.exit(run(kernels, settings.get("equivalent", [])))


def run(kernels: list[dict[str, Any]], equivalent: list[dict[str, str]]) -> bool:
    """Write a row a kernel, print what survives; True where anything did."""
    with tempfile.TemporaryDirectory() as folder:
        copy_package(Path(folder))
        preload(Path(folder))
        for kernel in kernels:
            known = {
                (row["was"], row["becomes"]): row["why"]
                for row in equivalent
                if row["module"] == kernel["module"]
            }
            cell = {"module": kernel["module"], "sources": digest(kernel, known)}
            for _ in RESULTS.run(
                [cell], lambda _, k=kernel, known=known: outcome(Path(folder), k, known)
            ):
                pass
    latest = {row["module"]: row for row in RESULTS.rows()}
    return any(latest[kernel["module"]]["survived"] for kernel in kernels)


def digest(kernel: dict[str, Any], known: dict[tuple[str, str], str]) -> str:
    """A hash of all that a kernel's row depends on here."""
    files = {kernel["module"], *(test.split("::")[0] for test in kernel["tests"])}
    parts = [ROOT / name for name in sorted(files)]
    said = repr((sorted(kernel.items()), sorted(known.items()))).encode()
    return sha256(b"".join([said, *(p.read_bytes() for p in parts)])).hexdigest()[:16]


def outcome(
    folder: Path, kernel: dict[str, Any], known: dict[tuple[str, str], str]
) -> dict[str, Any]:
    """How the mutants of one module fared, counted.

    known (dict): Why a mutant changes no result, by the line as it was and becomes.
    Raises ValueError where the tests fail without a mutant, and where a known one is
    none or is noticed.
    """
    module, tests = kernel["module"], kernel["tests"]
    started = time.perf_counter()
    if run_tests(folder, tests, limit=600) != "survived":
        raise ValueError(f"They fail unchanged:\n{(folder / SAID).read_text()}")
    limit = 10 + 5 * (time.perf_counter() - started)
    path, fates = folder / module, Counter(dict.fromkeys(OUTCOMES, 0))
    original = path.read_text(encoding="utf8")
    mutants, unseen = list(mutants_of(kernel)), set(known)
    for mutant in tqdm(mutants, desc=module, mininterval=5):
        path.write_text(mutant.source, encoding="utf8")
        fate = run_tests(folder, tests, limit)
        change = (mutant.was, mutant.becomes)
        if fate == "survived" and change in known:
            fate = "equivalent"
            unseen.discard(change)
        if fate == "survived":
            tqdm.write(f"{module}:{mutant.line}\n- {change[0]}\n+ {change[1]}")
        fates[fate] += 1
    path.write_text(original, encoding="utf8")
    if unseen:
        raise ValueError(f"{module}: no such mutant survives: {sorted(unseen)}")
    reasons = dict(sorted(Counter(known.values()).items()))
    return {"tests": tests, "mutants": len(mutants), **fates, "equivalent_as": reasons,
            "cosmic-ray": version("cosmic-ray")}  # fmt: skip


def mutants_of(kernel: dict[str, Any]) -> Iterator[Mutant]:
    """Every different source that one operator of cosmic-ray makes at one place.

    Left out: annotations of types; of arithmetic all but + − · /, of comparisons
    "is" for "==": they fail at once, or are another of these on numbers.
    """
    source = (ROOT / kernel["module"]).read_text(encoding="utf8")
    tree, seen = get_ast(source), {source}
    left_out = annotations(source)
    left_out += outside_functions(source, kernel.get("functions", []))
    for name in sorted(operator_names()):
        operator_class = get_operator(name)
        if operator_class.arguments() or not wanted(name.split("/")[-1]):
            continue
        operator = operator_class()
        places = [
            start
            for node in ast_nodes(tree)
            for start, _ in operator.mutation_positions(node)
        ]
        for occurrence, place in enumerate(places):
            if any(start <= place < end for start, end in left_out):
                continue
            mutated = mutate_code(source, operator, occurrence)
            if mutated and mutated not in seen:
                seen.add(mutated)
                yield Mutant(mutated, place[0], *changed_lines(source, mutated))


def wanted(operator: str) -> bool:
    """Whether an operator of cosmic-ray is used."""
    kind, *names = operator.split("_")
    if kind == "ReplaceBinaryOperator":
        bits = {"BitOr", "BitAnd", "BitXor"}
        return names[1] in (bits if names[0] in bits else ARITHMETIC)
    if kind == "ReplaceComparisonOperator" and not {"Is", "IsNot"} >= {*names}:
        return not {"Is", "IsNot"} & {*names}
    return True


def outside_functions(source: str, functions: list[str]) -> list[Part]:
    """From where to where a module is something else than these functions."""
    nodes = [n for n in ast.parse(source).body if getattr(n, "name", "") in functions]
    inside = [(n.lineno, n.end_lineno) for n in nodes]
    return [
        ((line, 0), (line + 1, 0))
        for line in range(1, source.count("\n") + 1)
        if functions and not any(start <= line <= end for start, end in inside)
    ]


def annotations(source: str) -> list[Part]:
    """From where to where annotations of types go."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            if (at := getattr(node, name, None)) is not None:
                end = (at.end_lineno, at.end_col_offset)
                found.append(((at.lineno, at.col_offset), end))
    return found


def changed_lines(source: str, mutated: str) -> tuple[str, str]:
    """What differs, without indentation; lines are joined by a space."""
    was, becomes = [], []
    for line in difflib.ndiff(source.splitlines(), mutated.splitlines()):
        if line[0] in "-+":
            (was if line[0] == "-" else becomes).append(" ".join(line[2:].split()))
    return " ".join(was), " ".join(becomes)


def copy_package(folder: Path) -> None:
    """What the tests need, where it can be changed."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder / name)


def preload(folder: Path) -> None:
    """Load what is not under test, and let the copy be imported from now on."""
    for name in [m for m in sys.modules if m.split(".")[0] == "spacy_causal"]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder)]
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for name in LOADED:
        import_module(name)
    assert "spacy_causal" not in sys.modules
    # The garbage collector skips frozen objects, so no child walks or copies them.
    gc.freeze()
    # A deadline that a busy machine misses would be taken for a mutant's death.
    hypothesis.settings.register_profile(
        "mutants", deadline=None, derandomize=True, database=None
    )
    hypothesis.settings.load_profile("mutants")


def run_tests(folder: Path, tests: list[str], limit: float) -> str:
    """Whether a mutant is "killed", "timed out" or "survived", in its own process."""
    child = os.fork()
    if not child:
        os.setsid()
        os._exit(tested(folder, tests))
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "killed" if status else "survived"
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timed out"


def tested(folder: Path, tests: list[str]) -> int:
    """The exit status of pytest in the copy."""
    os.chdir(folder)
    said = os.open(folder / SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(said, number)
    import spacy_causal

    if Path(spacy_causal.__file__).parents[1] != folder.resolve():
        return 1
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
    return int(status)


def as_table(rows: list[dict[str, Any]]) -> str:
    """The latest row of each kernel, and their sum."""
    latest = list({row["module"]: row for row in rows}.values())
    columns = ("mutants", *OUTCOMES)
    lines = [f"| kernel | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for row in latest:
        name = row["module"].removeprefix("spacy_causal/").removesuffix(".py")
        lines.append(f"| `{name}` | {' | '.join(str(row[c]) for c in columns)} |")
    sums = (str(sum(row[column] for row in latest)) for column in columns)
    return "\n".join([*lines, f"| all | {' | '.join(sums)} |"])


if __name__ == "__main__":
    typer.run(main)

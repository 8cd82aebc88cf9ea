"""What is known of the real data sets, and the same counts as we read them."""

from pathlib import Path

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.records import Options

# documents, tokens, entities and label counts; a count that is not known is left out.
EXPECTED = {
    "conll2003/eng.train": {"documents": 14041, "tokens": 203621, "entities": 23499}
    | {"labels": 4, "tags": 45, "-DOCSTART- lines": 946},
    "conll2003/eng.testa": {"documents": 3250, "entities": 5942, "labels": 4}
    | {"-DOCSTART- lines": 216},
    "conll2003/eng.testb": {"documents": 3453, "entities": 5648, "labels": 4}
    | {"-DOCSTART- lines": 231},
    "ud_english_ewt/en_ewt-ud-train.conllu": {"documents": 12544, "tokens": 204577}
    | {"entities": 0, "pos": 17, "tags": 49},
    "ud_english_ewt/en_ewt-ud-dev.conllu": {"documents": 2001, "tokens": 25147},
    "ud_english_ewt/en_ewt-ud-test.conllu": {"documents": 2077, "tokens": 25094},
    # One book title holds two companies: 23,971 spans in all.
    "cluener2020/train.json": {"documents": 10748, "tokens": 401764, "labels": 10}
    | {"entities": 23969, "overlapping spans left out": 2},
    "cluener2020/dev.json": {"documents": 1343, "entities": 3072, "labels": 10},
    "atis/train": {"documents": 4478, "tokens": 50497, "labels": 79},
    "atis/dev": {"documents": 500},
    "atis/test": {"documents": 893},
    "fewnerd_inter/dev.txt": {"documents": 11710, "tokens": 312919, "labels": 36}
    | {"entities with an odd first tag": 22},
    "fewnerd_inter/test.txt": {"documents": 13012, "tokens": 345620, "labels": 36}
    | {"entities with an odd first tag": 11},
    "fewnerd_inter/big_test.txt": {"documents": 14006, "tokens": 312762, "labels": 17}
    | {"entities with an odd first tag": 2},
    "webpage/train.json": {"documents": 385, "entities": 393, "labels": 4},
    "webpage/dev.json": {"documents": 99, "entities": 90},
    "webpage/test.json": {"documents": 135, "entities": 148},
}


def count_corpus(folder: Path, name: str) -> tuple[dict[str, int], Summary]:
    """The counts of one file or folder, by the names that `EXPECTED` uses."""
    chinese = name.startswith("cluener")
    options = Options(lang="xx", by_character=chinese, overlaps="keep-longest")
    summary = Summary()
    for _ in read_docs(folder / name, options, summary):
        pass
    sizes = {layer: len(getattr(summary, layer)) for layer in ("labels", "tags", "pos")}
    return {**summary.counts, **sizes}, summary

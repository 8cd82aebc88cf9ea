"""Small valid files of every format, ways to damage them, and what must then hold."""

from pathlib import Path

import numpy as np
import spacy

from spacy_causal.corpus.convert import Summary, convert_corpus
from spacy_causal.corpus.files import read_spacy
from spacy_causal.corpus.records import Options

VOCAB = spacy.blank("xx").vocab
SEEDS = {
    "a.conll": "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n"
    "Peter NNP I-NP I-PER\nBlackburn NNP I-NP I-PER\n",
    "b.txt": "The\tO\nBallarat\tB-organization_other\nLeague\tI-organization_other\n\n"
    "in\tO\nVictoria\tB-location_GPE\n",
    "c.conllu": "# text = He can't.\n1\tHe\the\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n"
    "2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    "2\tca\tcan\tAUX\tMD\t_\t0\troot\t_\t_\n3\tn't\tnot\tPART\tRB\t_\t2\tadv\t_\t_\n"
    "3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n4\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_\n",
    "d.json": '{"text": "生生不息CSOL", "label": {"game": {"CSOL": [[4, 7]]}}}\n',
    "e.jsonl": '{"text": "Ada in Rome", "spans": [{"start": 0, "end": 3, "label": '
    '"P"}], "tokens": [{"start": 0, "end": 3}, {"start": 4, "end": 6}, {"start": 7, '
    '"end": 11}], "answer": "accept"}\n',
    "f.jsonl": '{"text": "Ada in Rome", "label": [[7, 11, "LOC"]]}\n{"text": "Ada"}\n',
    "g.json": '[{"data": {"text": "Ada ran"}, "annotations": [{"result": [{"value": '
    '{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}}]}]},\n {"data": '
    '{"text": "No"}, "annotations": []}]\n',
    "h.json": '[{"str_words": ["Karl", "Crary"], "tags": ["B-PER", "I-PER"]}]',
    "i.tsv": "alarm/set\t13:21:datetime\tset an alarm for 7 am\ten\t{}\n"
    "weather\t\twill it rain\ten\t{}\n",
    "j.txt": "The [Phoenix Herald](newspaper) says \\[sic\\] so.\n\n# note\n"
    "[Rome](location) stands.\n",
    "k.gold_conll": (
        "#begin document (nw/1); part 000\n"
        "nw/1 0 0 Acme NNP * - - - - (ORG* * -\n"
        "nw/1 0 1 Services NNP * - - - - *) * -\n"
        "nw/1 0 2 left VBD * - - - - * * -\n"
        "nw/1 0 3 Rome NNP * - - - - (GPE) * -\n"
        "nw/1 0 4 Paris NNP * - - - - (GPE*) * -\n"
        "\n"
        "nw/1 0 0 two CD * - - - - (DATE* * -\n"
        "nw/1 0 1 days NNS * - - - - *) * -\n"
        "\n"
        "#end document\n"
    ),
}
PIECES = [
    *(b"\x00", b"\xff", b"\t", b"\n", b"\r\n", b" ", b"\\", b"[", b"]", b"(", b")"),
    *(b"{", b"}", b'"', b",", b":", b"-1", b"-", b"0", b"99999999999999999999", b"1.5"),
    *(b"null", b"true", b"NaN", b"[]", b"{}", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000"),
    *(
        b"\xe3\x80\x80",
        b"B-",
        b"S-X",
        b"O",
        b"#",
        b"1-2\t",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
    ),
]


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Damage data in one to four places."""
    for _ in range(rng.integers(1, 5)):
        start, end = sorted(rng.integers(0, len(data) + 1, size=2))
        end = min(end, start + rng.integers(0, 12))
        before, cut, after = data[:start], data[start:end], data[end:]
        match rng.integers(0, 6):
            case 0:
                data = before + after
            case 1:
                data = before + cut + cut + after
            case 2:
                data = before
            case 3:
                data = before + bytes(rng.integers(0, 256, len(cut), np.uint8)) + after
            case _:
                data = before + PIECES[rng.integers(len(PIECES))] + after
    return data


def convert_damaged(folder: Path, name: str, data: bytes, skip_bad: bool) -> Summary:
    """Convert data under a file's name, and check what holds for any data.

    "parallel" as the name damages `seq.out` beside a sound `seq.in`.
    """
    source, output = folder / name, folder / "out.spacy"
    output.unlink(missing_ok=True)
    if name == "parallel":
        source.mkdir(exist_ok=True)
        (source / "seq.in").write_text("fly to las vegas\nfrom rome\n")
        (source / "seq.out").write_bytes(data)
    else:
        source.write_bytes(data)
    summary = convert_corpus(source, output, Options(lang="xx"), skip_bad=skip_bad)
    assert output.exists() == summary.written
    assert not list(folder.glob("*.part")) and not list(folder.glob(".*.part"))
    for problem in summary.problems:
        assert problem.path.exists() and problem.line >= 1 and problem.reason
    if summary.written:
        assert skip_bad or not summary.problems
        docs = list(read_spacy(output, VOCAB))
        assert sum(map(len, docs)) == summary.counts["tokens"]
        assert sum(len(doc.ents) for doc in docs) == summary.counts["entities"]
    else:
        assert summary.problems
    return summary


SEED_BYTES = {name: text.encode() for name, text in SEEDS.items()}
SEED_BYTES["parallel"] = b"O O B-to.city I-to.city\nO B-from.city\n"

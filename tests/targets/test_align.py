import numpy as np
import pytest

from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.align import align_labels, project_rows
from spacy_causal.targets.token_targets import TokenTargets

BIO, BILUO = TagSet("bio", ("A", "B")), TagSet("biluo", ("A", "B"))


def hard(tag_set, names):
    rows = np.zeros((len(names), len(tag_set)), dtype="float32")
    for i, name in enumerate(names):
        if name != "-":
            rows[i, tag_set.index[name]] = 1
    return rows


def spelled(tag_set, rows):
    return ["-" if not row.any() else tag_set.names[row.argmax()] for row in rows]


@pytest.mark.parametrize(
    ("tag_set", "reference", "x2y", "predicted"),
    [
        (BIO, "O B-A I-A", [[0], [1], [2]], "O B-A I-A"),
        # "U.K." + "." in the reference, "U.K" + ".." predicted: many-to-many
        (BIO, "B-A O", [[0], [0, 1]], "B-A -"),
        # "x-ray" split in three
        (BIO, "B-A", [[0], [0], [0]], "B-A I-A I-A"),
        (BIO, "I-A O", [[0], [0], [1]], "I-A I-A O"),
        (BILUO, "U-A", [[0], [0], [0]], "B-A I-A L-A"),
        (BILUO, "B-A L-A", [[0], [1], [1]], "B-A I-A L-A"),
        # merged
        (BIO, "B-A I-A", [[0, 1]], "B-A"),
        (BIO, "I-A I-A O", [[0, 1], [2]], "I-A O"),
        (BILUO, "B-A L-A", [[0, 1]], "U-A"),
        (BILUO, "B-A I-A L-A", [[0, 1], [2]], "B-A L-A"),
        (BIO, "B-A B-B", [[0, 1]], "-"),
        (BIO, "B-A O", [[0, 1]], "-"),
        (BIO, "O O", [[0, 1]], "O"),
        (BIO, "- -", [[0, 1]], "-"),
        # merged, of two mentions
        (BIO, "B-A B-A I-A", [[0, 1], [2]], "- I-A"),
        (BILUO, "U-A U-A", [[0, 1]], "-"),
        # crossing: "ab" + "c" predicted, "a" + "bc" in the reference
        (BILUO, "B-A L-A", [[0, 1], [1]], "B-A L-A"),
        (BIO, "B-A I-A", [[0, 1], [1]], "B-A I-A"),
        (BILUO, "O O", [[0, 1], [1]], "O O"),
        (BILUO, "U-A U-A", [[0, 1], [1]], "- -"),
        (BILUO, "U-A O", [[0], [0, 1]], "- -"),
        (BILUO, "B-A L-A O O", [[0], [1], [1, 2], [2, 3]], "B-A - - O"),
        (BILUO, "B-A I-A I-A O", [[0, 1], [1, 2], [2, 3]], "B-A I-A -"),
        (BILUO, "B-A L-A U-A", [[0, 1], [1, 2], [2]], "- - -"),
        (BILUO, "B-A - L-A", [[0, 1], [1, 2], [2]], "- - L-A"),
        # a predicted token with no counterpart (white space)
        (BIO, "B-A", [[0], []], "B-A -"),
    ],
)
def test_projected_tags(tag_set, reference, x2y, predicted):
    rows = hard(tag_set, reference.split())
    got = project_rows(rows, x2y, tag_set.split, tag_set.types)
    assert spelled(tag_set, got) == predicted.split()
    assert set(got.sum(axis=1)) <= {0.0, 1.0}


def test_soft_rows_keep_their_mass_when_split():
    rows = np.array([[0.5, 0.3, 0.2, 0.0, 0.0]], dtype="float32")
    first, last = project_rows(rows, [[0], [0]], BIO.split, BIO.types)
    np.testing.assert_allclose(first, rows[0])
    np.testing.assert_allclose(last, [0.5, 0.0, 0.5, 0.0, 0.0])


def test_labels_align_by_name():
    rows = np.array([[0.25, 0.75, 0.0]], dtype="float32")
    targets = TokenTargets("token", ("X", "Y", "unused"), rows)
    np.testing.assert_array_equal(
        align_labels(targets, ("Y", "Z", "X")), [[0.75, 0, 0.25]]
    )
    with pytest.raises(ValueError, match="use the label 'X'"):
        align_labels(targets, ("Y", "Z"))

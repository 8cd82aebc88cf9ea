import pytest

from spacy_causal.tags.scheme import TagSet, tags_of_spans


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("token", ("A", "B")),
        ("io", ("O", "I-A", "I-B")),
        ("bio", ("O", "B-A", "I-A", "B-B", "I-B")),
        ("biluo", ("O", *(f"{p}-{x}" for x in "AB" for p in "BILU"))),
    ],
)
def test_names_in_an_order_that_grows_at_its_end(scheme, names):
    tags = TagSet(scheme, ("A", "B"))
    assert tags.names == names
    assert TagSet(scheme, ("A", "B", "C")).names[: len(names)] == names
    assert len(tags.types) == len(tags.prefixes) == len(tags) == len(names)


@pytest.mark.parametrize("scheme", ["token", "io", "bio", "biluo"])
def test_prefix_and_type_spell_the_name(scheme):
    tags = TagSet(scheme, ("A", "B-C"))
    for i, name in enumerate(tags.names):
        label = tags.labels[tags.types[i]] if tags.types[i] >= 0 else ""
        assert name == "-".join(filter(None, [tags.prefixes[i], label]))


@pytest.mark.parametrize(
    ("scheme", "tag", "parts"),
    [
        ("io", "I-A", ["I-A", "I-A", "I-A"]),
        ("bio", "B-A", ["B-A", "I-A", "I-A"]),
        ("bio", "I-A", ["I-A", "I-A", "I-A"]),
        ("bio", "O", ["O", "O", "O"]),
        ("biluo", "U-A", ["B-A", "I-A", "L-A"]),
        ("biluo", "B-A", ["B-A", "I-A", "I-A"]),
        ("biluo", "L-A", ["I-A", "I-A", "L-A"]),
        ("token", "A", ["A", "A", "A"]),
    ],
)
def test_a_split_token_gives_its_parts_first_inner_and_last_tags(scheme, tag, parts):
    tags = TagSet(scheme, ("A",))
    assert [tags.names[i] for i in tags.split[:, tags.index[tag]]] == parts


def test_unknown_scheme():
    with pytest.raises(ValueError, match="Unknown scheme 'iobes'"):
        TagSet("iobes", ("A",))


@pytest.mark.parametrize(
    ("scheme", "spelled"),
    [
        ("io", "I-A I-A O I-B"),
        ("bio", "B-A I-A O B-B"),
        ("biluo", "B-A L-A O U-B"),
    ],
)
def test_spans_spelled_as_tags(scheme, spelled):
    tags = tags_of_spans(TagSet(scheme, ("A", "B")), [(0, 2, "A"), (3, 4, "B")], 4)
    assert tags == spelled.split()

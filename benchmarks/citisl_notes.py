"""What differs between CITISL's experiments as published and as they run here."""

ENCODERS = {
    "frozen": "Encoder: MiniLM-L6's vectors (uncased), computed once and not "
    "fine-tuned, with a trained layer of 128 maxout units; the paper fine-tunes "
    "BERT-base.",
    "minilm": "“minilm trained along”: MiniLM-L6 (uncased) is fine-tuned, in the "
    "session too; the paper fine-tunes BERT-base.",
}
DIFFERENT: dict[str, list[str]] = {
    "": [
        "Ours is mean ± standard deviation over seeds (their number in brackets), the "
        "paper's mean ± standard error over 10 runs. F1 here is micro over tokens, "
        "“O” not counted as a class; the paper does not say which F1.",
        "Unseen classes are drawn by seed so that their share of test tokens comes "
        "close to the paper's (CoNLL-2003-POS 26 %, UD-ENG 73 %, Few-NERD 23 %). "
        "Test sentences that training has too are left out.",
        "The paper trains σ on a small gold set and does not say whether the unseen "
        "classes are in it. Both run here: one that knows every class, and “blind”, "
        "one that has seen what the model has seen.",
        "IS: the paper calls the frequencies themselves importance weights; "
        "“IS inverse” takes their inverse.",
        "The paper does not say which K its simulations had: its numbers stand beside "
        "K = 3.",
        "GroundTruth is one number a data set in the paper, repeated over its shares. "
        "TotalData's errors stand as printed, far smaller than the others'.",
    ],
    "conll_pos": [
        "CoNLL-2003-POS: 45 tags here, 34 in the paper; in full 14,041 sentences to "
        "train on and 3,453 to test on (the paper: about 14.4K and 3.4K). Where a "
        "number of sentences is named, no more were trained on.",
    ],
    "ewt": [
        "UD-ENG: here the EWT treebank and its 17 universal tags, in full 12,544 "
        "sentences to train on and 2,077 to test on; the paper has 15 tags, about 37K "
        "and 7.4K.",
    ],
    "fewnerd_inter": [
        "Few-NERD INTER: here 36 types of the INTER split, in full 13,012 sentences to "
        "train on (its test file) and 11,710 to test on (its dev file); the paper has "
        "66 types, 127.6K and 37.6K, the sizes of the supervised split.",
    ],
    "ontonotes": [
        "OntoNote: read as you have it, in your split; the paper's is not said.",
    ],
}

"""What differs between CFGen's experiments as published and as they run here."""

DIFFERENT = [
    "The paper gives neither passes, batch size nor learning rates. Here a tagger that "
    "learns from nothing makes 12 passes in batches of 32, MiniLM 10 in batches of 16; "
    "the settings are in each row.",
    "Characters (Chinese) and words (English) have no pretrained vectors under the "
    "BiLSTM; the paper's LSTM has pretrained ones. Its BERT is a Chinese BERT-base, "
    "ours MiniLM-L6 on English: the corpora of its transformer rows differ.",
    "The seed draws the training sentences, the weights, the order and the swaps; "
    "the paper does not say how many runs its numbers are of. Ours are means ± "
    "standard deviation over seeds (their number in brackets).",
    "The paper's text draws one swap of each sentence; so does “Aug”. Its "
    "discriminator is NoAug at its best checkpoint on dev.",
    "CLUENER: labelled train and dev pooled and cut anew into 9,674 / 1,208 / 1,208. "
    "A third of dev chooses checkpoints; where dev is scored it is the other two. "
    "CoNLL-2003 and Few-NERD are scored on 1,000 sentences spread over their test.",
    "“As many steps” is NoAug for as many optimizer steps as Aug makes of its passes: "
    "the part of the fixed-pass gain that is longer training.",
    "Table 3's number of training sentences is not given; ours is the mean over N.",
    "Figure 4 is an image without values: figure only.",
    "In the paper's table 2 BERT on CNER at N = 400 and 500 repeats IDiag's digits.",
]
NOT_RUN = {
    "idiag": "IDiag: private to its authors; no row can be run.",
    "cner": "CCKS-2019 CNER: not at hand; `--data cner` runs it for a user who has it.",
}

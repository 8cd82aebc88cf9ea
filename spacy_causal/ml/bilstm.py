"""The two architectures of the W-BADGE paper (section 5.2): a BiLSTM that tags, and one
whose states an LSTM decodes greedily, fed with the label that it gave before."""

from collections.abc import Sequence
from functools import partial

import torch
from thinc.api import xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_sequence, unpack_sequence

from spacy_causal.ml.deconfounding import HeadOutput
from spacy_causal.ml.head import device_of, module_of, torch_head
from spacy_causal.ml.tagger import Encoder, TaggerModel, token_labeller
from spacy_causal.tags.scheme import TagSet


def build_bilstm_tagger(
    tok2vec: Encoder, hidden_width: int = 200, nO: int | None = None
) -> TaggerModel:
    """A bidirectional LSTM over the words' vectors and a linear layer.

    tok2vec (Model[list[Doc], list[Floats2d]]): The words' vectors.
    hidden_width (int): Units of each direction.
    nO (int | None): The number of tags; the component sets it.
    """
    make_head = partial(BiLSTMHead, hidden_width=hidden_width)
    return token_labeller(tok2vec, torch_head("bilstm_head", make_head), nO)


def build_bilstm_encoder_decoder(
    tok2vec: Encoder,
    hidden_width: int = 200,
    decoder_width: int = 100,
    label_width: int = 50,
    nO: int | None = None,
) -> TaggerModel:
    """A bidirectional LSTM and an LSTM that decodes: it reads the encoder's state at a
    token and the label before. In training that is the target's (a soft one is a mean
    of labels, a missing one nothing), in prediction the decoder's own best.

    tok2vec (Model[list[Doc], list[Floats2d]]): The words' vectors.
    hidden_width (int): Units of each direction of the encoder.
    decoder_width (int): Units of the decoder.
    label_width (int): Of the vector that stands for a label.
    nO (int | None): The number of tags; the component sets it.
    """
    make_head = partial(
        DecodingHead,
        hidden_width=hidden_width,
        decoder_width=decoder_width,
        label_width=label_width,
    )
    model = token_labeller(tok2vec, torch_head("decoding_head", make_head), nO)
    model.attrs["teach"] = teach
    return model


def teach(model: TaggerModel, rows: Floats2d, tag_set: TagSet) -> None:
    """Say beforehand what the next batch is trained towards, shape (N, M)."""
    layer = model.get_ref("output_layer")
    rows = model.ops.asarray2f(rows)
    module_of(layer).taught = xp2torch(rows, device=device_of(layer))


class BiLSTMHead(nn.Module):
    """X, shape (N, D) → BiLSTM → dropout → linear, shape (N, M).

    Dropout is a layer of its own: torch's does nothing in an LSTM of one layer.
    """

    def __init__(self, width: int, n_tags: int, hidden_width: int):
        super().__init__()
        self.lstm = nn.LSTM(width, hidden_width, bidirectional=True)
        self.dropout = nn.Dropout(0.0)
        self.output = nn.Linear(2 * hidden_width, n_tags)
        zero_biases(self)

    def forward(self, X: Tensor, own: Tensor, lengths: list[int]) -> HeadOutput:
        """Score each token by the states on both sides of it."""
        hidden = self.dropout(run_over(self.lstm, X, lengths))
        return HeadOutput(self.output(hidden), hidden, None)


class DecodingHead(nn.Module):
    """X, shape (N, D) → BiLSTM → dropout → LSTM fed with labels → dropout → linear.

    taught (Tensor | None): The targets of the next batch, shape (N, M), used up by it.
    """

    def __init__(
        self,
        width: int,
        n_tags: int,
        hidden_width: int,
        decoder_width: int,
        label_width: int,
    ):
        super().__init__()
        self.lstm = nn.LSTM(width, hidden_width, bidirectional=True)
        self.labels = nn.Linear(n_tags, label_width, bias=False)
        self.decoder = nn.LSTM(2 * hidden_width + label_width, decoder_width)
        self.dropout = nn.Dropout(0.0)
        self.output = nn.Linear(decoder_width, n_tags)
        self.taught: Tensor | None = None
        zero_biases(self)

    def forward(self, X: Tensor, own: Tensor, lengths: list[int]) -> HeadOutput:
        """Score each token given the labels before it."""
        encoded = self.dropout(run_over(self.lstm, X, lengths))
        taught, self.taught = self.taught, None
        if self.training and taught is not None:
            before = self.labels(shifted(taught, lengths))
            states = run_over(self.decoder, torch.cat([encoded, before], 1), lengths)
            hidden = self.dropout(states)
            return HeadOutput(self.output(hidden), hidden, None)
        return self._greedy(encoded, lengths)

    def grow(self, n_tags: int) -> None:
        """Make room for labels; a new one's vector is the mean of the old ones'."""
        old = self.labels.weight.data
        mean = old.mean(1, keepdim=True) if old.shape[1] else old.new_zeros(len(old), 1)
        grown = nn.Linear(n_tags, len(old), bias=False, device=old.device)
        new = mean.expand(-1, n_tags - old.shape[1])
        grown.weight.data = torch.cat([old, new], dim=1)
        self.labels = grown

    def _greedy(self, encoded: Tensor, lengths: list[int]) -> HeadOutput:
        """Decode all documents at once, a step for each position."""
        steps = packed(encoded, lengths)
        weights = dict(self.decoder.named_parameters())
        w_in, w_own = weights["weight_ih_l0"], weights["weight_hh_l0"]
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        of_encoder, of_label = w_in.split(
            [encoded.shape[1], w_in.shape[1] - encoded.shape[1]], dim=1
        )
        from_encoder = F.linear(steps.data, of_encoder, bias)
        from_labels = F.linear(self.labels.weight.T, of_label)
        n = int(steps.batch_sizes[0])
        state = cell = encoded.new_zeros(n, w_own.shape[1])
        said, at = [], 0
        label = from_labels.new_zeros(n, len(w_own))
        for n in steps.batch_sizes.tolist():
            gates = from_encoder[at : at + n] + label[:n] + state[:n] @ w_own.T
            enter, forget, new, leave = gates.chunk(4, dim=1)
            cell = forget.sigmoid() * cell[:n] + enter.sigmoid() * new.tanh()
            state = leave.sigmoid() * cell.tanh()
            hidden = self.dropout(state)
            logits = self.output(hidden)
            label = from_labels[logits.argmax(dim=1)]
            said.append((hidden, logits))
            at += n
        hidden, logits = (
            torch.cat(unpack_sequence(steps._replace(data=torch.cat(part))))
            for part in zip(*said, strict=True)
        )
        return HeadOutput(logits, hidden, None)


def run_over(lstm: nn.LSTM, X: Tensor, lengths: Sequence[int]) -> Tensor:
    """An LSTM's states over documents that lie one after the other, shape (N, D)."""
    return torch.cat(unpack_sequence(lstm(packed(X, lengths))[0]))


def packed(X: Tensor, lengths: Sequence[int]) -> PackedSequence:
    """Documents that lie one after the other, (N, D), step by step; empty ones are
    left out."""
    documents = X.split([length for length in lengths if length])
    return pack_sequence([*documents], enforce_sorted=False)


def shifted(rows: Tensor, lengths: Sequence[int]) -> Tensor:
    """Each token's row is that of the token before, zeros at a document's start."""
    moved = torch.cat([torch.zeros_like(rows[:1]), rows[:-1]])
    starts = torch.tensor([n for n in lengths if n][:-1], device=rows.device).cumsum(0)
    return moved.index_fill(0, starts.long(), 0.0)


def zero_biases(module: nn.Module) -> None:
    """Biases of 0; an LSTM's gate that forgets begins open, at 1."""
    for layer in module.modules():
        for name, value in layer.named_parameters(recurse=False):
            if name.startswith("bias"):
                nn.init.zeros_(value)
            if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
                value.data[layer.hidden_size : 2 * layer.hidden_size] = 1.0

"""The reading network in torch, as it is trained. Importing this imports torch (seconds).

The backbone's weights stay as they are. Low-rank adapters (Hu et al., ICLR 2022) beside each
of its linear layers are trained, and heads over its token states.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForSequenceClassification

from embeddings.reading.weights import SCALE, Backbone, backbone_folder, load_tokenizer

RANK = 16
TOKEN_SCORES = 3  # start of the answer, end of it, evidence
VERDICTS = 3  # yes, no, neither
# The lowest layers see words, not what is asked; without adapters nothing is computed back
# through them.
UNTRAINED_LAYERS = 3


class Adapted(nn.Module):
    """A linear layer with a low-rank change beside it: ``x W' + SCALE x A' B'``."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.a = nn.Parameter(torch.empty(RANK, linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, RANK))
        nn.init.kaiming_uniform_(self.a, a=5**0.5)
        self.on = True

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., inputs) to (..., outputs)."""
        plain: Tensor = self.linear(x)
        if not self.on:
            return plain
        return plain.add_((x @ self.a.T) @ (SCALE * self.b.T))


@dataclass(frozen=True, slots=True)
class Scores:
    """What the network says of a batch of ``n`` pairs of at most ``t`` tokens.

    ``tokens`` is of shape (n, t, 3), logits of an answer's start, its end and of evidence;
    ``relevance`` and ``answers`` of shape (n,); ``verdict`` (yes, no, neither) of (n, 3).
    """

    tokens: Tensor
    relevance: Tensor
    answers: Tensor
    verdict: Tensor


class ReadingNetwork(nn.Module):
    """A backbone with adapters and heads."""

    def __init__(self, bert: Any, rank: nn.Module | None) -> None:
        """Over a ``transformers`` BERT model; ``rank`` is a reranker's own head over the first
        token's state, None where the backbone has none: then one is trained."""
        super().__init__()
        bert.requires_grad_(False)
        self.bert = bert
        self.adapters: dict[str, Adapted] = {}
        for layer_name, layer in list(bert.encoder.named_modules()):
            for name, child in list(layer.named_children()):
                # "layer.3.attention.self": the number of its layer.
                number = int(layer_name.split(".")[1]) if "." in layer_name else 0
                if isinstance(child, nn.Linear) and number >= UNTRAINED_LAYERS:
                    adapted = Adapted(child)
                    setattr(layer, name, adapted)
                    full = ".".join(filter(None, ("encoder", layer_name, name)))
                    self.adapters[full] = adapted
        width = bert.config.hidden_size
        self.distilled = rank is not None
        if rank is not None:
            rank.requires_grad_(False)
        self.rank = rank or nn.Linear(width, 1)
        self.tokens = nn.Linear(width, TOKEN_SCORES)
        self.answers = nn.Linear(2 * width, 1)
        self.verdict = nn.Linear(2 * width, VERDICTS)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, text: Tensor) -> Scores:
        """Scores of pairs; all are of shape (n, t). ``mask`` is 1 for tokens, ``text`` for those
        of the passage's text."""
        states = self.states(ids, types, mask)
        first = states[:, 0]
        weights = text / text.sum(dim=1, keepdim=True).clamp(min=1)
        pooled = torch.cat([first, (states * weights[:, :, None]).sum(dim=1)], dim=1)
        return Scores(
            tokens=self.tokens(states),
            relevance=self.rank(first).squeeze(-1),
            answers=self.answers(pooled).squeeze(-1),
            verdict=self.verdict(pooled),
        )

    def states(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """The last layer's states, of shape (n, t, width)."""
        states: Tensor = self.bert(
            input_ids=ids, token_type_ids=types, attention_mask=mask
        ).last_hidden_state
        return states

    @contextmanager
    def without_adapters(self) -> Iterator[None]:
        """Within the block, the backbone as it came."""
        for adapted in self.adapters.values():
            adapted.on = False
        try:
            yield
        finally:
            for adapted in self.adapters.values():
                adapted.on = True

    def trained(self) -> dict[str, Tensor]:
        """What training changes, by name: both factors of each adapter, and the heads."""
        found: dict[str, Tensor] = {}
        for name, adapted in self.adapters.items():
            found[f"{name}.a"], found[f"{name}.b"] = adapted.a, adapted.b
        heads = {"tokens": self.tokens, "answers": self.answers, "verdict": self.verdict}
        if not self.distilled:
            heads["rank"] = self.rank  # type: ignore[assignment]
        for name, head in heads.items():
            found[f"{name}.weight"], found[f"{name}.bias"] = head.weight, head.bias
        return found

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take over what ``trained`` gave. Raises KeyError where something is missing."""
        with torch.no_grad():
            for name, parameter in self.trained().items():
                parameter.copy_(tensors[name].to(parameter.dtype))


def load_network(
    backbone: Backbone, cache_dir: Path, *, weights: Path | None
) -> tuple[ReadingNetwork, Tokenizer]:
    """The network to train, with ``weights`` of an earlier run where given, and its tokenizer."""
    folder = backbone_folder(backbone, cache_dir)
    rank: nn.Module | None = None
    if backbone.kind == "reranker":
        whole = AutoModelForSequenceClassification.from_pretrained(folder)
        bert = whole.bert
        rank = nn.Sequential(bert.pooler.dense, nn.Tanh(), whole.classifier)
    else:
        bert = AutoModel.from_pretrained(folder)
    bert.pooler = None
    network = ReadingNetwork(bert, rank)
    if weights is not None:
        network.load(load_file(weights))
    return network, load_tokenizer(folder)

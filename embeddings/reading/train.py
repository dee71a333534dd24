"""Train a reading model: ``python -m embeddings.reading.train DATA... --out FILE``.

DATA are folders or files as `embeddings.reading.examples` reads them, each with =TIMES behind it
where its examples are used more or less than once an epoch. What is learnt goes into
one safetensors file of a few megabytes; ``FILE.checkpoint`` holds what an interrupted run
needs to resume.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from embeddings.reading.examples import Example, Source, load_examples
from embeddings.reading.network import ReadingNetwork, Scores, load_network
from embeddings.reading.tokens import TokenPair, tokenise
from embeddings.reading.weights import BACKBONES, Backbone

_log = logging.getLogger("embeddings.reading.train")

# Examples sorted by length together, so that batches pad little and yet differ.
_BUCKET = 256
_DISTILLED = 4  # every so many batches the reranker's own logits are compared
_KEPT_EVERY = 100  # batches between checkpoints


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run trains. Two runs of the same recipe over the same data give the same weights
    on the same number of threads. ``share`` of the examples of each epoch is used."""

    backbone: str
    epochs: int = 1
    batch: int = 16
    rate: float = 5e-4
    head_rate: float = 1e-3
    warm_up: float = 0.05
    share: float = 1.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as tensors of shape (n, t), and what is to be learnt of each."""

    examples: tuple[Example, ...]
    pairs: tuple[TokenPair, ...]
    ids: Tensor
    types: Tensor
    mask: Tensor
    text: Tensor


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m embeddings.reading.train", description=__doc__)
    parser.add_argument("data", nargs="+", type=Source.parse, metavar="DATA")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--backbone", choices=sorted(BACKBONES), default="english")
    parser.add_argument("--cache-dir", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from, of an earlier run")
    parser.add_argument("--threads", type=int, default=0)
    numbers = ("epochs", "batch", "rate", "head_rate", "share", "seed")
    for name in numbers:
        default = getattr(Recipe("english"), name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if given.threads:
        torch.set_num_threads(given.threads)
    recipe = Recipe(given.backbone, **{name: getattr(given, name) for name in numbers})
    train(given.data, given.out, recipe, cache_dir=given.cache_dir, start=given.start)


def train(
    sources: Sequence[Source],
    out: Path,
    recipe: Recipe,
    *,
    cache_dir: Path,
    start: Path | None = None,
) -> None:
    """Train on all sources and write the weights to ``out``, resuming where a run stopped.

    Raises:
        OSError: a source cannot be read or the result not written.
        ValueError: a source is not of a known kind.
        ModelLoadError: the backbone is missing.
    """
    backbone = BACKBONES[recipe.backbone]
    torch.manual_seed(recipe.seed)
    network, tokenizer = load_network(backbone, cache_dir, weights=start)
    # Without dropout: the backbone stays as it is, and dropout triples the time of attention.
    network.eval()
    batches = _plan(sources, recipe)
    adapters = [p for name, p in network.trained().items() if name.endswith((".a", ".b"))]
    heads = [p for name, p in network.trained().items() if not name.endswith((".a", ".b"))]
    optimiser = torch.optim.AdamW(
        [{"params": adapters, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: _rate(step, len(batches), recipe.warm_up)
    )
    checkpoint = out.with_name(out.name + ".checkpoint")
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] != asdict(recipe) or state["batches"] != len(batches):
            raise ValueError(f"'{checkpoint}' is of another run; delete it to begin anew")
        network.load(state["trained"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
        _log.info("resumed at batch %d", first)
    _log.info("%d batches of %d examples", len(batches), recipe.batch)
    began, total = time.monotonic(), 0.0
    for step in range(first, len(batches)):
        batch = _tensors(batches[step], tokenizer, backbone)
        loss = _loss(network, batch, distil=network.distilled and step % _DISTILLED == 0)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*adapters, *heads], 1.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        done = step + 1
        if done % 25 == 0:
            pace = (time.monotonic() - began) / (done - first)
            left = pace * (len(batches) - done) / 60
            _log.info(
                "batch %d of %d, loss %.3f, %.0f min left", done, len(batches), total / 25, left
            )
            total = 0.0
        if done % _KEPT_EVERY == 0 and done < len(batches):
            state = {
                "recipe": asdict(recipe),
                "batches": len(batches),
                "step": done,
                "trained": {k: v.detach() for k, v in network.trained().items()},
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
            }
            part = checkpoint.with_name(checkpoint.name + ".part")
            torch.save(state, part)
            part.replace(checkpoint)
            _save(network, out, recipe, sources, done, len(batches))
    _save(network, out, recipe, sources, len(batches), len(batches))
    checkpoint.unlink(missing_ok=True)


def _save(
    network: ReadingNetwork,
    out: Path,
    recipe: Recipe,
    sources: Sequence[Source],
    step: int,
    steps: int,
) -> None:
    tensors = {k: v.detach().half().contiguous() for k, v in network.trained().items()}
    record = {
        "recipe": json.dumps(asdict(recipe), sort_keys=True),
        "data": json.dumps({"/".join(each.path.parts[-3:]): each.times for each in sources}),
        "batches": f"{step} of {steps}",
    }
    part = out.with_name(out.name + ".part")
    save_file(tensors, part, metadata=record)
    part.replace(out)


def _rate(step: int, steps: int, warm_up: float) -> float:
    """A linear rise, then a cosine to nearly nothing."""
    rise = max(1, round(steps * warm_up))
    if step < rise:
        return (step + 1) / rise
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _plan(sources: Sequence[Source], recipe: Recipe) -> list[list[Example]]:
    """All batches of the run, in order: those of an epoch are of similar lengths each."""
    generator = torch.Generator().manual_seed(recipe.seed)
    planned: list[list[Example]] = []
    for epoch in range(recipe.epochs):
        examples = load_examples(sources, recipe.seed + epoch)
        examples = examples[: math.ceil(len(examples) * recipe.share)]
        batches: list[list[Example]] = []
        for at in range(0, len(examples), _BUCKET):
            bucket = sorted(examples[at : at + _BUCKET], key=_length)
            batches += (bucket[i : i + recipe.batch] for i in range(0, len(bucket), recipe.batch))
        order = torch.randperm(len(batches), generator=generator).tolist()
        planned += (batches[i] for i in order)
    return planned


def _length(example: Example) -> int:
    return len(example.question) + len(example.passage.lead) + len(example.passage.text)


def _tensors(examples: Sequence[Example], tokenizer: Tokenizer, backbone: Backbone) -> Batch:
    pairs = [
        tokenise(tokenizer, each.question, [each.passage], prompt=backbone.prompt)[0]
        for each in examples
    ]
    longest = max(map(len, pairs))

    def filled(rows: Iterator[Sequence[int]], value: int) -> Tensor:
        return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])

    return Batch(
        examples=tuple(examples),
        pairs=tuple(pairs),
        ids=filled((pair.ids for pair in pairs), backbone.padding),
        types=filled((pair.types for pair in pairs), 0),
        mask=filled(([1] * len(pair) for pair in pairs), 0),
        text=filled(([int(s >= 0) for s, _ in pair.places] for pair in pairs), 0).float(),
    )


def _loss(network: ReadingNetwork, batch: Batch, *, distil: bool) -> Tensor:
    """The sum of the heads' losses, each a mean over what has a label in the batch."""
    scores = network(batch.ids, batch.types, batch.mask, batch.text)
    examples = batch.examples
    answers = torch.tensor([float(each.answers) for each in examples])
    loss = 2 * functional.binary_cross_entropy_with_logits(scores.answers, answers)
    loss = loss + _span_loss(scores, batch) + _evidence_loss(scores, batch)
    verdicts = torch.tensor([each.verdict for each in examples])
    loss = loss + 0.5 * functional.cross_entropy(scores.verdict, verdicts)
    if distil:
        # The ranking is to stay what the reranker's is.
        with torch.no_grad(), network.without_adapters():
            taught = network.rank(network.states(batch.ids, batch.types, batch.mask)[:, 0])
        loss = loss + 0.2 * functional.smooth_l1_loss(scores.relevance, taught.squeeze(-1))
    elif not network.distilled:
        about = torch.tensor([float(each.about) for each in examples])
        loss = loss + 0.5 * functional.binary_cross_entropy_with_logits(scores.relevance, about)
    return loss


def _span_loss(scores: Scores, batch: Batch) -> Tensor:
    """Cross-entropy of the first and the last token of the answer; the first token of the
    pair stands for "none"."""
    rows, starts, ends = [], [], []
    for row, (example, pair) in enumerate(zip(batch.examples, batch.pairs, strict=True)):
        if not example.has_span:
            continue
        inside = pair.tokens_of(*example.answer) if example.answer else range(1)
        if inside:
            rows.append(row)
            starts.append(inside[0])
            ends.append(inside[-1])
    if not rows:
        return scores.tokens.sum() * 0
    # Nothing outside the passage's text answers, save the first token: none.
    allowed = batch.text[rows].clone()
    allowed[:, 0] = 1
    closed = (1 - allowed) * -1e4
    tokens = scores.tokens[rows]
    return functional.cross_entropy(
        tokens[:, :, 0] + closed, torch.tensor(starts)
    ) + functional.cross_entropy(tokens[:, :, 1] + closed, torch.tensor(ends))


def _evidence_loss(scores: Scores, batch: Batch) -> Tensor:
    """Binary cross-entropy of each statement, by the mean logit of its tokens."""
    logits, labels = [], []
    for row, (example, pair) in enumerate(zip(batch.examples, batch.pairs, strict=True)):
        for (start, end), flag in zip(example.passage.statements, example.evidence, strict=True):
            inside = pair.tokens_of(start, end)
            if inside:
                logits.append(scores.tokens[row, inside.start : inside.stop, 2].mean())
                labels.append(float(flag))
    if not logits:
        return scores.tokens.sum() * 0
    return 2 * functional.binary_cross_entropy_with_logits(
        torch.stack(logits), torch.tensor(labels), pos_weight=torch.tensor(2.0)
    )


if __name__ == "__main__":
    main()

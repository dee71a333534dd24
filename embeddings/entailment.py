"""Entailment: how likely a text says what a claim says, by a cross-encoder trained for it."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.types import ModelLoadError


class EntailmentModel:
    """A cross-encoder of natural language inference, by its name on a hub or its folder.

    One with several labels has one that begins with "entail"; one with a single output gives
    the probability itself. Reimers & Gurevych, EMNLP 2019.
    """

    def __init__(self, name: str) -> None:
        """Load it. Importing torch takes seconds.

        Raises:
            ModelLoadError: there is no such model, or none of its labels is entailment.
        """
        from sentence_transformers import CrossEncoder

        try:
            self._model = CrossEncoder(name, device="cpu")
        except (OSError, ValueError) as error:
            raise ModelLoadError(
                f"'{name}' could not be loaded as a cross-encoder ({error})",
                remedy="give the folder of one, or its name where a model hub is reached",
            ) from error
        labels = self._model.config.id2label
        self._label = next(
            (int(at) for at, label in labels.items() if str(label).lower().startswith("entail")),
            None,
        )
        if self._label is None and len(labels) > 1:
            raise ModelLoadError(
                f"'{name}' has the labels {', '.join(map(str, labels.values()))}, none of which "
                "is entailment",
                remedy="name a model of natural language inference",
            )

    def entailed(self, premises: Sequence[str], claims: Sequence[str]) -> list[float]:
        """For each premise the probability that it says what the claim beside it says."""
        pairs = list(zip(premises, claims, strict=True))
        if self._label is None:
            return [float(value) for value in self._model.predict(pairs)]
        chances = self._model.predict(pairs, apply_softmax=True)
        return [float(row[self._label]) for row in chances]

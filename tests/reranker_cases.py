"""The pairs that every reranker's tests score."""

from embeddings.precision import PROBE_TEXTS

QUERY = "How many people live in Berlin?"
POPULATION = (
    "Berlin has a population of 3,520,031 registered inhabitants in an area of "
    "891.82 square kilometers."
)
MUSEUM = "New York City is famous for the Metropolitan Museum of Art."
TEXTS = [MUSEUM, POPULATION, *PROBE_TEXTS, "", POPULATION + " " + MUSEUM * 3]

"""Retrieval: dense and lexical rankings, fusion and reranking."""

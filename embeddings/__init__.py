"""Models that turn texts into numbers: encoders and rerankers. Knows only strings and arrays."""

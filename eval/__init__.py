"""Measurement: the sample archive, its questions, and benchmarks."""

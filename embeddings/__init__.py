"""Models that turn texts into numbers: encoders, reading models. Knows only strings and arrays."""

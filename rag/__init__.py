"""The core: nouns, stages, and one Assistant that wires them."""

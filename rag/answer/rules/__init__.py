"""Which sentence answers and how surely, by rules; a reading model will replace them."""

"""How sentences of English and Chinese become questions."""

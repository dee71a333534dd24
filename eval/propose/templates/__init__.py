"""Templates that turn sentences of English and Chinese into questions."""

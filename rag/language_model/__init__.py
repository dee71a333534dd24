"""Language models: one protocol, an OpenAI-compatible endpoint, and one in process."""

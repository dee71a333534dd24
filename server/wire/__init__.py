"""The JSON and text that every way in gives: outcomes, documents, permalinks."""

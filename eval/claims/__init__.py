"""Whether a verifier tells claims that a text supports from those that only seem so."""

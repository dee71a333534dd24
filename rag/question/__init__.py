"""What a question asks: its terms, its times, and what a follow-up leaves unsaid."""

"""The language model: any OpenAI-compatible endpoint, budgets, recordings, prompts."""

"""A language model orders the candidates: prompts, code shown, answers read."""

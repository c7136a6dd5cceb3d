"""An OpenAI-compatible server with faults, for tests and for trying things out."""

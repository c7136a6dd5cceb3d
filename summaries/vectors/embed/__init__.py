"""What turns text into vectors: hashing, latent semantic analysis, models."""

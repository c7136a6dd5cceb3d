"""Code search over all repositories."""

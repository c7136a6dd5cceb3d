"""The shared service: one index for a team, over HTTP."""

"""A server for coding agents (Model Context Protocol)."""

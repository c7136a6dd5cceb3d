"""Reading a bug report: regions, stack traces, mentions, messages, names."""

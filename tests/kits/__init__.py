"""What tests build upon: repositories, servers that stand in for trackers and models, helpers."""

"""Which files of a snapshot are read, and why others are left out."""

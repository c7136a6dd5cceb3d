"""Answers: report -> route -> rank -> evidence. The command line and the service are its faces."""

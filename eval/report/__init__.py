"""The evaluation report and the published figures."""

"""What can be evaluated: the shipped ranking, weights, baselines, models."""

"""From source text to facts: symbols, literals, routes, configuration keys."""

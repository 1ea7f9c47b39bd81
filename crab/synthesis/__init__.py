"""From pairs to verified constraints: derive, check, weigh, and lay down the held-out prompts."""

"""FollowBench: its items, rules, judgements and scores."""

"""How models are judged: one file a benchmark, and the intervals and guards that they share."""

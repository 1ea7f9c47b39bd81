"""Where pairs come from. Every source yields seeds, and a `Rejected` for each row that is none."""

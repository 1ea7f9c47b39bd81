"""Where pairs come from, and the rows that training reads."""

"""The built-in instruction world: small enough for a tiny model, with the hidden draws that tests and guards need."""

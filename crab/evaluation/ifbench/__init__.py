"""IFBench's 58 types of constraint: rules of the official code, its known faults, and the benchmark."""

"""IFEval (arXiv 2311.07911): 25 types of instructions that a program checks, read strictly and loosely."""

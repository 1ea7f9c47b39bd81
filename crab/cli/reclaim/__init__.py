"""What takes room and could go, one module a kind: what it is, how large, what its loss costs, and how it goes.

Nothing here ever touches `.work/journal`, from which MLflow's rows are made again.
"""

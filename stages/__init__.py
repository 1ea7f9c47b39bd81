"""One script a stage, run as `python -m stages.NAME`: read, do, write."""

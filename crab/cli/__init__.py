"""`python -m crab`: small commands around the pipeline. No stage depends on them."""

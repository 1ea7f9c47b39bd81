"""Measurements that nothing depends on; each module says how it is run."""

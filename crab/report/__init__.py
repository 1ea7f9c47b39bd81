"""Results as people read them. No stage depends on this room."""

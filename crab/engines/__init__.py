"""How text is made: one small interface, and an engine a file behind it."""

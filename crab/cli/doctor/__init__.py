"""`crab doctor`: what this machine has, what the configuration needs, and the command that mends what is missing.

Everything here starts with the standard library alone, so that it runs where nothing is installed: what a check needs,
it imports itself, and a package that is missing is a finding.
"""

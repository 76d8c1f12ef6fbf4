"""Mutated bytes and absurd events, against the codec and the rules: ``python -m tests.fuzz``, or ``make fuzz``."""

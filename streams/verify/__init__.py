"""Was anything lost, doubled, put out of order, or sent where it was forbidden? Told from the topics alone.

``model`` decides everything again, single-threaded; ``conservation`` and ``objected`` share no code with
the rules. ``heed verify`` runs all three on any cluster.
"""

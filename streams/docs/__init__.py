"""The generated part of docs/: what the code knows about itself, laid out for people (``heed docs``).

Each module makes one page from the tables that the software itself decides by. Pages are the same on every
machine and every run: no times, no versions of Python, no order of a set.
"""

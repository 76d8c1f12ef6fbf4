"""For people who look into one case: why something was decided, and what became of a record set aside."""

"""What happens on the day, one module a kind of thing: each story is a few events about one patient."""

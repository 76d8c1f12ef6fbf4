"""A hospital day on a real Kafka: made up, fed in, decided by real processes, then added up."""

"""The monthly pack for the safety and governance meeting: figures from the topics, with small numbers hidden."""

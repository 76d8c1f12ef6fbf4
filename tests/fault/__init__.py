"""Exactly once, whatever dies: processes killed, frozen and cut off, and the verifier's word for what came out."""

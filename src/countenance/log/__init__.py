"""The tamper-evident record: Merkle hashing, signed checkpoints and proofs."""

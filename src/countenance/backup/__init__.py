"""Backup and restore: one encrypted file without a key in it, and the erasure ledger replayed before anything opens."""

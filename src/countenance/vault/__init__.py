"""Keys: one random key a person, wrapped by a key-encryption key that lies apart; and the keys of named accounts."""

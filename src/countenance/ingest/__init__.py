"""Photos in: read, look, match, keep the known, forget the others."""

"""Where the operator's photographs lie. They are read, never written, moved or deleted."""

"""CompreFace's REST API (``/api/v1``), so that its clients work unchanged; the rules are those of everywhere."""

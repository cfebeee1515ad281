"""The HTTP API for programs (``/v1``): an API key in each request, the same rules as everywhere."""

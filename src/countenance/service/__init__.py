"""The use cases: every entry point (library, command line, HTTP, web) calls these and nothing below."""

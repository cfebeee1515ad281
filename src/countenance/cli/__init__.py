"""The command line: parses, calls the service, prints. No SQL, no numpy, no policy."""

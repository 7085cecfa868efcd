"""The command line: a thin door to the same rooms as the API."""

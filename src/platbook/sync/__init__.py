"""The replication engine: from a source's records to committed rows, run by run."""

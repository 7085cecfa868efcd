"""The replication engine: from what a source said to committed rows, run by run."""

"""Changes of a lead across its tables: created, edited, assigned, claimed, deleted, each with log entry and event."""

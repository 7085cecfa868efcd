"""Field mapping: from a source's fields to ours."""

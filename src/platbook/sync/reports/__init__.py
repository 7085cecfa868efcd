"""What people ask about syncs: how a provider stands, what its runs did, what went wrong. Nothing here writes."""

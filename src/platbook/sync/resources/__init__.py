"""What the engine replicates: a store for each resource, and the registry of them."""

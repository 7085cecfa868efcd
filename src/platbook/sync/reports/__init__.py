"""Read models of syncs: provider status, history, errors, refused sweeps, statistics. Nothing here writes."""

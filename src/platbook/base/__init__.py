"""What every other package may lean on: errors, settings, clock, ids, Actor, log."""

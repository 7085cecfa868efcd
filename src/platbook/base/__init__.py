"""The foundation every other package imports: errors, settings, clock, ids, actors and rights, logging."""

"""Routes of the installation: health, audit log, stored objects."""

-- A run's photo counts are read by its id. Photos that wait are left out, so that loading listings costs nothing more.
CREATE INDEX property_media_run ON property_media (sync_id) WHERE state <> 'waiting';

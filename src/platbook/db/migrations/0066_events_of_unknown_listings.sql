-- Whether an event names a listing that was not found, so that an event sent again is answered as the first time.
ALTER TABLE lead_events ADD COLUMN unknown_listing boolean NOT NULL DEFAULT false;

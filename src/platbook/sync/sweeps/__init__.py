"""Key sweeps: reconcile the replica with a source, both ways, by reading every key.

Deletes are proved, never guessed. A sweep counts only when its end is proved; only records stored before it began,
inside the scope and not received by the same run may be removed; and one that would remove more than a set share
removes nothing: its candidates are stored and a person decides. Candidates are read again by their keys, as far as 500
requests go; those that exist are stored. Of more, a random sample is read again: if one of it exists and is in scope,
the list of keys was incomplete, and a person decides as well. (Where none of 60 exists, fewer than 5 % of them do, with
95 % confidence.) In a narrowed scope all are read again in any case: a record that only left the scope is hidden as
such. Where no record can be read by its key, a second list of all keys has to confirm the first.

The other way, records that the list of keys names and the replica has not are fetched by their keys, again as far as
500 requests go. The rest, and what cannot be read, makes the run partial.
"""

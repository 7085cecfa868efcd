"""RESO's Data Dictionary as values: the table of fields, standard lookup values, coercion that says why it refuses."""

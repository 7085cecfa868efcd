"""The RESO Data Dictionary as values: field definitions, standard lookup values, and type coercion with reasons."""

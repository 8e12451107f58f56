//! Names: systems, prefixes, identifiers and their other forms.

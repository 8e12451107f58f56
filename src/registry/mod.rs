//! The write side: admission, registration, the writer.

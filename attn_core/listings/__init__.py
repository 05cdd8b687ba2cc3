"""The document's printed code, run as it stands and put to the test."""

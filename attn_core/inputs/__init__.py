"""Bytes and text from strangers to what models read; every check lives here."""

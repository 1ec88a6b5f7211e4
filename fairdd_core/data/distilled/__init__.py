"""Distilled sets that were made elsewhere: read from files, understood, and written to files."""

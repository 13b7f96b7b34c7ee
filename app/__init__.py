"""Barycenter Jobs' admin API: it asks the database, and shows what it says."""

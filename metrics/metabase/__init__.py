"""Dashboards on a Metabase server: planned, applied, verified and kept true."""

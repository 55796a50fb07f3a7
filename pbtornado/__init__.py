"""A self-hosted realtime backend: PocketBase's API on Tornado and SQLite, with a change log as its spine."""

__version__ = "0.1.0"

"""The workspace's database."""

"""The kept results as one page with tables and plots."""

"""Every form the database ever had, and how it came to the next."""

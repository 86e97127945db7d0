"""Who may come in: accounts, sessions, second factor, roles."""

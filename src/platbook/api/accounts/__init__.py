"""Routes of accounts: sign-in, profiles, users."""

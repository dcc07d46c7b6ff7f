"""The pages: one door for people, beside the API."""

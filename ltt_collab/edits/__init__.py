"""③ Raw changes of the shared notebook become typed, numbered, authored events."""

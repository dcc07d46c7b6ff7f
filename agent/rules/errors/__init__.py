"""Rules about errors that were raised, a module per family."""

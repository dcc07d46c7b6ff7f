"""What it costs: benchmarks of the real stack, each beside a baseline in the same run."""

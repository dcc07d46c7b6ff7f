"""What operators see of the service: log lines and metrics."""

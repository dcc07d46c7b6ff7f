"""What the product needs from the world, as Protocols of at most six methods."""

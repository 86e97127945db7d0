"""Where the container is in the image."""

"""Where the container is in the image, and which way it looks."""

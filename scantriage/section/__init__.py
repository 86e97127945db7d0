"""What two scans tell of the cross-section of a container: rays, cells, loads."""

"""What things are: scans, geometry, containers, findings."""

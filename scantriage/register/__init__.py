"""The rescan on the origin scan's grid."""

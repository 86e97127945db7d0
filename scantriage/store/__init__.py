"""The workspace: an embedded database and a folder of files, both written by one run at a time."""

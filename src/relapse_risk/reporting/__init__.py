"""Reports: an edition is planned, executed, exported and published."""

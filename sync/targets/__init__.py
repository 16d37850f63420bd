"""The remote systems, one folder for each kind; none of them sends anything."""

"""The world, read: git mirrors, tarball mirrors, files. All input I/O of the portal lives here."""

"""kdump-portal: a static documentation and patch portal generator for the kdump/kexec community."""

__version__ = "0.1.0"

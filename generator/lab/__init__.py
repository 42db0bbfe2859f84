"""The lab: real kernels in QEMU are crashed with the capture tool, and what comes out is looked at from outside."""

#!/bin/sh
# kdump-capture @VERSION@ - makes a machine save its own crash dump, and proves that it does.
#
# One file for any distribution: it checks the machine, builds the capture initramfs, loads it, and is itself the
# program that runs in the capture kernel. Needs a POSIX shell (dash, busybox ash, bash, mksh, yash) and awk.
# Start with `kdump-capture check`; `kdump-capture help` shows everything.
#
# Assembled from parts/, source digest @DIGEST@.
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) the kdump-portal authors

set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export PATH
unset CDPATH ENV BASH_ENV GREP_OPTIONS

VERSION=@VERSION@
TAB='	'
NL='
'
IFS=" $TAB$NL"

# Exit codes; every command uses these and no others.
EX_OK=0
EX_FAILED=1
EX_USAGE=2
EX_UNSUPPORTED=3 # this kernel or architecture cannot
EX_REBOOT=4      # a reboot is needed first
EX_TARGET=5      # the dump target cannot be reached
EX_SPACE=6       # no space
EX_REFUSED=7     # the kernel refused to load: signature, lockdown, limit
EX_BUILD=8       # the image could not be built
EX_DAMAGED=9     # a dump is incomplete or corrupt
EX_PENDING=10    # the result is not in yet
EX_SKIPPED=77

# Places, below $root: "" is this machine, another folder is a root to be read or built for (--root).
root=
CONFIG=/etc/kdump-capture.conf
STATE=/var/lib/kdump-capture
RUN=/run/kdump-capture
INSIDE=/etc/kdump-capture # in a capture image: manifest, module list, keys

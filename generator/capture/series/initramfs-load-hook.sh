#!/bin/sh
# With KDUMP_CAPTURE=load: an image for the first kernel that carries the capture kernel with its image, and loads them.
# Without it, nothing.
[ "$1" = prereqs ] && exit 0
[ "${KDUMP_CAPTURE:-}" = load ] || exit 0
. /usr/share/initramfs-tools/hook-functions
kdump-capture hook carried "$DESTDIR" "$version" || exit 1
for program in kexec $(kdump-capture hook programs); do
	path=$(command -v "$program") && [ ! -e "$DESTDIR$path" ] && copy_exec "$path"
done

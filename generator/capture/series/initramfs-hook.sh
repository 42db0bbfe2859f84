#!/bin/sh
# With KDUMP_CAPTURE=capture: an image that saves the dump of a crash before root is mounted, and reboots.
# Without it, nothing.
[ "$1" = prereqs ] && exit 0
[ "${KDUMP_CAPTURE:-}" = capture ] || exit 0
. /usr/share/initramfs-tools/hook-functions
kdump-capture hook payload "$DESTDIR" "$version" || exit 1
for program in $(kdump-capture hook programs); do
	path=$(command -v "$program") && [ ! -e "$DESTDIR$path" ] && copy_exec "$path"
done
# shellcheck disable=SC2046
manual_add_modules $(kdump-capture hook modules "$version")
# Loaded early by init, in the order of modules.dep.
kdump-capture hook modules "$version" >>"$DESTDIR/conf/modules"

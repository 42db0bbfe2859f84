# The initramfs-tools builder (Debian, Ubuntu): its own mkinitramfs with a private configuration; nothing in /etc changes.

build_initramfs() {
	find_program mkinitramfs >/dev/null || die $EX_BUILD "mkinitramfs is not installed: install initramfs-tools"
	[ -r "$root/boot/config-$build_kver" ] || die $EX_BUILD "$root/boot/config-$build_kver is not there, and mkinitramfs needs it"
	_initramfs_folder
	wanted_modules | sort -u >"$initramfs_folder/modules"
	printf 'MODULES=list\nBUSYBOX=y\nKEYMAP=n\nCOMPRESS=%s\n' "$(_initramfs_compression)" >>"$initramfs_folder/initramfs.conf"
	initramfs_payload=$initramfs_folder/payload
	own_files "$initramfs_payload"
	write_dhcp_script "$initramfs_payload"
	initramfs_hook capture_hook "$(_programs_wanted)" >"$initramfs_folder/hooks/kdump-capture"
	premount_script >"$initramfs_folder/scripts/init-premount/kdump-capture"
	_run_mkinitramfs
}

# In the root that it is for: mkinitramfs takes everything from where it runs.
_initramfs_folder() {
	initramfs_folder=$(mktemp -d "$root/tmp/kdump-capture.XXXXXX") || die $EX_SPACE "no scratch space in $root/tmp"
	trap 'rm -rf "$work" "$initramfs_folder"' EXIT
	mkdir -p "$initramfs_folder/hooks" "$initramfs_folder/scripts/init-premount"
	cp -R "$root/etc/initramfs-tools/." "$initramfs_folder/" 2>/dev/null || :
	[ -e "$initramfs_folder/initramfs.conf" ] || printf 'DEVICE=\nNFSROOT=auto\nRUNSIZE=10%%\n' >"$initramfs_folder/initramfs.conf"
	# Another tool's hooks have no place in a capture image.
	rm -f "$initramfs_folder"/hooks/* "$initramfs_folder"/conf.d/*
}

_initramfs_compression() {
	if [ "$(fact_config RD_ZSTD "$build_kver")" = y ] && find_program zstd >/dev/null; then
		echo zstd
	else
		echo gzip
	fi
}

_programs_wanted() {
	[ "$conf_collector" != makedumpfile ] || printf 'makedumpfile '
	! targets_of ssh || printf 'ssh '
	! targets_of https || printf 'curl '
	! find_program vmcore-dmesg >/dev/null || printf 'vmcore-dmesg '
}

# initramfs_hook NAME PROGRAMS: a hook that copies programs with their libraries, and the payload.
initramfs_hook() {
	cat <<-HOOK
		#!/bin/sh
		# $1, written by kdump-capture $VERSION
		[ "\$1" = prereqs ] && exit 0
		. /usr/share/initramfs-tools/hook-functions
		for program in $2; do
			copy_exec "\$(command -v "\$program")" /usr/bin
		done
		cp -R "\$CONFDIR/payload/." "\$DESTDIR/"
	HOOK
}

# premount_script: before the root file system is mounted, as in 2005.
premount_script() {
	cat <<-'SCRIPT'
		#!/bin/sh
		# In the capture kernel: save the dump, and never come back.
		[ "$1" = prereqs ] && exit 0
		[ -e /proc/vmcore ] || exit 0
		exec /usr/bin/kdump-capture stage2 </dev/console >/dev/console 2>&1
	SCRIPT
}

_run_mkinitramfs() {
	chmod 755 "$initramfs_folder"/hooks/* "$initramfs_folder"/scripts/init-premount/*
	initramfs_inside=${initramfs_folder#"$root"}
	if [ -n "$root" ]; then
		chroot "$root" mkinitramfs -d "$initramfs_inside" -o "$initramfs_inside/image" "$build_kver"
	else
		mkinitramfs -d "$initramfs_inside" -o "$initramfs_inside/image" "$build_kver"
	fi >"$work/builder-said" 2>&1 || die $EX_BUILD "mkinitramfs ended with $?: $(tail -n 3 "$work/builder-said" | tr '\n' ' ')"
	# It can end well and leave nothing, when the kernel's configuration is not readable.
	[ -s "$initramfs_folder/image" ] || die $EX_BUILD "mkinitramfs left an empty image: $(tail -n 3 "$work/builder-said" | tr '\n' ' ')"
	cp "$initramfs_folder/image" "$work/image"
}

# build -i: a first-kernel initramfs that carries kernel and capture image and loads them before root is mounted, so that
# a crash early in boot is captured as well. (2005: mkinitrd -i; Fedora's earlykdump does it with its own images.)

CARRIED=/usr/lib/kdump-capture
LOOP_CRASHES=3 # crashes within LOOP_SECONDS after which nothing is loaded any more
LOOP_SECONDS=600

build_autoload() {
	build_image=${build_image:-$root$STATE/capture-$build_kver.img}
	build_kernel=${build_kernel:-$(kernel_file "$build_kver")}
	[ -r "$build_image" ] || die $EX_BUILD "$build_image is not there: kdump-capture build -c comes first"
	[ -r "$build_kernel" ] || die $EX_BUILD "no kernel $build_kver: give it with --kernel FILE"
	build_out=${build_out:-$root$STATE/first-$build_kver.img}
	for autoload_uki in "$root"/boot/efi/EFI/Linux/*"$build_kver"*.efi "$root"/efi/EFI/Linux/*"$build_kver"*.efi; do
		[ ! -e "$autoload_uki" ] || die $EX_UNSUPPORTED "$autoload_uki is a unified kernel image, whose initramfs cannot be replaced: load from a systemd unit early in boot (kdump-capture load)"
	done
	make_work
	case $(_autoload_builder) in
	initramfs-tools) _autoload_initramfs ;;
	dracut) _autoload_dracut ;;
	*) die $EX_BUILD "a first-kernel initramfs is made by initramfs-tools or dracut, and neither is installed" ;;
	esac
	_keep_image
}

_autoload_builder() {
	case $conf_builder in
	initramfs-tools | dracut) echo "$conf_builder" ;;
	*) if find_program mkinitramfs >/dev/null; then echo initramfs-tools; elif find_program dracut >/dev/null; then echo dracut; fi ;;
	esac
}

_autoload_payload() {
	mkdir -p "$1$CARRIED" "$1/usr/bin" "$1$INSIDE"
	cp "$build_kernel" "$1$CARRIED/kernel" && cp "$build_image" "$1$CARRIED/capture.img" || die $EX_SPACE "no scratch space"
	own_path=$(own_file)
	cp "$own_path" "$1/usr/bin/kdump-capture"
	chmod 755 "$1/usr/bin/kdump-capture"
	write_config >"$1$INSIDE/autoload.conf"
	write_image_manifest >"$work/manifest"
}

_autoload_initramfs() {
	_initramfs_folder
	cp "$root"/etc/initramfs-tools/hooks/* "$initramfs_folder/hooks/" 2>/dev/null
	cp "$root"/etc/initramfs-tools/conf.d/* "$initramfs_folder/conf.d/" 2>/dev/null
	printf 'BUSYBOX=y\n' >>"$initramfs_folder/initramfs.conf"
	_autoload_payload "$initramfs_folder/payload"
	initramfs_hook autoload_hook kexec >"$initramfs_folder/hooks/kdump-capture"
	autoload_script >"$initramfs_folder/scripts/init-premount/kdump-capture"
	_run_mkinitramfs
}

autoload_script() {
	cat <<-'SCRIPT'
		#!/bin/sh
		# In the first kernel: load the capture kernel before root is mounted. A failure must not stop the boot.
		[ "$1" = prereqs ] && exit 0
		[ ! -e /proc/vmcore ] || exit 0
		/usr/bin/kdump-capture autoload >/dev/console 2>&1
		exit 0
	SCRIPT
}

_autoload_dracut() {
	dracut_folder=$(mktemp -d "$root/tmp/kdump-capture.XXXXXX") || die $EX_SPACE "no scratch space in $root/tmp"
	trap 'rm -rf "$work" "$dracut_folder"' EXIT
	_autoload_payload "$dracut_folder/payload"
	dracut_hooks=$dracut_folder/payload$(_hook_folder)/pre-mount
	mkdir -p "$dracut_hooks"
	autoload_hook >"$dracut_hooks/02-kdump-capture.sh"
	_run_dracut "base kernel-modules rootfs-block udev-rules fs-lib" "" "$STAGE2_PROGRAMS kexec"
}

autoload_hook() {
	cat <<-'HOOK'
		#!/bin/sh
		# In the first kernel: load the capture kernel before root is mounted. A failure must not stop the boot.
		if [ ! -e /proc/vmcore ]; then
			/usr/bin/kdump-capture autoload >/dev/console 2>&1
		fi
	HOOK
}

# autoload_command: what the hooks call.
autoload_command() {
	common_start
	config_path=$root$INSIDE/autoload.conf
	common_end
	make_work
	load_replace=0
	load_checks=
	load_kver=$(uname -r)
	load_kernel=$root$CARRIED/kernel
	load_image=$root$CARRIED/capture.img
	autoload_crashes=$(recent_crashes)
	if [ "$autoload_crashes" -ge "$LOOP_CRASHES" ]; then
		say "kdump-capture: $autoload_crashes crashes within $((LOOP_SECONDS / 60)) minutes: not loaded, so that this does not go on for ever"
		finish $EX_SKIPPED "crash loop"
	fi
	_load_possible
	load_capture
	say "kdump-capture: autoload: capture kernel loaded by $load_call"
	finish $EX_OK "loaded"
}

# recent_crashes: dumps on the first local target with a name of the last minutes. Only names are read, read-only and
# without replaying a journal. Where dumps go elsewhere there is no such guard.
recent_crashes() {
	recent_count=0
	recent_target=$(printf '%s\n' "$conf_targets" | grep -m 1 '^ext4 \|^xfs \|^auto ') || {
		echo 0
		return
	}
	set -f
	# shellcheck disable=SC2086
	set -- $recent_target
	set +f
	conf_target_wait=5
	if _wait_device "$2" >/dev/null 2>&1; then
		mkdir -p "$MOUNT"
		for recent_options in ro,noload ro,norecovery ro; do
			mount -o $recent_options "$device" "$MOUNT" 2>/dev/null || continue
			recent_count=$(_count_recent "$MOUNT${3:-}")
			umount "$MOUNT"
			break
		done
	fi
	echo "$recent_count"
}

_count_recent() {
	recent_limit=$(date -u -d "@$(($(date +%s) - LOOP_SECONDS))" +%Y-%m-%dT%H-%M-%SZ 2>/dev/null) || recent_limit=9
	for recent_path in "$1"/[0-9][0-9][0-9][0-9]-*T*Z-*; do
		[ -d "$recent_path" ] && printf '%s\n' "${recent_path##*/}"
	done | awk -v limit="$recent_limit" '$0 > limit { count++ } END { print count + 0 }'
}

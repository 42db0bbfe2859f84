# The dracut builder (Fedora, RHEL, SUSE, Debian): hooks are included, so that nothing is installed for it.

# Programs that stage 2 calls and dracut's base does not bring.
STAGE2_PROGRAMS='awk blkid cat chmod cp cut date dd df du find findfs grep head ip ls mkdir mkfifo mktemp mount mv od poweroff
printf readlink reboot rm rmdir sed setsid sha256sum sleep sort sync tail tee tr umount uname wc'

build_dracut() {
	find_program dracut >/dev/null || die $EX_BUILD "dracut is not installed"
	dracut_folder=$(mktemp -d "$root/tmp/kdump-capture.XXXXXX") || die $EX_SPACE "no scratch space in $root/tmp"
	trap 'rm -rf "$work" "$dracut_folder"' EXIT
	own_files "$dracut_folder/payload"
	write_dhcp_script "$dracut_folder/payload"
	dracut_hooks=$dracut_folder/payload$(_hook_folder)
	mkdir -p "$dracut_hooks/cmdline" "$dracut_hooks/pre-mount"
	# 95: at 01 the base module's parser would set root again, find none, and stop in a shell.
	dracut_root_hook >"$dracut_hooks/cmdline/95-kdump-capture.sh"
	dracut_stage2_hook >"$dracut_hooks/pre-mount/01-kdump-capture.sh"
	_run_dracut "base" "$(wanted_modules | sort -u | tr '\n' ' ')" "$STAGE2_PROGRAMS $(_programs_wanted)"
}

# _hook_folder: it moved in dracut 104 (2024); the installed one knows.
_hook_folder() {
	if grep -qs 'hookdir=.*/var/lib/dracut/hooks' "$root"/usr/lib/dracut/*.sh "$root"/usr/lib/dracut/modules.d/*base/dracut-lib.sh; then
		echo /var/lib/dracut/hooks
	else
		echo /usr/lib/dracut/hooks
	fi
}

dracut_root_hook() {
	cat <<-'HOOK'
		#!/bin/sh
		# In the capture kernel there is no root to be found, and none is needed.
		if [ -e /proc/vmcore ]; then
			root=kdump-capture
			rootok=1
		fi
	HOOK
}

dracut_stage2_hook() {
	cat <<-'HOOK'
		#!/bin/sh
		# In the capture kernel: save the dump, and never come back.
		if [ -e /proc/vmcore ]; then
			while read -r module; do
				modprobe -q "$module"
			done </etc/kdump-capture/wanted
			/usr/bin/kdump-capture stage2 </dev/console >/dev/console 2>&1
			echo b >/proc/sysrq-trigger
		fi
	HOOK
}

# _run_dracut MODULES DRIVERS PROGRAMS [OPTION...]
_run_dracut() {
	dracut_modules=$1
	dracut_drivers=$2
	dracut_programs=$3
	shift 3
	# shellcheck disable=SC2086
	printf '%s\n' $dracut_drivers >"$dracut_folder/payload$INSIDE/wanted"
	chmod 755 "$dracut_folder"
	dracut_inside=${dracut_folder#"$root"}
	dracut_installed=$(_installed_programs)
	[ ! -s "$work/missing" ] || die $EX_BUILD "not installed, and needed in the image: $(tr '\n' ' ' <"$work/missing")"
	set -- --force --no-hostonly --no-early-microcode --reproducible --modules "$dracut_modules" --add-drivers "$dracut_drivers" \
		--install "$dracut_installed" --include "$dracut_inside/payload" / --kver "$build_kver" "$@"
	if [ -n "$root" ]; then
		chroot "$root" dracut "$@" "$dracut_inside/image"
	else
		dracut "$@" "$dracut_inside/image"
	fi >"$work/builder-said" 2>&1 || die $EX_BUILD "dracut ended with $?: $(grep -i 'error\|fail' "$work/builder-said" | tail -n 3 | tr '\n' ' ')"
	[ -s "$dracut_folder/image" ] || die $EX_BUILD "dracut left no image: $(tail -n 3 "$work/builder-said" | tr '\n' ' ')"
	cp "$dracut_folder/image" "$work/image"
}

# A few have substitutes; without another one stage 2, or dracut's own init, would stop half way.
_installed_programs() {
	for installed_name in $dracut_programs; do
		if find_program "$installed_name" >/dev/null; then
			printf '%s ' "$installed_name"
		else
			case $installed_name in
			blkid | find | findfs | ip | poweroff | reboot) ;;
			*) echo "$installed_name" >>"$work/missing" ;;
			esac
		fi
	done
}

# check, continued: the dump targets. Read from what this machine shows; asked for real only with --target.

_check_targets() {
	group "Where the dump goes"
	if [ -z "$conf_targets" ]; then
		failed $EX_TARGET target target "none is configured" "$(_suggest_target)"
		return
	fi
	check_needed=$(_needed_mb)
	while IFS= read -r check_line <&5; do
		_check_target "$check_line"
	done 5<<-TARGETS
		$conf_targets
	TARGETS
}

_check_target() {
	set -f
	# shellcheck disable=SC2086
	set -- $1
	set +f
	case $1 in
	ext4 | xfs | btrfs | auto) _check_device "$1" "$2" && _check_folder "${3:-/}" ;;
	raw) _check_device raw "$2" && _check_raw ;;
	nfs) _check_driver NFS_FS nfs && skipped target target "$1 $2: asked only with --target" ;;
	ssh) _check_ssh "$2" && skipped target target "$1 $2: asked only with --target" ;;
	*) _check_http "$1" && skipped target target "$1: asked only with --target" ;;
	esac
	return 0
}

# _check_driver SYMBOL NAME: can this kernel do it at all?
_check_driver() {
	if [ -z "$check_configs" ] || configured "$1"; then
		return 0
	fi
	failed $EX_TARGET target target "$2: CONFIG_$1 is off in this kernel" "use another kind of target"
	return 1
}

# _check_device KIND SPEC: $target_device, the block device behind a target, when a capture kernel can reach it.
_check_device() {
	case $1 in
	ext4) _check_driver EXT4_FS ext4 || return ;;
	xfs) _check_driver XFS_FS xfs || return ;;
	btrfs) _check_driver BTRFS_FS btrfs || return ;;
	esac
	case $2 in
	UUID=*) target_device=$root/dev/disk/by-uuid/${2#UUID=} ;;
	LABEL=*) target_device=$root/dev/disk/by-label/${2#LABEL=} ;;
	*) target_device=$root$2 ;;
	esac
	if [ ! -e "$target_device" ]; then
		failed $EX_TARGET target target "$1 $2: no such device on this machine" "lsblk -o NAME,UUID,LABEL,FSTYPE shows what there is; then edit $config_path"
		return 1
	fi
	target_device=$(readlink -f "$target_device")
	target_device=${target_device#"$root"}
	case $(_stacked "${target_device##*/}") in
	*CRYPT*) failed $EX_TARGET target target "$1 $2 ($target_device) is encrypted, and the capture kernel has no key" "use a plain partition, a raw one, or the network" ;;
	?*)
		[ "$check_builder" = generic ] || return 0
		failed $EX_TARGET target target "$1 $2 ($target_device) is on LVM or RAID, which the generic builder does not set up" "builder = dracut, or a plain partition, or the network"
		;;
	*) return 0 ;;
	esac
	return 1
}

# _stacked NAME: what device-mapper and md say of it and of all below it.
_stacked() {
	first_line "$root/sys/class/block/$1/dm/uuid" "$root/sys/class/block/$1/md/level"
	for stacked_below in "$root/sys/class/block/$1/slaves"/*; do
		[ ! -e "$stacked_below" ] || (_stacked "${stacked_below##*/}")
	done
}

_check_folder() {
	target_mount=$(fact_mounts | while read -r mount_source mount_where _ mount_options _; do
		[ "$(readlink -f "$root$mount_source" 2>/dev/null)" = "$root$target_device" ] || continue
		printf '%s %s\n' "$mount_options" "$mount_where"
		break
	done)
	if [ -z "$target_mount" ]; then
		skipped target target "$target_device is there and not mounted: its space is not known"
		return
	fi
	case ,${target_mount%% *}, in
	*,ro,*) warned target target "$target_device is mounted read-only, as after an error" "fsck it; a capture kernel may not be able to write it either" ;;
	*) passed target target "$target_device, mounted at ${target_mount#* }, dumps in ${1#/}/" ;;
	esac
	check_free=$(df -P -k "$root${target_mount#* }" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
	_check_space
}

_check_space() {
	check_all=$(fact_memory_mb)
	if [ -z "$check_free" ]; then
		skipped space space "the file system does not say"
	elif [ "$check_free" -ge $((check_all + conf_min_free_mb)) ]; then
		passed space space "$check_free MB free: even all memory ($check_all MB) would fit"
	elif [ -z "$check_needed" ]; then
		warned space space "$check_free MB free, all memory is $check_all MB; a filtered dump is usually a small part of it" "make room, or run this as root for an estimate"
	elif [ "$check_free" -ge $((check_needed + conf_min_free_mb)) ]; then
		passed space space "$check_free MB free; level $conf_level would keep $check_needed MB now, before compression"
	else
		failed $EX_SPACE space space "$check_free MB free; level $conf_level would keep $check_needed MB now, before compression, and $conf_min_free_mb MB stay free" "make room on the target, or name another one"
	fi
}

# _needed_mb: what the dump level keeps of the memory as it is now, by makedumpfile's own count; "" when it cannot tell.
_needed_mb() {
	{ [ "$conf_collector" = makedumpfile ] && [ -z "$root" ] && [ -r /proc/kcore ]; } || return 0
	makedumpfile --mem-usage /proc/kcore 2>/dev/null | awk -v level="$conf_level" '
		function bit(b) { return int(level / b) % 2 }
		BEGIN { class["ZERO"] = 1; class["NON_PRI_CACHE"] = 2; class["PRI_CACHE"] = 4; class["USER"] = 8; class["FREE"] = 16 }
		$1 in class { if (!bit(class[$1])) pages += $2 }
		$1 == "KERN_DATA" { pages += $2; seen = 1 }
		/^page size:/ { size = $3 }
		END { if (seen && size) printf "%d\n", pages * size / 1048576 + 1 }'
}

_check_raw() {
	if [ ! -r "$root$target_device" ]; then
		skipped target target "$target_device: only root can see whether it carries our mark"
	elif [ "$(dd if="$root$target_device" bs=4096 count=1 2>/dev/null | tr -d '\0' | head -n 1)" = "magic = $RAW_MAGIC" ]; then
		passed target target "$target_device carries our mark: it may be overwritten"
	else
		failed $EX_TARGET target target "$target_device does not carry our mark, so it would not be written to" "kdump-capture build --init-raw $target_device, after making sure that nothing is on it"
	fi
}

_check_ssh() {
	ssh_host=${1#*@}
	ssh_port=22
	case $ssh_host in
	*:*)
		ssh_port=${ssh_host##*:}
		ssh_host="[${ssh_host%:*}]:$ssh_port"
		;;
	esac
	if [ ! -e "$root$conf_ssh_key" ]; then
		failed $EX_TARGET target target "ssh $1: $conf_ssh_key is not there" "ssh-keygen -q -t ed25519 -N '' -f $conf_ssh_key, and give its .pub to the server"
	elif case $(ls -ldL "$root$conf_ssh_key") in ????------*) false ;; esac then
		failed $EX_TARGET target target "ssh $1: others may read $conf_ssh_key" "chmod 600 $conf_ssh_key"
	elif ! grep -qsF "${ssh_host}" "$root$conf_ssh_known_hosts" && ! ssh-keygen -F "$ssh_host" -f "$root$conf_ssh_known_hosts" >/dev/null 2>&1; then
		failed $EX_TARGET target target "ssh $1: the host's key is not in $conf_ssh_known_hosts" "ssh-keyscan -p $ssh_port ${1#*@} >> $conf_ssh_known_hosts, and compare it with the host's own"
	elif ! tool ssh && ! tool dbclient; then
		failed $EX_TARGET target target "ssh $1: there is no ssh to take into the image" "$(install_how openssh-client)"
	else
		return 0
	fi
	return 1
}

_check_http() {
	case $1 in
	http://*) warned target_trust target "$1: a dump would cross the network in the clear, to whoever answers" "use https, or ssh, unless the network is yours alone" ;;
	*)
		if ! tool curl; then
			failed $EX_TARGET target target "$1: https needs curl, which checks certificates" "$(install_how curl)"
			return 1
		elif [ -z "$conf_ca_file" ] || [ ! -r "$root$conf_ca_file" ]; then
			failed $EX_TARGET target target "$1: ca_file is not set, or not there, so nobody could be trusted" "ca_file = /etc/kdump-capture/ca.pem, with the certificate that signed the server's"
			return 1
		fi
		;;
	esac
}

# A line that would work here: the file system that /var/crash is on, by its UUID.
_suggest_target() {
	suggest_line=$(fact_mounts | awk '
		$3 ~ /^(ext4|xfs|btrfs)$/ && $1 ~ /^\/dev\// && ("/var/crash/" ~ "^" $2 "/" || $2 == "/") && length($2) >= best {
			best = length($2); line = $3 " " $1 " " $2 } END { print line }')
	if [ -z "$suggest_line" ]; then
		printf 'add one to %s, such as: target = ssh dump@server /srv/crash\n' "$CONFIG"
		return
	fi
	read -r suggest_kind suggest_device suggest_where <<-LINE
		$suggest_line
	LINE
	suggest_folder=/var/crash
	[ "$suggest_where" = / ] || suggest_folder=/${suggest_folder#"$suggest_where/"}
	for suggest_link in "$root"/dev/disk/by-uuid/*; do
		[ "$(readlink -f "$suggest_link")" != "$(readlink -f "$root$suggest_device")" ] || suggest_device=UUID=${suggest_link##*/}
	done
	printf "echo 'target = %s %s %s' >> %s\n" "$suggest_kind" "$suggest_device" "$suggest_folder" "$CONFIG"
}

# check_probe: open each target that the command line names, and write, rename or remove a few bytes there.
check_probe() {
	group "The targets, asked"
	[ -z "$root" ] || return 0
	make_work
	conf_target_wait=5
	while IFS= read -r check_line <&5; do
		check_since=$(now)
		if target_open "$check_line" && _probe_open; then
			passed probe "${check_line%% *}" "$check_line: reached and written to, $(($(now) - check_since)) s"
		else
			failed "$target_exit" probe "${check_line%% *}" "${problem:-$check_line: cannot be written to: $(target_said)}" "mend that, then: kdump-capture check --target '$check_line'"
		fi
		target_close
	done 5<<-TARGETS
		$conf_targets
	TARGETS
}

# A raw partition is not written to: its mark was read. Over http the probe stays, for PUT knows no removal.
_probe_open() {
	[ "$target_kind" != raw ] || return 0
	check_name=kdump-capture-probe
	target_begin $check_name && echo probe | target_put probe || return
	case $target_kind in
	dir) rm -f "$target_folder/$check_name.part/probe" && rmdir "$target_folder/$check_name.part" ;;
	ssh) _ssh "rm -r $target_folder/$check_name.part" </dev/null >/dev/null 2>&1 || : ;;
	esac
}

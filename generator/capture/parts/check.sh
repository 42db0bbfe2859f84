# Would a crash be captured on this machine? Nothing is changed; each finding comes with what to do.

check_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "check: $1 is not known"
		shift "$shifted"
	done
	common_end
	make_work
	run_checks
	member items "[$check_json]"
	number passed "$check_passed"
	number failed "$check_failed"
	number warned "$check_warned"
	if [ "$check_failed" = 0 ]; then
		say "A crash would be captured, as far as can be seen without one. Prove it: kdump-capture test"
		finish $EX_OK "ready"
	fi
	say "Not ready. First: $check_first"
	finish "$check_exit" "$check_first"
}

run_checks() {
	check_json=
	check_passed=0
	check_failed=0
	check_warned=0
	check_first=
	check_exit=$EX_OK
	check_kver=$(uname -r)
	[ -z "$root" ] || check_kver=$(first_line "$root/proc/sys/kernel/osrelease")
	_check_kernel
	_check_reservation
	_check_lock
	_check_programs
	_check_image
	_check_loaded
	_check_owners
	_check_targets
	_check_panic
}

# item VERDICT ID FOUND [EXIT FIX]: one line for people, one object for machines. The first failure is what to do first.
item() {
	case $1 in
	pass) check_passed=$((check_passed + 1)) && item_mark="  ok  " ;;
	warn) check_warned=$((check_warned + 1)) && item_mark=" warn " ;;
	skip) item_mark=" skip " ;;
	fail)
		check_failed=$((check_failed + 1))
		item_mark=" FAIL "
		if [ -z "$check_first" ]; then
			check_first=$5
			check_exit=$4
		fi
		;;
	esac
	say "[$(_colour "$1" "$item_mark")] $(printf '%-12s' "$2") $3"
	[ -z "${5:-}" ] || say "                      -> $5"
	check_json="$check_json${check_json:+,}{\"verdict\":\"$1\",\"id\":\"$2\",\"found\":$(json_string "$3"),\"fix\":$(json_string "${5:-}")}"
}

# Colour is only ever an addition to the word.
_colour() {
	if [ "$json" = 1 ] || [ -n "${NO_COLOR:-}" ] || [ ! -t 1 ]; then
		printf '%s' "$2"
		return
	fi
	case $1 in
	pass) printf '\033[32m%s\033[0m' "$2" ;;
	warn) printf '\033[33m%s\033[0m' "$2" ;;
	fail) printf '\033[1;31m%s\033[0m' "$2" ;;
	*) printf '%s' "$2" ;;
	esac
}

_check_kernel() {
	if [ -z "$(fact_crash_size)" ]; then
		item fail kernel "$check_kver cannot keep memory for a capture kernel" $EX_UNSUPPORTED "boot a kernel with CONFIG_KEXEC (or KEXEC_FILE) and CONFIG_CRASH_DUMP"
		return
	fi
	check_missing=
	for check_symbol in CRASH_DUMP PROC_VMCORE; do
		case $(fact_config $check_symbol "$check_kver") in
		n) check_missing="$check_missing CONFIG_$check_symbol" ;;
		esac
	done
	if [ -n "$check_missing" ]; then
		item fail kernel "$check_kver lacks$check_missing" $EX_UNSUPPORTED "boot a kernel that has them"
	elif [ -z "$(fact_config CRASH_DUMP "$check_kver")" ]; then
		item warn kernel "$check_kver: its configuration cannot be read" 0 "install it as /boot/config-$check_kver, so that it can be checked"
	else
		item pass kernel "$check_kver has crash dumping"
	fi
}

_check_reservation() {
	check_reserved=$(fact_crash_size)
	check_asked=$(_parameter crashkernel)
	if [ -z "$check_reserved" ]; then
		item skip reservation "needs a kernel that can"
	elif [ "$check_reserved" -gt 0 ]; then
		item pass reservation "$((check_reserved / 1048576)) MB are reserved (crashkernel=${check_asked:-?})"
	elif [ -n "$check_asked" ]; then
		item fail reservation "crashkernel=$check_asked is given, and nothing is reserved" $EX_REBOOT "the kernel says why: dmesg | grep -i crash; ask for less, or for memory below 4 GB"
	else
		item fail reservation "nothing is reserved" $EX_REBOOT "add crashkernel=256M (kdump-capture size says how much) to the kernel's command line, and reboot"
	fi
}

# _parameter NAME: its last value on the kernel's command line.
_parameter() {
	tr ' ' '\n' <"$root/proc/cmdline" 2>/dev/null | awk -F= -v name="$1" '$1 == name { sub(/^[^=]*=/, ""); value = $0 } END { print value }'
}

_check_lock() {
	check_lockdown=$(sed -n 's/.*\[\(.*\)\].*/\1/p' "$root/sys/kernel/security/lockdown" 2>/dev/null)
	check_secure=$(fact_secure_boot)
	if [ "$(first_line "$root/proc/sys/kernel/kexec_load_disabled")" = 1 ]; then
		item fail lock "kexec_load_disabled is 1: nothing can be loaded until the next boot" $EX_REFUSED "find who sets it (grep -r kexec_load_disabled /etc/sysctl.d /usr/lib/sysctl.d), load before, and reboot"
		return
	fi
	case ${check_lockdown:-none}:$(fact_config KEXEC_FILE "$check_kver") in
	none:*) item pass lock "kernel lockdown is off${check_secure:+, Secure Boot $check_secure}" ;;
	*:n) item fail lock "lockdown is $check_lockdown and the kernel lacks CONFIG_KEXEC_FILE" $EX_REFUSED "boot a kernel with CONFIG_KEXEC_FILE and CONFIG_KEXEC_SIG" ;;
	*) item pass lock "lockdown is $check_lockdown: kexec_file_load takes a signed kernel${check_secure:+, Secure Boot $check_secure}" ;;
	esac
}

# fact_secure_boot: on or off, "" where there is no such thing. Four bytes of attributes, then the value.
fact_secure_boot() {
	for secure_file in "$root"/sys/firmware/efi/efivars/SecureBoot-*; do
		[ -r "$secure_file" ] || continue
		case $(od -An -tu1 -j 4 -N 1 "$secure_file" | tr -d ' ') in
		1) echo on ;;
		*) echo off ;;
		esac
		return
	done
}

_check_programs() {
	check_absent=
	find_program kexec >/dev/null || check_absent="kexec (kexec-tools)"
	[ "$conf_collector" != makedumpfile ] || find_program makedumpfile >/dev/null || check_absent="$check_absent${check_absent:+, }makedumpfile"
	case $conf_builder in
	generic | auto) find_program busybox >/dev/null || check_absent="$check_absent${check_absent:+, }busybox" ;;
	esac
	if [ -n "$check_absent" ]; then
		item fail programs "not installed: $check_absent" $EX_FAILED "install: $check_absent"
	else
		item pass programs "kexec, makedumpfile, busybox are installed"
	fi
}

# _check_image: is it there, and was it made of what is configured and installed now?
_check_image() {
	check_image=$root$STATE/capture-$check_kver.img
	check_manifest=${check_image%.img}.manifest
	if [ ! -r "$check_image" ]; then
		item fail image "there is no capture initramfs for $check_kver" $EX_BUILD "kdump-capture build -c"
		return
	fi
	check_config=$(write_config | sha256sum)
	check_built=$(sed -n 's/^config_sha256 = //p' "$check_manifest" 2>/dev/null)
	check_sum=$(sha256sum <"$check_image")
	if [ "${check_sum%% *}" != "$(sed -n 's/^image_sha256 = //p' "$check_manifest" 2>/dev/null)" ]; then
		item fail image "$check_image is not the one that was built" $EX_BUILD "kdump-capture build -c"
	elif [ "${check_config%% *}" != "$check_built" ]; then
		item fail image "the configuration was changed after the image was built" $EX_BUILD "kdump-capture build -c && kdump-capture load"
	else
		item pass image "$(sed -n 's/^builder = //p' "$check_manifest"), $(($(sed -n 's/^image_bytes = //p' "$check_manifest") / 1024)) KB, up to date"
	fi
}

_check_loaded() {
	case $(fact_crash_loaded):$(sed -n 's/^image_sha256 = //p' "$root$RUN/loaded" 2>/dev/null) in
	1:) item warn loaded "a capture kernel is loaded, by another tool" 0 "kdump-capture load --replace, after disabling the other tool" ;;
	1:"$(sed -n 's/^image_sha256 = //p' "$check_manifest" 2>/dev/null)") item pass loaded "the capture kernel is loaded" ;;
	1:*) item fail loaded "what is loaded is an older image" $EX_FAILED "kdump-capture load" ;;
	0:*) item fail loaded "no capture kernel is loaded" $EX_FAILED "kdump-capture load" ;;
	*) item skip loaded "needs a kernel that can" ;;
	esac
}

_check_owners() {
	check_owners=
	for check_unit in kdump-tools kdump kdumpst-init; do
		for check_wants in "$root"/etc/systemd/system/*.wants/"$check_unit.service"; do
			[ ! -L "$check_wants" ] || check_owners="$check_owners $check_unit.service"
		done
	done
	if [ -n "$check_owners" ]; then
		item warn owners "another tool is enabled:$check_owners" 0 "only one can own the reservation: systemctl disable --now$check_owners"
	else
		item pass owners "no other tool owns the reservation"
	fi
}

_check_targets() {
	if [ -z "$conf_targets" ]; then
		item fail target "no target is configured" $EX_TARGET "add to $config_path: target = ext4 UUID=... /var/crash"
		return
	fi
	printf '%s\n' "$conf_targets" >"$work/targets"
	while IFS= read -r check_target <&4; do
		set -f
		# shellcheck disable=SC2086
		set -- $check_target
		set +f
		_check_target "$1" "${2:-}"
	done 4<"$work/targets"
}

_check_target() {
	case $1 in
	ext4 | xfs | btrfs | auto | raw)
		case $2 in
		/dev/disk/* | UUID=* | LABEL=*) ;;
		*) item warn target "$2 can name another disk after a reboot" 0 "name it by UUID= (blkid shows it)" ;;
		esac
		[ -z "$root" ] || {
			item skip target "$check_target: not probed in another root"
			return
		}
		case $2 in
		/dev/*) check_device=$2 ;;
		*) check_device=$(findfs "$2" 2>/dev/null) || check_device= ;;
		esac
		if [ -b "$check_device" ]; then
			_check_space "$check_device"
		else
			item fail target "$2 is not there" $EX_TARGET "see what is: lsblk -f"
		fi
		;;
	ssh)
		if [ ! -r "$root$conf_ssh_key" ] || [ ! -r "$root$conf_ssh_known_hosts" ]; then
			item fail target "ssh needs $conf_ssh_key and $conf_ssh_known_hosts" $EX_TARGET "ssh-keygen -t ed25519 -N '' -f $conf_ssh_key; ssh-keyscan HOST >$conf_ssh_known_hosts, and compare the key"
		else
			item pass target "$check_target: key and host key are there"
		fi
		;;
	*) item pass target "$check_target" ;;
	esac
}

# A dump of level 31 is a tenth of memory or less, as a rule; all of memory is the upper bound. Said, not failed.
_check_space() {
	check_memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
	check_free=$(df -P -k "$1" 2>/dev/null | awk -v device="$1" 'NR == 2 && $1 == device { print int($4 / 1024) }')
	if [ -z "$check_free" ]; then
		item pass target "$1 is there (not mounted, so its free space is not known)"
	elif [ "$check_free" -lt $((check_memory / 10 + conf_min_free_mb)) ]; then
		item warn target "$1 has $check_free MB free, for $check_memory MB of memory" 0 "free some space, or set level = 31 and compress"
	else
		item pass target "$1 has $check_free MB free, for $check_memory MB of memory"
	fi
}

_check_panic() {
	check_policy=
	for check_knob in panic_on_oops softlockup_panic hung_task_panic unknown_nmi_panic; do
		[ "$(first_line "$root/proc/sys/kernel/$check_knob")" != 0 ] || check_policy="$check_policy $check_knob=0"
	done
	if [ -n "$check_policy" ]; then
		item warn panic "not every failure panics:$check_policy" 0 "sysctl -w kernel.panic_on_oops=1, at least; a machine that hangs leaves no dump"
	else
		item pass panic "oopses and lockups panic"
	fi
}

# test: crash this machine on purpose, so that collect can say after the reboot whether a dump came of it.

test_command() {
	common_start
	test_name=
	test_trigger=sysrq
	test_cpu=
	test_yes=0
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || _test_option "$@"
		shift "$shifted"
	done
	common_end
	_test_trigger_file
	_test_against
	_test_warnings
	[ "$test_yes" = 1 ] || _test_countdown
	_test_pending
	_test_crash
}

_test_option() {
	case $1 in
	--trigger | --cpu | --crash-this-machine) [ $# -ge 2 ] || die $EX_USAGE "$1 needs a value" ;;
	esac
	shifted=1
	case $1 in
	--crash-this-machine=*) test_name=${1#*=} ;;
	--trigger=*) test_trigger=${1#*=} ;;
	--cpu=*) test_cpu=${1#*=} ;;
	--yes) test_yes=1 ;;
	--crash-this-machine) test_name=$2 && shifted=2 ;;
	--trigger) test_trigger=$2 && shifted=2 ;;
	--cpu) test_cpu=$2 && shifted=2 ;;
	*) die $EX_USAGE "test: \"$1\" is not known: test --crash-this-machine=HOSTNAME [--trigger sysrq|lkdtm:TYPE] [--cpu N] [--yes]" ;;
	esac
}

# Both are below $root: no test of this program crashes the machine that it runs on.
_test_trigger_file() {
	case $test_trigger in
	sysrq)
		test_file=$root/proc/sysrq-trigger
		test_word=c
		test_wait=5
		;;
	lkdtm:?*)
		test_file=$root/sys/kernel/debug/provoke-crash/DIRECT
		test_word=${test_trigger#lkdtm:}
		test_wait=180 # a lockup or a hung task is noticed only after a while
		;;
	*) die $EX_USAGE "test: --trigger $test_trigger: is neither sysrq nor lkdtm:TYPE; an NMI comes from outside (the hypervisor, ipmitool)" ;;
	esac
	case $test_word$test_cpu in
	*[!A-Z0-9_c]*) die $EX_USAGE "test: --trigger and --cpu take names such as lkdtm:PANIC, and numbers" ;;
	esac
}

# _test_against: everything that speaks against it, at once; there is no way around it.
_test_against() {
	test_against=
	test_code=
	test_host=$(fact_hostname)
	[ "$test_name" = "$test_host" ] || _against $EX_USAGE "--crash-this-machine=$test_name: this machine is \"$test_host\""
	[ "$(id -u)" = 0 ] || _against $EX_FAILED "only root can crash a machine"
	[ -e "$test_file" ] || _against $EX_UNSUPPORTED "${test_file#"$root"} is not there: this kernel has no such trigger"
	[ "$(fact_crash_loaded)" = 1 ] || _against $EX_FAILED "no capture kernel is loaded: kdump-capture load"
	test_nonce=$(state_fact "$root$RUN/loaded" nonce)
	[ -n "$test_nonce" ] || _against $EX_FAILED "what is loaded is not from this program, so its dump could not be told from another: kdump-capture load"
	[ ! -e "$root$STATE/pending" ] || _against $EX_PENDING "an earlier test has no result yet: kdump-capture collect"
	check_machine
	[ "$check_failures" = 0 ] || _against "$check_code" "kdump-capture check fails: $check_first"
	member against "[$(_json_lines "$test_against")]"
	[ -n "$test_against" ] || return 0
	say "Not done, for:"
	printf '%s\n' "$test_against" | while IFS= read -r line; do say "  - $line"; done
	finish "$test_code" "not done: $(printf '%s' "$test_against" | head -n 1)"
}

_against() {
	test_code=${test_code:-$1}
	test_against="$test_against${test_against:+$NL}$2"
}

_json_lines() {
	json_comma=
	printf '%s\n' "$1" | while IFS= read -r line; do
		[ -z "$line" ] || printf '%s%s' "$json_comma" "$(json_string "$line")"
		json_comma=,
	done
}

# What somebody would wish to have known.
_test_warnings() {
	test_warned=
	test_users=$(for test_session in "$root"/run/systemd/sessions/[0-9]*; do sed -n 's/^USER=//p' "$test_session" 2>/dev/null; done | sort -u | tr '\n' ' ')
	[ -n "$test_users$root" ] || test_users=$(who 2>/dev/null | awk '{ print $1 }' | sort -u | tr '\n' ' ')
	[ -z "$test_users" ] || _test_warn "logged in: $test_users"
	! grep -qs 'recovery\|resync\|reshape\|check *=' "$root/proc/mdstat" || _test_warn "a RAID is being rebuilt or checked (/proc/mdstat)"
	test_programs=$(cat "$root"/proc/[0-9]*/comm 2>/dev/null | sort -u | grep -x \
		'corosync\|pacemakerd\|ceph-osd\|glusterd\|etcd\|qemu-system-.*\|qemu-kvm\|VBoxHeadless\|firecracker\|cloud-hyperviso\|postgres\|mysqld\|mariadbd' | tr '\n' ' ')
	[ -z "$test_programs" ] || _test_warn "running, and gone with the crash (cluster members, virtual machines, data bases): $test_programs"
	[ ! -e "$root/proc/drbd" ] || _test_warn "DRBD is active"
	member warnings "[$(_json_lines "$test_warned")]"
}

_test_warn() {
	warn "$1"
	test_warned="$test_warned${test_warned:+$NL}$1"
}

_test_countdown() {
	say "$test_host crashes in 10 seconds, by $test_trigger${test_cpu:+ on CPU $test_cpu}. Ctrl-C stops it; nothing has been done yet."
	trap 'say "stopped, nothing was done"; finish $EX_FAILED "stopped, nothing was done"' INT TERM
	test_left=10
	while [ "$test_left" -gt 0 ]; do
		say "$test_left"
		sleep 1
		test_left=$((test_left - 1))
	done
	trap - INT TERM
}

# What collect must know after the reboot, on disk before the crash.
_test_pending() {
	mkdir -p "$root$STATE"
	printf 'nonce = %s\nboot_id = %s\ntime = %s\ntrigger = %s\n' "$test_nonce" \
		"$(first_line "$root/proc/sys/kernel/random/boot_id")" "$(date +%s)" "$test_trigger${test_cpu:+, CPU $test_cpu}" >"$root$STATE/pending" ||
		die $EX_SPACE "$STATE/pending cannot be written"
	sync "$root$STATE/pending" 2>/dev/null || :
	sync
}

_test_crash() {
	if [ -n "$test_cpu" ] && ! taskset -pc "$test_cpu" $$ >/dev/null 2>&1; then
		rm -f "$root$STATE/pending"
		die $EX_FAILED "test: CPU $test_cpu cannot be taken (taskset); nothing was done"
	fi
	echo "kdump-capture: nonce $test_nonce" >>"$root/dev/kmsg"
	say "crashing now; after the reboot: kdump-capture collect"
	echo "$test_word" >"$test_file"
	# Whoever reads on has survived it.
	sleep $test_wait
	rm -f "$root$STATE/pending"
	die $EX_FAILED "the machine still runs $test_wait s after $test_trigger: the trigger does not lead to a panic here"
}

# Crash this machine on purpose, and leave word for `collect`.

test_command() {
	common_start
	test_host=
	test_trigger=sysrq
	test_cpu=
	test_wait=10
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || _test_option "$@"
		shift "$shifted"
	done
	common_end
	test_real=$(first_line "$root/proc/sys/kernel/hostname")
	[ -n "$test_host" ] || die $EX_USAGE "this crashes the machine at once: say so with --crash-this-machine=$test_real"
	[ "$test_host" = "$test_real" ] || die $EX_USAGE "this machine is $test_real, not $test_host: nothing was done"
	make_work
	run_checks
	[ "$check_failed" = 0 ] || die "$check_exit" "check fails, and a crash would be lost. First: $check_first"
	_test_bystanders
	_test_pending
	_test_countdown
	_test_crash
}

_test_option() {
	shifted=1
	case $1 in
	--crash-this-machine=*) test_host=${1#*=} ;;
	--trigger=sysrq | --trigger=lkdtm:[A-Z]*) test_trigger=${1#*=} ;;
	--cpu=[0-9]*) test_cpu=${1#*=} ;;
	--yes) test_wait=0 ;;
	*) die $EX_USAGE "test: $1 is not known: --crash-this-machine=HOSTNAME [--trigger=sysrq|lkdtm:TYPE] [--cpu=N] [--yes]" ;;
	esac
}

# Who and what else is on the machine; warned of, for only people know whether it matters.
_test_bystanders() {
	test_users=$(who 2>/dev/null | awk '{ print $1 }' | sort -u | tr '\n' ' ')
	[ -z "$test_users" ] || warn "logged in: $test_users"
	! grep -qs 'recovery\|resync\|reshape' "$root/proc/mdstat" || warn "a RAID is being rebuilt"
	[ ! -d "$root/sys/kernel/config/dlm" ] && [ ! -e "$root/run/corosync.pid" ] || warn "this machine is in a cluster, which may fence it"
	! ls "$root"/sys/kernel/debug/kvm/[0-9]* >/dev/null 2>&1 || warn "virtual machines are running here, and die with it"
}

_test_pending() {
	test_nonce=$(sed -n 's/^nonce = //p' "$root$RUN/loaded")
	mkdir -p "$root$STATE" && chmod 700 "$root$STATE"
	printf 'nonce = %s\nboot_id = %s\ntrigger = %s\n' "$test_nonce" \
		"$(first_line "$root/proc/sys/kernel/random/boot_id")" "$test_trigger" >"$root$STATE/pending" ||
		die $EX_SPACE "$root$STATE/pending cannot be written"
	sync
}

_test_countdown() {
	say "crashing $test_real by $test_trigger${test_wait:+ in $test_wait s; Ctrl-C stops it}"
	while [ "$test_wait" -gt 0 ]; do
		sleep 1
		test_wait=$((test_wait - 1))
	done
}

# The trigger is below $root, so that a trial in another root crashes nothing.
_test_crash() {
	echo "kdump-capture: nonce $test_nonce, crashing by $test_trigger" >"$root/dev/kmsg" 2>/dev/null || :
	sync
	[ -z "$test_cpu" ] || taskset -p -c "$test_cpu" $$ >/dev/null 2>&1 || die $EX_FAILED "cpu $test_cpu is not there"
	case $test_trigger in
	sysrq) echo c >"$root/proc/sysrq-trigger" ;;
	lkdtm:*)
		[ -w "$root/sys/kernel/debug/provoke-crash/DIRECT" ] || die $EX_UNSUPPORTED "the kernel has no lkdtm: modprobe lkdtm, or use --trigger=sysrq"
		echo "${test_trigger#*:}" >"$root/sys/kernel/debug/provoke-crash/DIRECT"
		;;
	esac
	sleep 5
	die $EX_FAILED "still here: the trigger did not crash the kernel"
}

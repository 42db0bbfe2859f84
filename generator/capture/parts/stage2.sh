# Stage 2: what runs in the capture kernel. Save what can be saved, never call complete what is not, and reboot.

stage2_real=0 # 1: this is the capture kernel, and the machine is ours to reboot
work=         # scratch space in memory
since=        # when stage 2 began, in seconds

stage2_command() {
	common_start
	stage2_folder=
	while [ $# -gt 0 ]; do
		common_option "$@"
		if [ "$shifted" = 0 ]; then
			case $1 in
			--vmcore=*) vmcore=${1#*=} ;;
			--folder=*) stage2_folder=${1#*=} ;;
			*) die $EX_USAGE "stage2: $1 is not known; it is not for calling by hand" ;;
			esac
			shifted=1
		fi
		shift "$shifted"
	done
	config_path=${config_path:-$root$INSIDE/stage2.conf}
	if _in_capture_kernel; then
		stage2_real=1
	elif [ ! -r "$vmcore" ]; then
		die $EX_UNSUPPORTED "$vmcore is not there: this is no capture kernel"
	fi
	common_end
	stage2_run
}

# Only a capture image carries a manifest in this place, and only the capture kernel has the file or, when it could not
# make it, was started with our words: never the host.
_in_capture_kernel() {
	[ -z "$root" ] && [ "$vmcore" = /proc/vmcore ] && [ -e "$INSIDE/manifest" ] || return
	[ -e /proc/vmcore ] || grep -q 'kdump_capture[.]nonce=' /proc/cmdline
}

stage2_run() {
	since=$(now)
	started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	work=$(mktemp -d /tmp/kdump-capture.XXXXXX) || work=/tmp
	log_file=$work/capture.log
	log "stage2 start, version $VERSION, $(uname -r)"
	if [ "$stage2_real" = 1 ] && [ ! -e "$vmcore" ]; then
		log "failed: there is no /proc/vmcore, so this is no kernel after a crash (exit $EX_UNSUPPORTED)"
		sleep 10
		stage2_end $EX_UNSUPPORTED
	fi
	read_boot_words
	_watch_memory >/dev/null 2>&1 &
	watcher=$!
	_deadline &
	deadline=$!
	_feed_watchdog
	trap _interrupted TERM INT
	[ "$stage2_real" = 0 ] || [ -z "$conf_network" ] || start_network
	step_add "capture boot" pass "$(awk '{ print int($1) }' /proc/uptime)" ''
	stage2_targets
}

# _interrupted: by the deadline, most of all. What there is stays, marked as what it is.
_interrupted() {
	trap '' TERM INT
	end_rung
	best_exit=$EX_FAILED
	best_problem="the deadline of $conf_timeout s is over, or somebody ended it"
	case $target_kind in
	dir | raw) [ -z "$target_name" ] || _incomplete ;;
	esac
	log "failed: $best_problem (exit $best_exit)"
	stage2_end "$best_exit"
}

# stage2_targets: the targets in their order, until one holds a dump; never one that is not listed.
stage2_targets() {
	best_exit=$EX_TARGET
	best_problem="no target is configured"
	name=$(date -u +%Y-%m-%dT%H-%M-%SZ)-$(printf '%.8s' "${nonce:-00000000}")
	if [ -n "$stage2_folder" ]; then
		target_opened "$stage2_folder"
		stage2_save
		target_close
	else
		_each_target
	fi
	log "failed: $best_problem (exit $best_exit)"
	stage2_end "$best_exit"
}

_each_target() {
	printf '%s\n' "$conf_targets" >"$work/targets"
	while IFS= read -r stage2_line <&4; do
		[ -n "$stage2_line" ] || continue
		target_since=$(now)
		if target_open "$stage2_line"; then
			log "target $stage2_line up"
			step_add target pass $(($(now) - target_since)) ''
			stage2_save
			target_close
		else
			log "target $stage2_line not reached: $problem"
			step_add target fail $(($(now) - target_since)) ''
			_remember "$target_exit" "$problem"
		fi
	done 4<"$work/targets"
}

# The first problem is what is reported in the end, but one with a dump that was begun says more.
_remember() {
	if [ "$best_problem" = "no target is configured" ] || [ "$1" != $EX_TARGET ]; then
		best_exit=$1
		best_problem=$2
	fi
}

# stage2_save: one dump on the open target. Ends the machine's stay here when it is complete; otherwise returns.
stage2_save() {
	stage2_free=$(target_free)
	if [ -n "$stage2_free" ] && [ "$stage2_free" -lt "$conf_min_free_mb" ]; then
		log "target full: $stage2_free MB are free, $conf_min_free_mb are kept free"
		step_add save fail 0 "$(measure "free on the target" "$stage2_free" MB)"
		_remember $EX_SPACE "the target is full: $stage2_free MB are free"
		return
	fi
	target_begin "$name" || {
		_remember $EX_TARGET "$name.part cannot be made on the target: $(target_said)"
		return
	}
	_save_log
	step_since=$(now)
	_save_core || {
		_core_failed
		return
	}
	_complete || {
		_remember $EX_DAMAGED "the dump could not be finished: $(target_said)"
		_incomplete
	}
}

_save_log() {
	step_since=$(now)
	dmesg_bytes=0
	dmesg_sha256=
	if save_dmesg; then
		log "dmesg saved $dmesg_bytes"
		step_add dmesg pass $(($(now) - step_since)) "$(measure "log size" "$dmesg_bytes" bytes)"
	else
		log "dmesg not saved: $problem"
		step_add dmesg fail $(($(now) - step_since)) ''
	fi
}

_save_core() {
	if [ "$conf_collector" = dmesg ]; then
		[ -n "$dmesg_sha256" ] # it is all that was wanted; $problem says why it is not there
		return
	fi
	save_core || return
	step_add save pass $(($(now) - step_since)) "$(measure "dump size" "$core_bytes" bytes)" "$rung_lines"
}

_core_failed() {
	step_add save fail $(($(now) - step_since)) '' "$rung_lines"
	stage2_code=$EX_DAMAGED
	[ "$core_full" = 0 ] || stage2_code=$EX_SPACE
	_remember "$stage2_code" "$problem"
	_incomplete
}

# _complete: manifest, report and hashes, each synced, then the name.
_complete() {
	state=complete
	[ "$conf_collector" != dmesg ] || state=dmesg-only
	stage2_seconds=$(($(now) - since))
	step_add finish pass 0 "$(measure "seconds from capture start" "$stage2_seconds" s)"
	_small_files || return
	target_finish || return
	log "complete $name ${core_bytes:-0} bytes $stage2_seconds s"
	prune_dumps
	stage2_end $EX_OK
}

_small_files() {
	write_manifest "$state" >"$work/manifest.json"
	write_report >"$work/report.json"
	target_put capture.log <"$log_file" || return
	log_sha256=$put_sha256
	target_put report.json <"$work/report.json" || return
	report_sha256=$put_sha256
	{
		[ -z "${core_sha256:-}" ] || printf '%s  %s\n' "$core_sha256" "$core_file"
		[ -z "$dmesg_sha256" ] || printf '%s  dmesg.txt\n' "$dmesg_sha256"
		printf '%s  capture.log\n%s  report.json\n' "$log_sha256" "$report_sha256"
	} >"$work/SHA256SUMS"
	target_put SHA256SUMS <"$work/SHA256SUMS" || return
	target_put manifest.json <"$work/manifest.json"
}

# What there is stays, and says of itself that it is not complete.
_incomplete() {
	log "incomplete $name"
	state=incomplete
	_small_files || log "and its manifest cannot be written: $(target_said)"
	sync
}

# stage2_end CODE: the last thing. On the host it only ends.
stage2_end() {
	trap '' TERM INT
	kill "${watcher:-}" "${deadline:-}" "${feeder:-}" 2>/dev/null
	target_close
	if [ "$stage2_real" = 0 ]; then
		text dump "${name:-}"
		[ "$work" = /tmp ] || rm -rf "$work"
		log_file=
		finish "$1" "${best_problem:-}"
	fi
	stage2_action=$conf_final_action
	[ "$1" = $EX_OK ] || stage2_action=$conf_failure_action
	log "done, exit $1, $stage2_action"
	case $stage2_action in
	shell)
		log "a shell, on this console; reboot -f ends it"
		setsid sh -c 'exec sh </dev/console >/dev/console 2>&1'
		stage2_action=reboot
		;;
	esac
	sync
	"$stage2_action" -f
	sleep 10
	last_resort
}

# last_resort: sync, read-only, boot, by the kernel itself; nothing of user space is needed.
last_resort() {
	for key_sysrq in s u b; do
		echo $key_sysrq >/proc/sysrq-trigger
		sleep 1
	done
}

# The deadline holds whatever hangs: a dump that takes for ever is a machine that stays away. First it lets stage 2 put
# things in order; if that hangs too, the kernel reboots by itself.
_deadline() {
	trap 'kill "$sleeper"; exit' TERM
	sleep "$conf_timeout" >/dev/null 2>&1 &
	sleeper=$!
	wait "$sleeper"
	kill -TERM $$
	[ "$stage2_real" = 1 ] || return
	sleep 30
	last_resort
}

# An active watchdog would reboot in the middle of the dump. One that is not active is left alone: opening starts it.
_feed_watchdog() {
	feeder=
	[ "$stage2_real" = 1 ] || return 0
	case $(first_line /sys/class/watchdog/watchdog0/state) in
	active)
		while :; do
			printf .
			sleep 5
		done >/dev/watchdog &
		feeder=$!
		;;
	esac
}

# The smallest MemAvailable there was: what the reservation really has to give.
_watch_memory() {
	memory_least=
	while :; do
		while read -r memory_name memory_kb _; do
			[ "$memory_name" = MemAvailable: ] || continue
			if [ -z "$memory_least" ] || [ "$memory_kb" -lt "$memory_least" ]; then
				memory_least=$memory_kb
				echo "$memory_least" >"$work/memory"
			fi
			break
		done </proc/meminfo
		sleep 1
	done
}

# log WORDS: to the console, to capture.log and, for netconsole and pstore, to the kernel's log.
log() {
	say "kdump-capture: $*"
	[ "$stage2_real" = 0 ] || printf 'kdump-capture: %.200s\n' "$*" >/dev/kmsg 2>/dev/null || :
}

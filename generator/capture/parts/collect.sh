# After the reboot: find what the capture kernel left, verify it, and finish its report.

collect_command() {
	common_start
	collect_folder=
	while [ $# -gt 0 ]; do
		common_option "$@"
		if [ "$shifted" = 0 ]; then
			case $1 in
			--folder=*) collect_folder=${1#*=} && shifted=1 ;;
			*) die $EX_USAGE "collect: $1 is not known" ;;
			esac
		fi
		shift "$shifted"
	done
	common_end
	make_work
	collect_nonce=$(sed -n 's/^nonce = //p' "$root$STATE/pending" 2>/dev/null)
	collect_found=
	collect_json=
	collect_damaged=0
	_collect_all
	member dumps "[$collect_json]"
	_collect_end
}

_collect_end() {
	if [ -n "$collect_nonce" ] && [ -z "$collect_found" ]; then
		[ "$(sed -n 's/^boot_id = //p' "$root$STATE/pending")" != "$(first_line "$root/proc/sys/kernel/random/boot_id")" ] ||
			die $EX_PENDING "the machine has not crashed since the test was asked for"
		die $EX_PENDING "no dump with the nonce $collect_nonce was found; what the capture kernel said is on the console, and dumps on other hosts are looked at there: kdump-capture verify"
	fi
	[ -n "$collect_json" ] || finish $EX_OK "nothing new"
	[ "$collect_damaged" = 0 ] || finish $EX_DAMAGED "a dump is incomplete or changed"
	[ -z "$collect_found" ] || rm -f "$root$STATE/pending"
	_collect_notify
	finish $EX_OK "collected"
}

# Every folder that local targets name, where they are mounted now; a raw partition is copied out first.
_collect_all() {
	if [ -n "$collect_folder" ]; then
		_collect_folder "$collect_folder"
		return
	fi
	printf '%s\n' "$conf_targets" >"$work/targets"
	while IFS= read -r collect_target <&4; do
		set -f
		# shellcheck disable=SC2086
		set -- $collect_target
		set +f
		case ${1:-} in
		ext4 | xfs | btrfs | auto) _collect_mounted "$2" "${3:-/}" ;;
		raw) _collect_raw "$2" ;;
		esac
	done 4<"$work/targets"
}

_collect_mounted() {
	case $1 in
	/dev/*) collect_device=$1 ;;
	*) collect_device=$(findfs "$1" 2>/dev/null) || collect_device= ;;
	esac
	collect_device=$(readlink -f "${collect_device:-/nowhere}")
	collect_mount=$(awk -v device="$collect_device" '$1 == device { print $2; exit }' "$root/proc/mounts")
	if [ -z "$collect_mount" ]; then
		warn "$1 is not mounted: mount it, and collect again"
		return
	fi
	_collect_folder "$root${collect_mount%/}$2"
}

_collect_folder() {
	for collect_dump in "$1"/[0-9][0-9][0-9][0-9]-*T*Z-*; do
		[ -d "$collect_dump" ] && [ ! -L "$collect_dump" ] || continue
		collect_name=${collect_dump##*/}
		grep -qxF -e "$collect_name" "$root$STATE/collected" 2>/dev/null || _collect_one
	done
}

_collect_one() {
	verify_dump "$collect_dump"
	collect_verdict=pass
	[ -z "$verify_json" ] || collect_verdict=fail
	[ "$collect_verdict" = pass ] || collect_damaged=1
	collect_is_test=0
	if [ -n "$collect_nonce" ] && grep -qs "\"nonce\":\"$collect_nonce\"" "$collect_dump/manifest.json"; then
		collect_is_test=1
		collect_found=$collect_dump
	fi
	collect_json="$collect_json${collect_json:+,}{\"path\":$(json_string "$collect_dump"),\"verdict\":\"$collect_verdict\",\"test\":$collect_is_test,\"findings\":[$verify_json]}"
	say "$collect_dump: $([ "$collect_verdict" = pass ] && echo "complete, $core_kind" || echo "NOT COMPLETE")"
	_finish_report
	mkdir -p "$root$STATE"
	printf '%s\n' "$collect_name" >>"$root$STATE/collected"
}

# The report, with what only the first kernel can say: that the machine came back, and what the dump is worth.
_finish_report() {
	[ -s "$collect_dump/report.json" ] || return 0
	steps=
	[ "$collect_is_test" = 0 ] || step_add trigger 'done' 0 '' "$(sed -n 's/^trigger = //p' "$root$STATE/pending")"
	step_add return pass 0 ''
	if [ "$collect_verdict" = pass ]; then
		step_add check pass 0 ''
	else
		step_add check fail 0 '' "$(printf '%.2000s' "$verify_json")"
	fi
	mkdir -p "$root$STATE/reports"
	# Our own writer ends every report in exactly these characters.
	sed 's/\]}\]}$//' "$collect_dump/report.json" | tr -d '\n' >"$work/report"
	printf ',%s]}]}\n' "$steps" >>"$work/report"
	cp "$work/report" "$root$STATE/reports/$collect_name.json"
	cp "$collect_dump/manifest.json" "$root$STATE/reports/$collect_name.manifest.json"
	say "report: $root$STATE/reports/$collect_name.json (nothing is sent anywhere; kdump-portal report add takes it)"
}

# _collect_raw DEVICE: copy a complete dump out of a raw partition, next to the reports.
_collect_raw() {
	[ -b "$1" ] || [ -f "$1" ] || {
		warn "$1 is not there"
		return
	}
	dd if="$1" bs=4096 count=1 2>/dev/null | tr -d '\0' >"$work/raw"
	[ "$(raw_fact magic)" = "$RAW_MAGIC" ] || return 0
	case $(raw_fact state) in
	complete) ;;
	incomplete) warn "$1 holds a dump that was not finished: $(raw_fact name)" && return ;;
	*) return 0 ;;
	esac
	collect_name=$(raw_fact name)
	case $collect_name in
	*[!0-9A-Za-z-]* | '') return 0 ;;
	esac
	! grep -qxF -e "$collect_name" "$root$STATE/collected" 2>/dev/null || return 0
	collect_dump=$root/var/crash/$collect_name
	_copy_raw "$1" || die $EX_SPACE "$collect_dump cannot be written: $(df -P -k "$root/var" | awk 'NR == 2 { print int($4 / 1024) }') MB are free there"
	_collect_one
}

raw_fact() {
	sed -n "s/^$1 = //p" "$work/raw" | head -n 1
}

_copy_raw() {
	mkdir -p "$root/var/crash" && mkdir -m 700 "$collect_dump" || return
	_raw_part "$1" dmesg.txt $((RAW_DMESG * RAW_BLOCK)) "$(raw_fact dmesg_bytes)" || return
	_raw_part "$1" vmcore.flat $((RAW_CORE * RAW_BLOCK)) "$(raw_fact core_bytes)" || return
	raw_at=4096
	for raw_name in manifest.json report.json capture.log; do
		raw_bytes=$(raw_fact "${raw_name%.*}_bytes")
		_raw_part "$1" "$raw_name" "$raw_at" "$raw_bytes" || return
		raw_at=$((raw_at + raw_bytes))
	done
	(cd "$collect_dump" && sha256sum capture.log report.json >SHA256SUMS) || return
	printf '%s  dmesg.txt\n%s  vmcore.flat\n' "$(raw_fact dmesg_sha256)" "$(raw_fact core_sha256)" >>"$collect_dump/SHA256SUMS"
}

# _raw_part DEVICE NAME OFFSET BYTES
_raw_part() {
	dd if="$1" bs=4096 skip=$(($3 / 4096)) count=$((($3 % 4096 + $4 + 4095) / 4096)) 2>/dev/null |
		tail -c +$(($3 % 4096 + 1)) | head -c "$4" >"$collect_dump/$2" && [ "$(wc -c <"$collect_dump/$2" | tr -d ' ')" = "$4" ]
}

_collect_notify() {
	[ -n "$conf_notify_cmd" ] || return 0
	case $(ls -ldnL "$root$conf_notify_cmd" 2>/dev/null | awk '{ print $1, $3 }') in
	?rwx?-??-?*' 0') "$root$conf_notify_cmd" "$collect_dump" || warn "notify_cmd ended with $?" ;;
	*) warn "$conf_notify_cmd is not run: it must be root's, and nobody else may write it" ;;
	esac
}

# collect: after the reboot. Find what stage 2 left, verify it, bring it in, finish its report, tell whoever is to know.

collect_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "collect: \"$1\" is not known: collect takes --target, --json, --config, --root"
		shift "$shifted"
	done
	common_end
	[ "$(id -u)" = 0 ] || die $EX_FAILED "collect: only root reads dumps"
	make_work
	collect_json=
	collect_found=0
	collect_bad=0
	collect_mine=0
	collect_away=
	mkdir -p "$root$STATE/reports" || die $EX_SPACE "$STATE/reports cannot be made"
	_collect_pending
	printf '%s\n' "$conf_targets" >"$work/collect-targets"
	while IFS= read -r collect_line <&6; do
		[ -z "$collect_line" ] || _collect_target "$collect_line"
	done 6<"$work/collect-targets"
	member dumps "[$collect_json]"
	_collect_conclude
}

# What test noted, if it did; the machine must have come back since.
_collect_pending() {
	pending_nonce=$(state_fact "$root$STATE/pending" nonce)
	pending_time=$(state_fact "$root$STATE/pending" time)
	pending_trigger=$(state_fact "$root$STATE/pending" trigger)
	text pending "$pending_nonce"
	if [ -n "$pending_nonce" ] && [ "$(state_fact "$root$STATE/pending" boot_id)" = "$(first_line "$root/proc/sys/kernel/random/boot_id")" ]; then
		die $EX_PENDING "a test is pending, and this is still the boot in which it was started"
	fi
}

_collect_target() {
	set -f
	# shellcheck disable=SC2086
	set -- $1
	set +f
	case $1 in
	ext4 | xfs | btrfs | auto | nfs) _collect_mounted "$@" ;;
	raw) _collect_raw "$2" ;;
	*) collect_away="$collect_away${collect_away:+, }$1 ${2:-}" ;;
	esac
}

# _collect_mounted KIND SPEC [FOLDER]: where it is mounted; a device that is not is mounted read-only for the while.
_collect_mounted() {
	collect_mount=$(_mount_point "$1" "$2")
	if [ -n "$collect_mount" ]; then
		_collect_folder "$root${collect_mount%/}/$(printf '%s' "${3:-/}" | sed 's,^/*,,')"
		return
	fi
	if [ -n "$root" ] || [ "$1" = nfs ]; then
		collect_away="$collect_away${collect_away:+, }$1 $2 (not mounted)"
		return
	fi
	collect_mount=$RUN/collect
	mkdir -p "$collect_mount"
	collect_source=$(findfs "$2" 2>/dev/null) || collect_source=$2
	if mount -o ro,nosuid,nodev,noexec "$collect_source" "$collect_mount" 2>"$work/mount-said"; then
		_collect_folder "$collect_mount/$(printf '%s' "${3:-/}" | sed 's,^/*,,')"
		umount "$collect_mount"
	else
		warn "$2 cannot be mounted: $(cat "$work/mount-said")"
		collect_away="$collect_away${collect_away:+, }$1 $2"
	fi
}

# _mount_point KIND SPEC: where a device or an export is mounted, "" when it is not.
_mount_point() {
	case $2 in
	UUID=*) point_device=$root/dev/disk/by-uuid/${2#UUID=} ;;
	LABEL=*) point_device=$root/dev/disk/by-label/${2#LABEL=} ;;
	*) point_device=$root$2 ;;
	esac
	point_device=$(readlink -f "$point_device" 2>/dev/null)
	fact_mounts | while read -r point_source point_where _; do
		if [ "$point_source" = "$2" ] || { [ -n "$point_device" ] && [ "$(readlink -f "$root$point_source" 2>/dev/null)" = "$point_device" ]; }; then
			printf '%s\n' "$point_where"
			break
		fi
	done
}

# _collect_folder FOLDER: every dump of ours there that has no report here yet; with a test pending, its own counts.
_collect_folder() {
	for collect_dump in "$1"/[0-9][0-9][0-9][0-9]-*T*Z-*; do
		collect_name=${collect_dump##*/}
		case ${collect_name%.part} in
		*[!0-9A-Za-z-]*) continue ;;
		esac
		{ [ -d "$collect_dump" ] && [ ! -L "$collect_dump" ]; } || continue
		[ ! -e "$root$STATE/reports/${collect_name%.part}.json" ] || continue
		_collect_dump "$collect_dump" "${collect_name%.part}"
	done
}

# _collect_dump FOLDER NAME
_collect_dump() {
	collect_found=$((collect_found + 1))
	collect_nonce=$(grep -o '"nonce":"[0-9a-f]*"' "$1/manifest.json" 2>/dev/null | cut -d '"' -f 4)
	if [ -n "$pending_nonce" ] && { [ "$collect_nonce" = "$pending_nonce" ] || [ "${2##*-}" = "$(printf '%.8s' "$pending_nonce")" ]; }; then
		collect_mine=$((collect_mine + 1))
	fi
	say "$1"
	verify_dump "$1" # says its findings
	collect_verdict=pass
	if [ -n "$verify_json" ]; then
		collect_verdict=fail
		collect_bad=$((collect_bad + 1))
	else
		say "  complete: ${core_kind}${core_release:+, $core_release}"
	fi
	_finish_report "$1" "$2"
	collect_json="$collect_json${collect_json:+,}{\"folder\":$(json_string "$1"),\"nonce\":\"$collect_nonce\",\"complete\":$([ $collect_verdict = pass ] && echo true || echo false),\"findings\":[$verify_json],\"report\":$(json_string "$collect_report")}"
	_collect_notify "$1"
}

# _finish_report FOLDER NAME: stage 2's report, with what only the machine that came back knows. Its last characters are
# those that write_report ends with; a report that ends otherwise is kept as it is.
_finish_report() {
	collect_report=$root$STATE/reports/$2.json
	steps=
	if [ "$collect_nonce" = "$pending_nonce" ] && [ -n "$pending_time" ]; then
		return_boot=$(awk '$1 == "btime" { print $2 }' "$root/proc/stat" 2>/dev/null)
		return_seconds=$((${return_boot:-0} - pending_time))
		[ "$return_seconds" -ge 0 ] || return_seconds=0
		step_add return pass "$return_seconds" ''
	fi
	step_add check "$collect_verdict" 0 ''
	collect_dimension=
	[ "$collect_nonce" != "$pending_nonce" ] || [ -z "$pending_trigger" ] || collect_dimension="\"trigger\":$(json_string "$pending_trigger"),"
	if [ -r "$1/report.json" ]; then
		head -c 1048576 "$1/report.json"
	else # it is lost: what is known is that there is a dump
		printf '{"schema":"kdump-report/1","origin":"%s","tool":"kdump-capture","tool_version":"%s","environment":{"architecture":%s},' \
			"$conf_origin" "$VERSION" "$(json_string "$(fact_arch)")"
		printf '"runs":[{"scenario":{"path":"kdump.capture","dimensions":{}},"steps":[]}]}\n'
	fi | collect_steps=$steps collect_facts=$(_report_facts) collect_dimension=$collect_dimension awk '
		function after(text, mark, more,  at) {
			at = index(text, mark)
			return at && more != "" ? substr(text, 1, at + length(mark) - 1) more substr(text, at + length(mark)) : text
		}
		{
			dimension = ENVIRON["collect_dimension"] # not by -v, which would take backslashes away
			if (index($0, "\"dimensions\":{}")) sub(/,$/, "", dimension)
			$0 = after($0, "\"environment\":{", ENVIRON["collect_facts"])
			$0 = after($0, "\"dimensions\":{", dimension)
			if (sub(/,?\]\}\]\}$/, "")) $0 = $0 ($0 ~ /\[$/ ? "" : ",") ENVIRON["collect_steps"] "]}]}"
			print
		}' >"$work/report" && cp "$work/report" "$collect_report" && sync "$collect_report" 2>/dev/null
	say "  report: $collect_report"
}

# What a report may say of a machine: never its name, its addresses or its serial numbers.
_report_facts() {
	report_cpus=$(fact_cpus)
	[ -z "$report_cpus" ] || printf '"processors":%s,' "$report_cpus"
	report_firmware=bios
	[ ! -d "$root/sys/firmware/efi" ] || report_firmware=uefi
	case $(fact_arch) in
	x86_64 | i?86 | aarch64) printf '"firmware":"%s",' $report_firmware ;;
	esac
	report_boot=$(fact_secure_boot)
	[ -z "$report_boot" ] || printf '"secure_boot":"%s",' "$report_boot"
	report_machine=$(fact_virtual)
	[ -z "$report_machine" ] || printf '"machine":%s,' "$(json_string "$report_machine")"
	report_asked=$(fact_parameter crashkernel)
	case $report_asked in
	'' | *[!!-~]*) ;;
	*) printf '"command_line":[%s],' "$(json_string "crashkernel=$report_asked")" ;;
	esac
}

# A raw partition holds one dump; it is copied to a folder like any other, and the mark stays, emptied, for the next.
_collect_raw() {
	raw_device=$root$1
	dd if="$raw_device" bs=4096 count=1 2>/dev/null | tr -d '\0' >"$work/raw-found"
	[ "$(state_fact "$work/raw-found" magic)" = "$RAW_MAGIC" ] || {
		warn "$1 does not carry our mark"
		return
	}
	raw_state=$(state_fact "$work/raw-found" state)
	raw_name=$(state_fact "$work/raw-found" name)
	case $raw_state:$raw_name in
	complete:[0-9]*Z-* | incomplete:[0-9]*Z-*) ;;
	*) return 0 ;; # nothing was written to it yet
	esac
	case $raw_name in
	*[!0-9A-Za-z-]*) return 0 ;;
	esac
	raw_folder=$root$STATE/dumps/$raw_name
	[ ! -e "$root$STATE/reports/$raw_name.json" ] || return 0
	mkdir -p "$raw_folder.part" || die $EX_SPACE "$raw_folder.part cannot be made"
	_raw_copy || die $EX_SPACE "$1 cannot be copied to $raw_folder.part; it stays where it is"
	if [ "$raw_state" = complete ]; then
		mv "$raw_folder.part" "$raw_folder"
	else
		raw_folder=$raw_folder.part
	fi
	sync
	_collect_dump "$raw_folder" "$raw_name"
}

_raw_copy() {
	raw_seek=4096
	for raw_small in manifest report capture; do
		raw_length=$(state_fact "$work/raw-found" ${raw_small}_bytes)
		case $raw_small in
		capture) raw_file=$raw_folder.part/capture.log ;;
		*) raw_file=$raw_folder.part/$raw_small.json ;;
		esac
		[ -z "$raw_length" ] || _raw_bytes "$raw_seek" "$raw_length" "$raw_file" || return
		raw_seek=$((raw_seek + ${raw_length:-0}))
	done
	_raw_bytes $((RAW_DMESG * RAW_BLOCK)) "$(state_fact "$work/raw-found" dmesg_bytes)" "$raw_folder.part/dmesg.txt" || return
	raw_core=vmcore.flat
	[ "$(state_fact "$work/raw-found" core_file)" != vmcore.elf ] || raw_core=vmcore.elf
	_raw_bytes $((RAW_CORE * RAW_BLOCK)) "$(state_fact "$work/raw-found" core_bytes)" "$raw_folder.part/$raw_core" || return
	for raw_part in core:$raw_core dmesg:dmesg.txt; do
		raw_sum=$(state_fact "$work/raw-found" "${raw_part%%:*}_sha256")
		[ ${#raw_sum} != 64 ] || printf '%s  %s\n' "$raw_sum" "${raw_part#*:}"
	done >"$raw_folder.part/SHA256SUMS"
}

# _raw_bytes OFFSET BYTES FILE: nothing when there are none.
_raw_bytes() {
	case $2 in
	'' | 0 | *[!0-9]*) return 0 ;;
	esac
	{
		{
			dd if="$raw_device" bs=4096 skip=$(($1 / 4096)) 2>/dev/null | tail -c +$(($1 % 4096 + 1)) | head -c "$2"
		} | dd of="$3" bs=1M conv=fsync 2>/dev/null
	}
	[ "$(wc -c <"$3" | tr -d ' ')" = "$2" ]
}

# notify_cmd FOLDER REPORT pass|fail: a file that only root can change, called with nothing of ours but these words.
_collect_notify() {
	[ -n "$conf_notify_cmd" ] || return 0
	case $(ls -ldnL "$root$conf_notify_cmd" 2>/dev/null | awk '{ print $1, $3 }') in
	?????-??-?*' 0') ;;
	*)
		warn "notify_cmd: $conf_notify_cmd is not there, or not root's alone (chown root, chmod go-w): not run"
		return
		;;
	esac
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$root$conf_notify_cmd" "$1" "$collect_report" "$collect_verdict" </dev/null >"$work/notify-said" 2>&1 ||
		warn "notify_cmd: $conf_notify_cmd ended with $?: $(tail -n 1 "$work/notify-said")"
}

_collect_conclude() {
	[ -z "$collect_away" ] || say "not looked at from here: $collect_away"
	if [ -n "$pending_nonce" ] && [ "$collect_mine" = 0 ]; then
		finish $EX_PENDING "no dump with nonce $pending_nonce has come${collect_away:+; it may be on: $collect_away}. If the capture kernel failed, its console says why; rm $STATE/pending ends the wait"
	fi
	[ -z "$pending_nonce" ] || rm -f "$root$STATE/pending"
	[ "$collect_bad" = 0 ] || finish $EX_DAMAGED "$collect_bad of $collect_found dump(s) are incomplete or damaged"
	say "$collect_found new dump(s)"
	finish $EX_OK "$collect_found new dump(s)"
}

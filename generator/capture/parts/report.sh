# The manifest of a dump (kdump-dump/1) and its report (kdump-report/1). Neither holds a host's name, an address or a
# line of the kernel's log.

steps=
started=
boot_load=
boot_reserved=
boot_memory=
boot_kernel=

# step_add NAME VERDICT SECONDS NUMBERS [EXCERPT]: NUMBERS is from measure, or empty.
step_add() {
	step_json="{\"name\":$(json_string "$1"),\"verdict\":\"$2\",\"duration_s\":$3"
	[ -z "$4" ] || step_json="$step_json,\"numbers\":[$4]"
	[ -z "${5:-}" ] || step_json="$step_json,\"excerpt\":$(json_string "$5")"
	steps="$steps${steps:+,}$step_json}"
}

# measure NAME VALUE UNIT: one number, nothing when the value is not known.
measure() {
	case $2 in
	'' | *[!0-9]*) ;;
	*) printf '{"name":"%s","value":%s,"unit":"%s"}' "$1" "$2" "$3" ;;
	esac
}

# What `load` told the capture kernel on its command line.
read_boot_words() {
	nonce=
	boot_load=
	boot_reserved=
	boot_memory=
	boot_kernel=
	set -f
	# shellcheck disable=SC2013
	for boot_word in $(cat "$root/proc/cmdline" 2>/dev/null); do
		boot_value=${boot_word#*=}
		case $boot_word in
		kdump_capture.nonce=*) nonce=$boot_value ;;
		kdump_capture.load=*) boot_load=$boot_value ;;
		kdump_capture.reserved=*) boot_reserved=$boot_value ;;
		kdump_capture.memory=*) boot_memory=$boot_value ;;
		kdump_capture.kernel=*) boot_kernel=$boot_value ;;
		esac
	done
	set +f
	case $nonce in
	*[!0-9a-f]*) nonce= ;;
	esac
}

# image_fact KEY: a line of the image's manifest.
image_fact() {
	[ ! -r "$root$INSIDE/manifest" ] || awk -v key="$1" '$1 == key && $2 == "=" { sub(/^[^=]*= */, ""); print; exit }' "$root$INSIDE/manifest"
}

write_manifest() {
	printf '{"schema":"kdump-dump/1","state":"%s","version":"%s","name":"%s","nonce":"%s",' "$1" "$VERSION" "$name" "$nonce"
	printf '"kernel":%s,"machine":%s,' "$(json_string "${core_release:-$boot_kernel}")" "$(json_string "${core_machine:-$(fact_arch)}")"
	printf '"target":"%s","rung":%s,"rungs":[%s],' "${target_line%% *}" "$(json_string "${core_rung:-}")" "$rungs"
	printf '"seconds":%d,"memory_kb":%d,"memory_least_kb":%d,"files":[' $(($(now) - since)) "$(_memory_total)" "$(_memory_least)"
	manifest_comma=
	[ -z "${core_sha256:-}" ] || {
		_manifest_file "$core_file" "$core_bytes" "$core_sha256"
		manifest_comma=,
	}
	[ -z "${dmesg_sha256:-}" ] || _manifest_file dmesg.txt "$dmesg_bytes" "$dmesg_sha256"
	printf ']}\n'
}

_manifest_file() {
	printf '%s{"name":"%s","bytes":%s,"sha256":"%s"}' "$manifest_comma" "$1" "$2" "$3"
}

_memory_total() {
	awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo
}

_memory_least() {
	cat "$work/memory" 2>/dev/null || echo 0
}

# write_report: what was done here, as kdump-report/1. `collect` adds what only the first kernel can know.
write_report() {
	report_kernel=${core_release:-${boot_kernel:-$(uname -r)}}
	printf '{"schema":"kdump-report/1","origin":"%s","tool":"kdump-capture","tool_version":"%s",' "$conf_origin" "$VERSION"
	printf '"started":"%s",' "${started:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}"
	printf '"subjects":[{"role":"first kernel","version":%s},' "$(json_string "$report_kernel")"
	printf '{"role":"capture kernel","version":%s},{"role":"kdump-capture","version":"%s"}' "$(json_string "$(uname -r)")" "$VERSION"
	report_version=$(makedumpfile -v 2>/dev/null | sed -n 's/^makedumpfile: version \([0-9.]*\).*/\1/p')
	[ -z "$report_version" ] || printf ',{"role":"makedumpfile","version":"%s"}' "$report_version"
	printf '],"environment":{"architecture":%s' "$(json_string "$(fact_arch)")"
	report_distribution=$(image_fact distribution)
	[ -z "$report_distribution" ] || printf ',"distribution":%s' "$(json_string "$report_distribution")"
	case $boot_memory in
	'' | *[!0-9]*) ;;
	*) printf ',"memory_mb":%s' "$boot_memory" ;;
	esac
	printf '},"runs":[{"scenario":{"path":"kdump.capture","dimensions":{%s}},' "$(_dimensions)"
	printf '"steps":[%s%s]}]}\n' "$(_earlier_steps)" "$steps"
}

_dimensions() {
	printf '"target":"%s","level":"%s","compress":"%s","collector":"%s"' "${target_line%%[: ]*}" "$conf_level" "$conf_compress" "$conf_collector"
	_dimension load "$boot_load"
	_dimension builder "$(image_fact builder)"
}

_dimension() {
	[ -z "$2" ] || printf ',"%s":%s' "$1" "$(json_string "$2")"
}

# What went before stage 2, and is proven by its being here: the reservation, with the memory of the capture kernel (what
# was reserved, what it saw of it, how little was left), and the load. What `load` did not tell is not claimed.
_earlier_steps() {
	earlier_least=$(_memory_least)
	earlier_numbers=$(measure "capture memory" $(($(_memory_total) / 1024)) MB)
	[ "$earlier_least" = 0 ] || earlier_numbers="$earlier_numbers,$(measure "minimum available memory" $((earlier_least / 1024)) MB)"
	earlier_verdict=skip
	case $boot_reserved in
	'' | *[!0-9]*) ;;
	*)
		earlier_verdict=pass
		earlier_numbers="$(measure reserved "$(megabytes "$boot_reserved")" MB),$earlier_numbers"
		;;
	esac
	printf '{"name":"reserve","verdict":"%s","numbers":[%s]},' "$earlier_verdict" "$earlier_numbers"
	[ -z "$boot_load" ] || printf '{"name":"load","verdict":"pass"},'
}

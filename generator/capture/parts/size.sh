# How much to reserve: the sum is shown, and what earlier dumps on this machine really needed goes before it.

size_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "size: $1 is not known"
		shift "$shifted"
	done
	common_end
	size_kver=$(uname -r)
	size_memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' "$root/proc/meminfo")
	size_json=
	size_sum=0
	say "An estimate for the capture kernel $size_kver, in MB:"
	_size_part "the kernel, its data and tables" "$(_kernel_mb)"
	_size_part "the image, packed and unpacked" "$(_image_mb)"
	_size_part "makedumpfile: its bitmaps and a megabyte a thread" $((size_memory / 16384 + $(_size_threads) + 24))
	_size_part "drivers, page tables, slack" 48
	size_advice=$(((size_sum + 63) / 64 * 64))
	number estimate_mb "$size_sum"
	member parts "[$size_json]"
	_size_measured
	number advice_mb "$size_advice"
	number reserved_bytes "$(fact_crash_size)"
	say "$(printf '%5d' "$size_sum")  in all"
	say "Advice: crashkernel=${size_advice}M$size_note"
	finish $EX_OK "crashkernel=${size_advice}M"
}

_size_part() {
	size_sum=$((size_sum + $2))
	size_json="$size_json${size_json:+,}{\"part\":$(json_string "$1"),\"mb\":$2}"
	say "$(printf '%5d' "$2")  $1"
}

# The compressed kernel grows to about eight times in memory, as measured on Debian 12's four architectures.
_kernel_mb() {
	size_file=$(kernel_file "$size_kver")
	if [ -n "$size_file" ]; then
		size_kb=$(du -Lk "$size_file" | awk '{ print $1 }')
		case $size_file in
		*vmlinuz*) echo $((size_kb * 8 / 1024)) ;;
		*) echo $((size_kb * 5 / 4 / 1024)) ;;
		esac
	else
		echo 72
	fi
}

_image_mb() {
	size_image=$root$STATE/capture-$size_kver.img
	if [ -r "$size_image" ]; then
		# Packed and unpacked are in memory at once; packed to unpacked is one to four.
		du -Lk "$size_image" | awk '{ print int($1 * 5 / 1024) + 1 }'
	else
		echo 24
	fi
}

_size_threads() {
	if [ "$conf_threads" = auto ]; then
		echo 1 # nr_cpus=1 in the capture kernel
	else
		echo "$conf_threads"
	fi
}

# What the capture kernel wrote down: of its memory, how much was in use at the worst moment.
_size_measured() {
	size_note=", by estimate: crash it once, and the report says what was needed"
	size_used=0
	for size_manifest in "$root"/var/crash/*/manifest.json "$root$STATE"/reports/*.manifest.json; do
		[ -r "$size_manifest" ] || continue
		size_one=$(sed -n 's/.*"memory_kb":\([0-9]*\),"memory_least_kb":\([0-9]*\).*/\1 \2/p' "$size_manifest" | awk '$2 > 0 { print int(($1 - $2) / 1024) }')
		[ "${size_one:-0}" -le "$size_used" ] || size_used=$size_one
	done
	[ "$size_used" -gt 0 ] || return 0
	size_reserved=$(fact_crash_size)
	number measured_used_mb "$size_used"
	say "Measured in the capture kernel here: $size_used MB in use at most, of $((${size_reserved:-0} / 1048576)) MB reserved."
	size_note=", by estimate; measured use was $size_used MB"
}

# The dump: the kernel's log first, for it is small and often enough; then the core, by the first rung that works.

vmcore=/proc/vmcore
rungs=      # every rung that was tried, as JSON
rung_lines= # and as lines, for the report: commands and statuses, nothing of the target
rung=0
core_full=0 # whether a rung left the target without the space that is to stay free

# save_dmesg: dmesg.txt on the target; $dmesg_bytes and $dmesg_sha256. False, with $problem, when there is none.
save_dmesg() {
	dmesg_text=$work/dmesg.txt
	rm -f "$dmesg_text"
	if makedumpfile --dump-dmesg "$vmcore" "$dmesg_text" >"$work/dmesg-said" 2>&1 && [ -s "$dmesg_text" ]; then
		:
	elif command -v vmcore-dmesg >/dev/null 2>&1 && vmcore-dmesg "$vmcore" >"$dmesg_text" 2>>"$work/dmesg-said" &&
		[ -s "$dmesg_text" ]; then
		:
	else
		problem="the kernel's log cannot be read from the dump: $(tail -n 1 "$work/dmesg-said")"
		return 1
	fi
	target_put dmesg.txt <"$dmesg_text" || {
		problem="the kernel's log cannot be written: $(target_said)"
		return 1
	}
	dmesg_bytes=$put_bytes
	dmesg_sha256=$put_sha256
	[ "$target_kind" != raw ] || _raw_header incomplete # so that it is found, whatever comes
}

# save_core: the first rung that gives a complete file. $core_file, $core_bytes, $core_sha256, $core_rung.
save_core() {
	core_rung=
	core_bytes=0
	core_sha256=
	core_full=0
	_ladder >"$work/ladder"
	while IFS= read -r rung_command <&3; do
		core_file=vmcore
		[ "$target_kind" = dir ] || core_file=vmcore.flat
		_try_rung "$rung_command" && return
		rung_free=$(target_free) # before what was written is taken away
		if [ -n "$rung_free" ] && [ "$rung_free" -lt "$conf_min_free_mb" ]; then
			core_full=1
		fi
		target_remove "$core_file"
	done 3<"$work/ladder"
	problem="no way to save the core worked"
	[ $core_full = 0 ] || problem="$problem, for the target is full"
	save_said=$(target_said)
	problem="$problem${save_said:+; $save_said}"
	return 1
}

# One command a line, the best first.
_ladder() {
	case $conf_collector in
	dmesg) return ;;
	makedumpfile)
		ladder_way=$(_compression)
		if [ "$target_kind" = dir ]; then
			ladder_threads=$(_threads)
			[ "$ladder_threads" -lt 2 ] ||
				echo "makedumpfile $ladder_way --num-threads $ladder_threads -d $conf_level"
			echo "makedumpfile $ladder_way -d $conf_level"
			[ "$ladder_way -d $conf_level" = '-c -d 1' ] || echo "makedumpfile -c -d 1"
		else
			echo "makedumpfile -F $ladder_way -d $conf_level"
			[ "$ladder_way -d $conf_level" = '-c -d 1' ] || echo "makedumpfile -F -c -d 1"
		fi
		;;
	esac
	echo copy
}

# The option of makedumpfile for the compression: what it says it can do, quickest first.
_compression() {
	compress_can=$(makedumpfile -v 2>/dev/null | awk '/enabled/ { printf "%s ", $1 }')
	case $conf_compress:$compress_can in
	none:*) ;;
	zlib:*) echo -c ;;
	lzo:*) echo -l ;;
	snappy:*) echo -p ;;
	zstd:*) echo -z ;;
	auto:*lzo*) echo -l ;;
	auto:*zstd*) echo -z ;;
	auto:*snappy*) echo -p ;;
	*) echo -c ;;
	esac
}

_threads() {
	threads_cpus=$(grep -c '^processor' /proc/cpuinfo 2>/dev/null)
	if [ "$conf_threads" = auto ]; then
		threads_cpus=${threads_cpus:-1}
		[ "$threads_cpus" -lt 32 ] || threads_cpus=32 # beyond, it gains nothing and costs memory
		echo "$threads_cpus"
	else
		echo "$conf_threads"
	fi
}

# _try_rung COMMAND: run it, log it, and believe it only when its file says that it is complete.
_try_rung() {
	rung=$((rung + 1))
	rung_since=$(now)
	rung_reason=
	: >"$work/rung-said"
	if [ "$1" = copy ]; then
		_rung_copy
	elif [ "$target_kind" = dir ]; then
		# shellcheck disable=SC2086
		$1 "$vmcore" "$(target_file "$core_file")" >"$work/rung-said" 2>&1 &
		_rung_wait $!
		rung_status=$?
		[ $rung_status != 0 ] || _hash_file
	else
		# shellcheck disable=SC2086
		_rung_stream $1 "$vmcore"
	fi
	if [ "$rung_status" = 0 ]; then
		_check_rung
	fi
	rung_words=$(printf '%s' "$1" | tr -s ' ')
	log "rung $rung: $rung_words -> status $rung_status${rung_reason:+ ($rung_reason)}"
	[ "$rung_status" = 0 ] || grep . "$work/rung-said" | tail -n 2 | while IFS= read -r rung_line; do log "  $rung_line"; done
	rung_lines="$rung_lines${rung_lines:+$NL}rung $rung: $rung_words -> status $rung_status"
	rungs="$rungs${rungs:+,}{\"command\":$(json_string "$rung_words"),\"status\":$rung_status,\"seconds\":$(($(now) - rung_since))}"
	if [ "$rung_status" != 0 ]; then
		core_bytes=0
		core_sha256=
		return 1
	fi
	core_rung=$rung_words
}

# _rung_wait PROCESS: rungs run in the background, for only while it waits does a shell heed the deadline. The number is
# kept, so that end_rung can end it.
_rung_wait() {
	echo "$1" >"$work/rung-process"
	wait "$1"
}

end_rung() {
	[ ! -s "$work/rung-process" ] || kill -9 "$(cat "$work/rung-process")" 2>/dev/null
	rm -f "$work/rung-process"
}

_rung_stream() {
	rm -f "$work/rung-source" "$work/rung-put"
	{
		{
			"$@" 2>"$work/rung-said" &
			_rung_wait $!
			echo $? >"$work/rung-source"
		} | {
			target_put "$core_file"
			printf '%s %s %s %s\n' $? "$put_bytes" "$put_sha256" "$put_end" >"$work/rung-put"
		}
	} &
	wait $!
	rung_put=98
	[ ! -s "$work/rung-put" ] || read -r rung_put core_bytes core_sha256 core_end <"$work/rung-put"
	rung_status=$(status_of rung-source)
	if [ "$rung_put" != 0 ]; then
		# Whoever writes ends with 141 when the target takes no more: the target is the reason.
		[ "$rung_status" != 0 ] || rung_status=$rung_put
		rung_reason="the target did not take it: $(target_said)"
	fi
}

# The plain copy, when it fits. A size beyond 15 digits is the kernel's nonsense (seen on arm64 without KALLSYMS_ALL).
_rung_copy() {
	copy_bytes=$(ls -lnL "$vmcore" | awk '{ print $5 }')
	copy_mb=$(megabytes "$copy_bytes")
	copy_free=$(target_free)
	case $copy_bytes in
	????????????????*) rung_refuse "its size of $copy_bytes bytes cannot be true" ;;
	*) [ -z "$copy_free" ] || [ $((copy_mb + conf_min_free_mb)) -lt "$copy_free" ] ||
		rung_refuse "it needs $copy_mb MB, $copy_free MB are free" ;;
	esac
	[ -z "$rung_reason" ] || return
	[ "$target_kind" = dir ] || core_file=vmcore.elf
	_rung_stream cat "$vmcore"
	[ "$rung_status" = 0 ] || return
	if [ "$core_bytes" != "$copy_bytes" ]; then
		rung_status=1
		rung_reason="$core_bytes of $copy_bytes bytes were read"
	fi
}

rung_refuse() {
	rung_status=1
	rung_reason=$1
}

# _hash_file: size and hash of what a program wrote by itself, and its mode.
_hash_file() {
	hash_file=$(target_file "$core_file")
	if [ ! -s "$hash_file" ]; then
		rung_refuse "it wrote nothing"
		return
	fi
	chmod 600 "$hash_file"
	sync "$hash_file" 2>/dev/null || sync
	core_bytes=$(ls -ln "$hash_file" | awk '{ print $5 }')
	core_sha256=$(sha256sum <"$hash_file")
	core_sha256=${core_sha256%% *}
	if [ ${#core_sha256} != 64 ]; then
		rung_refuse "it cannot be read back"
	fi
}

# A program's word is not enough: an interrupted makedumpfile can leave a file that looks like one. What went away in a
# stream is judged by its end, which in the flattened format is a record of ones.
_check_rung() {
	case $target_kind:$core_file in
	dir:*) inspect_core "$(target_file "$core_file")" || rung_refuse "$problem" ;;
	*:vmcore.flat) [ "$core_end" = "$FLAT_END" ] || rung_refuse "the stream has no end record" ;;
	esac
}

# prune_dumps: keep as many, and as many MB, as configured, the newest always. Only folders of our own naming that carry
# our manifest, file by file.
prune_dumps() {
	[ "$target_kind" = dir ] && [ "$conf_retain_count" -gt 0 ] || return 0
	prune_count=0
	prune_mb=0
	for prune_folder in $(_dump_names | sort -r); do
		prune_count=$((prune_count + 1))
		prune_mb=$((prune_mb + $(du -sk "$target_folder/$prune_folder" | awk '{ print int($1 / 1024) }')))
		if [ "$prune_count" -le "$conf_retain_count" ]; then
			[ "$prune_count" -gt 1 ] && [ "$conf_retain_mb" -gt 0 ] && [ "$prune_mb" -gt "$conf_retain_mb" ] || continue
		fi
		log "retention: removing $prune_folder"
		for prune_file in vmcore vmcore.flat vmcore.elf dmesg.txt capture.log report.json SHA256SUMS manifest.json; do
			rm -f "$target_folder/$prune_folder/$prune_file"
		done
		rmdir "$target_folder/$prune_folder" 2>/dev/null || log "retention: $prune_folder holds files that are not ours"
	done
}

_dump_names() {
	for dump_folder in "$target_folder"/[0-9][0-9][0-9][0-9]-*T*Z-*; do
		dump_name=${dump_folder##*/}
		case $dump_name in
		*[!0-9A-Za-z-]*) continue ;; # .part, and names with blanks
		esac
		[ ! -L "$dump_folder" ] && grep -qs '"schema":"kdump-dump/1"' "$dump_folder/manifest.json" || continue
		printf '%s\n' "$dump_name"
	done
}

# megabytes BYTES: by awk, for there are shells that count in 32 bits.
megabytes() {
	awk -v bytes="$1" 'BEGIN { printf "%d\n", bytes / 1048576 }'
}

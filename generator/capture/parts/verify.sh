# Is a dump complete and unchanged? Asked of the bytes, without makedumpfile.

verify_command() {
	common_start
	verify_path=
	while [ $# -gt 0 ]; do
		common_option "$@"
		if [ "$shifted" = 0 ]; then
			case $1 in
			-*) die $EX_USAGE "verify: $1 is not known" ;;
			*) verify_path=$1 ;;
			esac
			shifted=1
		fi
		shift "$shifted"
	done
	[ -n "$verify_path" ] || die $EX_USAGE "verify: name a file or the folder of a dump"
	[ -e "$verify_path" ] || die $EX_FAILED "$verify_path is not there"
	verify_dump "$verify_path"
	text path "$verify_path"
	text kind "$core_kind"
	text machine "$core_machine"
	text release "$core_release"
	member findings "[$verify_json]"
	if [ -n "$verify_json" ]; then
		finish $EX_DAMAGED "not complete, or changed"
	fi
	say "$verify_path: complete: $core_kind${core_machine:+, $core_machine}${core_release:+, $core_release}"
	finish $EX_OK "complete"
}

# verify_dump PATH: $verify_json, empty when nothing was found; every finding is said.
verify_dump() {
	verify_json=
	core_kind=
	core_machine=
	core_release=
	if [ -d "$1" ]; then
		_verify_folder "$1"
	else
		inspect_core "$1" || _finding "$1: $problem"
	fi
}

_finding() {
	say "$1"
	verify_json="$verify_json${verify_json:+,}$(json_string "$1")"
}

_verify_folder() {
	case $1 in
	*.part | *.part/) _finding "$1: is still called .part: the dump was not finished" ;;
	esac
	case $(grep -o '"state":"[a-z-]*"' "$1/manifest.json" 2>/dev/null) in
	'"state":"complete"') verify_state=complete ;;
	'"state":"dmesg-only"') verify_state=dmesg-only ;;
	'') _finding "$1: has no manifest.json with a state" && verify_state= ;;
	*) _finding "$1: its manifest says that it is incomplete" && verify_state=incomplete ;;
	esac
	_verify_sums "$1"
	_verify_modes "$1"
	for verify_core in "$1"/vmcore "$1"/vmcore.flat "$1"/vmcore.elf; do
		[ -e "$verify_core" ] || continue
		inspect_core "$verify_core" || _finding "$verify_core: $problem"
	done
	case $verify_state:$core_kind in
	complete:) _finding "$1: holds no core" ;;
	dmesg-only:) core_kind="the kernel's log only" ;;
	esac
}

_verify_sums() {
	if [ ! -s "$1/SHA256SUMS" ]; then
		_finding "$1: has no SHA256SUMS"
		return
	fi
	while read -r sums_hash sums_name; do
		case $sums_name in
		'' | */* | .*) _finding "$1/SHA256SUMS: names \"$sums_name\", which is no file of a dump" ;;
		*)
			sums_found=$(sha256sum <"$1/$sums_name" 2>/dev/null)
			[ "${sums_found%% *}" = "$sums_hash" ] || _finding "$1/$sums_name: differs from its SHA-256, or is missing"
			;;
		esac
	done <"$1/SHA256SUMS"
}

# A dump holds passwords and keys: nobody but its owner reads it.
_verify_modes() {
	for mode_file in "$1" "$1"/vmcore* "$1"/dmesg.txt; do
		[ -e "$mode_file" ] || continue
		case $(ls -ldn "$mode_file") in
		????------*) ;;
		*) _finding "$mode_file: others may read it: chmod go-rwx" ;;
		esac
	done
}

# inspect_core FILE: true when it is complete by its own account. $core_kind, $core_machine, $core_release.
# Formats: makedumpfile's diskdump_mod.h (KDUMP) and makedumpfile.h (flattened), the gABI for ELF.
inspect_core() {
	problem=
	core_bytes_there=$(ls -lnL "$1" | awk '{ print $5 }')
	case $(dd if="$1" bs=16 count=1 2>/dev/null | tr -d '\0') in
	'KDUMP   '*) _inspect_kdump "$1" ;;
	makedumpfile*) _inspect_flattened "$1" ;;
	?ELF*) _inspect_elf "$1" ;;
	*) problem="is no vmcore: neither KDUMP, nor flattened, nor ELF" ;;
	esac
	[ -z "$problem" ]
}

_inspect_kdump() {
	core_kind="compressed kdump"
	core_release=$(_text_at "$1" 142)
	core_machine=$(_text_at "$1" 272)
	case $core_machine in
	x86_64 | aarch64 | ppc64* | s390x | riscv64 | loongarch64 | mips64) status_at=424 ;;
	*) status_at=412 ;;
	esac
	core_status=$(_number_at "$1" $status_at 4 "$(_endian "$core_machine")")
	[ $((core_status & 8)) = 0 ] || problem="its header says that it is incomplete"
	[ "$core_bytes_there" -ge 8192 ] || problem="it ends within its headers"
}

_inspect_flattened() {
	core_kind="flattened kdump"
	if [ "$(($(_number_at "$1" $((core_bytes_there - 16)) 8 big)))" != -1 ]; then
		problem="its end is missing: the stream was cut"
		return
	fi
	# The first record begins at 4096: 16 bytes of its own, then the header of the core.
	case $(_text_at "$1" 4112 | cut -c 1-5) in
	KDUMP)
		core_release=$(_text_at "$1" $((4112 + 142)))
		core_machine=$(_text_at "$1" $((4112 + 272)))
		;;
	esac
}

_inspect_elf() {
	core_kind="ELF core"
	case $(_number_at "$1" 5 1 little) in
	1) elf_order=little ;;
	*) elf_order=big ;;
	esac
	case $(_number_at "$1" 4 1 little) in
	2) elf_fields="32 8 48 54 56 8 8 32 8" ;;
	*) elf_fields="28 4 36 42 44 4 4 16 4" ;;
	esac
	# shellcheck disable=SC2086
	set -- "$1" $elf_fields
	elf_table=$(_number_at "$1" "$2" "$3" $elf_order)
	elf_size=$(_number_at "$1" "$5" 2 $elf_order)
	elf_count=$(_number_at "$1" "$6" 2 $elf_order)
	[ $(($(_number_at "$1" "$4" 4 $elf_order) & 1)) = 0 ] || problem="its header says that it is incomplete"
	elf_end=0
	elf_index=0
	while [ "$elf_index" -lt "$elf_count" ]; do
		elf_at=$((elf_table + elf_index * elf_size))
		elf_stop=$(($(_number_at "$1" $((elf_at + $7)) "$8" $elf_order) + $(_number_at "$1" $((elf_at + $9)) "$8" $elf_order)))
		[ "$elf_stop" -le "$elf_end" ] || elf_end=$elf_stop
		elf_index=$((elf_index + 1))
	done
	[ "$elf_count" -gt 0 ] || problem="it has no program headers"
	[ "$elf_end" -le "$core_bytes_there" ] || problem="it is $core_bytes_there bytes long and should be $elf_end"
}

_endian() {
	case $1 in
	s390* | ppc64 | ppc | mips | mips64 | parisc*) echo big ;;
	*) echo little ;;
	esac
}

# _number_at FILE OFFSET BYTES ORDER; 8 bytes of ones are -1.
_number_at() {
	od -An -v -tu1 -j "$2" -N "$3" "$1" 2>/dev/null | awk -v order="$4" '
		{ for (i = 1; i <= NF; i++) byte[n++] = $i }
		END {
			ones = n == 8
			for (i = 0; i < n; i++) {
				value = value * 256 + byte[order == "big" ? i : n - 1 - i]
				if (byte[i] != 255) ones = 0
			}
			if (ones) print -1; else printf "%.0f\n", value
		}'
}

_text_at() {
	od -An -v -tu1 -j "$2" -N 65 "$1" 2>/dev/null | awk '
		{ for (i = 1; i <= NF; i++) { if ($i < 33 || $i > 126) exit; printf "%c", $i } }'
}

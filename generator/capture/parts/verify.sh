# Is a dump complete and unchanged? Asked of the bytes, without makedumpfile.

# The last record of the flattened format: offset and size of -1, as od has them.
FLAT_END='255 255 255 255 255 255 255 255 255 255 255 255 255 255 255 255'

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
	verify_dump "${verify_path%/}"
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
		_verify_core "$1"
	fi
}

_verify_core() {
	inspect_core "$1" && _inspect_pages "$1" || _finding "$1: $problem"
}

_finding() {
	say "$1"
	verify_json="$verify_json${verify_json:+,}$(json_string "$1")"
}

_verify_folder() {
	case $1 in
	*.part) _finding "$1: is still called .part: the dump was not finished" ;;
	esac
	case $(grep -o '"state":"[a-z-]*"' "$1/manifest.json" 2>/dev/null) in
	'"state":"complete"') verify_state=complete ;;
	'"state":"dmesg-only"') verify_state=dmesg-only ;;
	'')
		verify_state=
		_finding "$1: has no manifest.json with a state"
		;;
	*)
		verify_state=incomplete
		_finding "$1: its manifest says that it is incomplete"
		;;
	esac
	_verify_sums "$1"
	_verify_modes "$1"
	for verify_core in "$1"/vmcore "$1"/vmcore.flat "$1"/vmcore.elf; do
		[ -e "$verify_core" ] || continue
		_verify_core "$verify_core"
		grep -qs "  ${verify_core##*/}\$" "$1/SHA256SUMS" || _finding "$verify_core: is not in SHA256SUMS"
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
	core_size=$(ls -lnL "$1" | awk '{ print $5 }')
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
	x86_64 | aarch64 | ppc64* | s390x | riscv64 | loongarch64 | mips64 | sparc64) kdump_at=424 ;;
	*) kdump_at=412 ;;
	esac
	kdump_order=$(_endian "$core_machine")
	kdump_status=$(_number_at "$1" $kdump_at 4 "$kdump_order")
	kdump_block=$(_number_at "$1" $((kdump_at + 4)) 4 "$kdump_order")
	kdump_header=$(($(_number_at "$1" $((kdump_at + 8)) 4 "$kdump_order") + 1))
	kdump_bitmap=$(_number_at "$1" $((kdump_at + 12)) 4 "$kdump_order")
	kdump_table=$(_calculate "($kdump_header + $kdump_bitmap) * $kdump_block")
	if [ $((kdump_status & 8)) != 0 ]; then
		problem="its header says that it is incomplete"
	elif _calculated "$kdump_block < 512 || $kdump_block > 1048576"; then
		problem="its header makes no sense: blocks of $kdump_block bytes"
	elif _calculated "$core_size <= $kdump_table"; then
		problem="it ends within its headers, at $core_size of more than $kdump_table bytes"
	fi
}

# _inspect_pages FILE: a compressed dump that was cut off later: does it reach to where its last pages are? The second
# bitmap has a bit for each page that was dumped, the table a descriptor of 24 bytes. Takes a second per 64 GB of RAM.
_inspect_pages() {
	[ "$core_kind" = "compressed kdump" ] || return 0
	pages_half=$((kdump_bitmap / 2))
	pages_count=$(dd if="$1" bs="$kdump_block" skip=$((kdump_header + pages_half)) count=$pages_half 2>/dev/null | od -An -v -tu1 | awk '
		BEGIN { for (i = 1; i < 256; i++) ones[i] = ones[int(i / 2)] + i % 2 }
		{ for (i = 1; i <= NF; i++) count += ones[$i] }
		END { print count + 0 }')
	pages_last=$((pages_count < 512 ? pages_count : 512))
	pages_end=$(od -An -v -tu1 -w24 -j "$(_calculate "$kdump_table + 24 * ($pages_count - $pages_last)")" -N $((24 * pages_last)) "$1" \
		2>/dev/null | awk -v order="$kdump_order" '
		function number(at, bytes,    i, value) {
			for (i = 0; i < bytes; i++) value = value * 256 + $(order == "big" ? at + i : at + bytes - 1 - i)
			return value
		}
		NF == 24 { found++; end = number(1, 8) + number(9, 4); if (end > most) most = end }
		END { printf "%d %.0f", found, most }')
	[ "${pages_end%% *}" = "$pages_last" ] || problem="it ends within its table of $pages_count pages"
	_calculated "${pages_end#* } <= $core_size" || problem="its pages reach to ${pages_end#* }, it ends at $core_size"
	[ -z "$problem" ]
}

_inspect_flattened() {
	core_kind="flattened kdump"
	flat_end=$(tail -c 16 "$1" | od -An -v -tu1 | tr -s ' \n' ' ')
	flat_end=${flat_end# }
	if [ "${flat_end% }" != "$FLAT_END" ]; then
		problem="its end is missing: the stream was cut"
		return
	fi
	# The first record begins at 4096: 16 bytes of its own, then the header of the core.
	case $(_text_at "$1" 4112) in
	KDUMP)
		core_release=$(_text_at "$1" $((4112 + 142)))
		core_machine=$(_text_at "$1" $((4112 + 272)))
		;;
	esac
}

# The end of the last segment must lie within the file. In awk as a whole: the numbers may be large, the table long.
_inspect_elf() {
	core_kind="ELF core"
	# shellcheck disable=SC2046
	set -- "$1" $(od -An -v -tu1 -N 64 "$1" | _elf_numbers header)
	if [ $(($2 & 1)) != 0 ]; then
		problem="its header says that it is incomplete"
	elif [ "$4" = 0 ] || [ "$5" = 0 ]; then
		problem="it has no program headers"
	else
		elf_end=$(od -An -v -tu1 -w"$4" -j "$3" -N $(($4 * $5)) "$1" 2>/dev/null | _elf_numbers table "$6" "$7")
		if [ "${elf_end%% *}" != "$5" ]; then
			problem="it ends within its program headers"
		elif _calculated "${elf_end#* } > $core_size"; then
			problem="it is $core_size bytes long and should be ${elf_end#* }"
		fi
	fi
}

# _elf_numbers header: flags, offset, entry size and count of the program headers, order, class.
# _elf_numbers table ORDER CLASS: how many whole headers there are, and the end of the last segment.
_elf_numbers() {
	awk -v what="$1" -v order="${2:-}" -v class="${3:-}" '
		function number(at, bytes,    i, value) {
			for (i = 0; i < bytes; i++) value = value * 256 + byte[order == "big" ? at + i : at + bytes - 1 - i]
			return value
		}
		what == "header" { for (i = 1; i <= NF; i++) byte[count++] = $i; next }
		{
			for (i = 1; i <= NF; i++) byte[i - 1] = $i
			if (NF < (class == 2 ? 56 : 32)) next
			count++
			end = class == 2 ? number(8, 8) + number(32, 8) : number(4, 4) + number(16, 4)
			if (end > most) most = end
		}
		END {
			if (what == "table") { printf "%d %.0f\n", count, most; exit }
			class = byte[4] == 2 ? 2 : 1
			order = byte[5] == 2 ? "big" : "little"
			if (class == 2) printf "%d %.0f %d %d", number(48, 4), number(32, 8), number(54, 2), number(56, 2)
			else printf "%d %.0f %d %d", number(36, 4), number(28, 4), number(42, 2), number(44, 2)
			print "", order, class
		}'
}

# _calculate and _calculated: a sum, or whether it holds, of numbers that a shell of 32 bits cannot take.
_calculate() {
	awk "BEGIN { printf \"%.0f\\n\", $1 }"
}

_calculated() {
	awk "BEGIN { exit !($1) }"
}

_endian() {
	case $1 in
	s390* | ppc64 | ppc | mips | mips64 | parisc*) echo big ;;
	*) echo little ;;
	esac
}

# _number_at FILE OFFSET BYTES ORDER
_number_at() {
	od -An -v -tu1 -j "$2" -N "$3" "$1" 2>/dev/null | awk -v order="$4" '
		{ for (i = 1; i <= NF; i++) byte[n++] = $i }
		END {
			for (i = 0; i < n; i++) value = value * 256 + byte[order == "big" ? i : n - 1 - i]
			printf "%.0f\n", value
		}'
}

_text_at() {
	od -An -v -tu1 -j "$2" -N 65 "$1" 2>/dev/null | awk '
		{ for (i = 1; i <= NF; i++) { if ($i < 33 || $i > 126) exit; printf "%c", $i } }'
}

# size: how much to reserve, with the sum shown. What was measured and what is an estimate is said line by line; what an
# earlier dump on this machine really needed beats both.

size_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "size: \"$1\" is not known: size takes --target, --json, --config, --root"
		shift "$shifted"
	done
	common_end
	size_sum
	member parts "[$size_json]"
	number sum_mb "$size_total"
	number measured_mb "$size_measured"
	text default "$size_default"
	number default_mb "$size_default_mb"
	text advice "crashkernel=$size_advice"
	_size_show
	finish $EX_OK "crashkernel=$size_advice"
}

_size_show() {
	say "What the capture kernel takes here: $(fact_arch), $(fact_memory_mb) MB of memory, $(fact_cpus) CPU(s)"
	say ""
	printf '%s\n' "$size_lines" | while IFS=$TAB read -r size_mb size_name size_how size_source; do
		say "$(printf '%6d MB  %-18s %-9s %s' "$size_mb" "$size_name" "$size_how" "$size_source")"
	done
	say "   ------"
	say "$(printf '%6d MB  the sum, rounded up to 16 MB' "$size_total")"
	[ -z "$size_default_mb" ] || say "$(printf '%6d MB  the default of this distribution: crashkernel=%s' "$size_default_mb" "$size_default")"
	if [ -n "$size_measured" ]; then
		say "$(printf '%6d MB  measured: the most that a dump on this machine used, and a quarter more' "$size_measured")"
	else
		say "          not measured yet: after the first dump, kdump-capture collect notes what it really needed"
	fi
	say ""
	say "crashkernel=$size_advice, for $size_needed MB is what $size_basis"
	say "To do so: $(reserve_how "$size_advice")"
}

# size_sum: $size_lines, $size_total, $size_default and $size_default_mb, $size_measured; and of these $size_needed,
# $size_basis (in words) and $size_advice (for crashkernel=).
size_sum() {
	size_lines=
	size_json=
	size_total=0
	_size_kernel
	_size_image
	case $(fact_arch) in
	x86_64 | i?86 | s390x) _size_part 1 "CPUs" estimate "one, by nr_cpus=1" ;;
	*) _size_part "$(fact_cpus)" "CPUs" estimate "1 MB for each: maxcpus=1 starts one, but keeps room for all" ;;
	esac
	_size_part $((8 + $(fact_memory_mb) * 2 / 32768)) "makedumpfile" estimate "its buffers, and two bitmaps of one bit per 4 kB page"
	_size_part 40 "running kernel" estimate "drivers, tables, file systems"
	if needs_network; then
		_size_part 16 "network" estimate "receive rings and buffers; many-queue cards want more (extra_modules, omit_modules)"
	fi
	_size_part 12 "writing" estimate "pages that wait for the target"
	_size_pages
	_size_part $((size_total / 63 + 1)) "page descriptors" computed "64 bytes for each 4 kB page"
	_size_part $((size_total / 10)) "slack" estimate "a tenth"
	size_total=$(((size_total + 15) / 16 * 16))
	_size_default
	_size_measured
	_size_conclude
}

# _size_part MB NAME HOW SOURCE
_size_part() {
	size_total=$((size_total + $1))
	size_lines="$size_lines${size_lines:+$NL}$1$TAB$2$TAB$3$TAB$4"
	size_json="$size_json${size_json:+,}{\"name\":\"$2\",\"mb\":$1,\"how\":\"$3\",\"source\":$(json_string "$4")}"
}

# The running kernel is the capture kernel, so what it takes can be seen; else its file says it, or is the guess.
_size_kernel() {
	size_kernel=$(fact_iomem_kb "Kernel code" "Kernel rodata" "Kernel data" "Kernel bss")
	if [ -n "$size_kernel" ]; then
		size_kernel_mb=$((size_kernel / 1024 + 1))
		_size_part $size_kernel_mb "kernel" measured "code, rodata, data and bss in /proc/iomem"
		return
	fi
	size_file=$(kernel_file "$(fact_kver)")
	size_kernel_mb=64
	if [ -z "$size_file" ]; then
		_size_part $size_kernel_mb "kernel" estimate "neither /proc/iomem (only root sees its addresses) nor its file can be read"
	elif [ "$(_text_at "$size_file" 514 | cut -c 1-4)" = HdrS ]; then
		size_kernel_mb=$(($(_number_at "$size_file" 608 4 little) / 1048576 + 1))
		_size_part $size_kernel_mb "kernel" measured "init_size in the header of ${size_file#"$root"}"
	elif [ "$(_text_at "$size_file" 56 | cut -c 1-4)" = ARMd ]; then
		size_kernel_mb=$(($(_number_at "$size_file" 16 8 little) / 1048576 + 1))
		_size_part $size_kernel_mb "kernel" measured "image_size in the header of ${size_file#"$root"}"
	else
		size_kernel_mb=$(($(wc -c <"$size_file") * 4 / 1048576 + 1))
		_size_part $size_kernel_mb "kernel" estimate "four times ${size_file#"$root"}"
	fi
}

# The packed and the unpacked image are in memory together; and before 6.18 a rootfs takes half of the memory at most.
_size_image() {
	size_file=$root$STATE/capture-$(fact_kver).img
	size_packed=4
	size_unpacked=10
	size_how=estimate
	size_source="none is built yet; a generic one is about this"
	if [ -r "$size_file" ] && size_bytes=$(_unpacked_bytes "$size_file"); then
		size_packed=$(($(wc -c <"$size_file") / 1048576 + 1))
		size_unpacked=$((size_bytes / 1048576 + 1))
		size_how=measured
		size_source="$STATE/${size_file##*/}, and unpacked"
	fi
	_size_part $((size_packed + size_unpacked)) "capture image" $size_how "$size_source"
	size_rest=$((size_unpacked - 60))
	[ "$size_rest" -le 0 ] || _size_part $size_rest "room to unpack" computed "a rootfs takes half of what is free at most (before 6.18)"
}

_unpacked_bytes() {
	case $(od -An -N4 -tx1 "$1" | tr -d ' ') in
	1f8b*) gzip -dc <"$1" 2>/dev/null | wc -c ;;
	fd377a58) xz -dc <"$1" 2>/dev/null | wc -c ;;
	28b52ffd) zstd -dcq <"$1" 2>/dev/null | wc -c ;;
	*) wc -c <"$1" ;;
	esac | awk '$1 > 0 { print $1; seen = 1 } END { exit !seen }'
}

_size_pages() {
	size_page=4096
	[ -n "$root" ] || size_page=$(getconf PAGESIZE 2>/dev/null || echo 4096)
	if [ "$size_page" -ge 65536 ]; then
		_size_part 100 "64 kB pages" estimate "every small thing takes a large page"
	fi
}

# What distributions reserve when they are asked to: Debian's kdump-tools 1.10.9, kdump-utils of Fedora and RHEL.
_size_default() {
	size_default=
	case $(fact_distribution):$(fact_arch) in
	debian*) size_default=512M-:192M ;;
	fedora*:x86_64 | rhel*:x86_64 | centos*:x86_64 | rocky*:x86_64 | almalinux*:x86_64 | *:s390x) size_default=2G-64G:256M,64G-:512M ;;
	fedora*:aarch64 | rhel*:aarch64 | centos*:aarch64 | rocky*:aarch64 | almalinux*:aarch64) size_default=2G-4G:256M,4G-64G:320M,64G-:576M ;;
	fedora*:ppc64le | rhel*:ppc64le | centos*:ppc64le) size_default=2G-4G:384M,4G-16G:512M,16G-64G:1G,64G-128G:2G,128G-:4G ;;
	esac
	for size_file in "$root"/etc/default/grub.d/kdump-tools.cfg "$root"/etc/default/grub.d/kdump-tools.default; do
		size_found=$(sed -n 's/.*crashkernel=\([0-9][0-9A-Za-z,:@-]*\).*/\1/p' "$size_file" 2>/dev/null | tail -n 1)
		[ -z "$size_found" ] || size_default=$size_found
	done
	size_default_mb=
	[ -z "$size_default" ] || size_default_mb=$(crashkernel_mb "$size_default" "$(fact_memory_mb)")
}

# From the reports that collect keeps: what was reserved less the smallest amount that was ever available.
_size_measured() {
	size_measured=$(for size_report in "$root$STATE"/reports/*.json; do
		[ ! -r "$size_report" ] || grep -o '"name":"[a-z ]*","value":[0-9]*,"unit":"MB"' "$size_report" | awk -F '[":,]+' '
			$3 == "reserved" { reserved = $5 } $3 == "minimum available memory" { least = $5 }
			END { if (reserved && least) print reserved - least }'
	done | awk '$1 > most { most = $1 } END { if (most) printf "%d\n", int((most * 1.25 + 15) / 16) * 16 }')
}

_size_conclude() {
	if [ -n "$size_measured" ]; then
		size_needed=$size_measured
		size_basis="dumps on this machine needed, and a quarter more"
	else
		size_needed=$size_total
		size_basis="the sum of kdump-capture size gives"
	fi
	size_advice=${size_needed}M
	if [ -z "$size_measured" ] && [ "${size_default_mb:-0}" -gt "$size_needed" ]; then
		size_advice=$size_default
		size_basis="$size_basis, and the distribution's default is larger"
	fi
}

# reserve_how SPEC: how crashkernel=SPEC gets onto the kernel's command line here.
reserve_how() {
	case $(fact_distribution):$(fact_arch) in
	fedora* | rhel* | centos* | rocky* | almalinux* | ol-*) printf 'grubby --update-kernel=ALL --args=crashkernel=%s; reboot\n' "$1" ;;
	*:s390x) printf 'add crashkernel=%s to the parameters in /etc/zipl.conf, run zipl, reboot\n' "$1" ;;
	debian* | ubuntu* | linuxmint*) printf 'add crashkernel=%s to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, run update-grub, reboot\n' "$1" ;;
	opensuse* | sle*) printf 'add crashkernel=%s to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub, run grub2-mkconfig -o /boot/grub2/grub.cfg, reboot\n' "$1" ;;
	*) printf "add crashkernel=%s to the kernel's command line in the boot loader, reboot\n" "$1" ;;
	esac
}

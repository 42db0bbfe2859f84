# Load, unload, status: the capture kernel in its reservation.

# What of the first kernel's command line must not reach the capture kernel.
NOT_PASSED=' crashkernel root rootflags rootfstype resume BOOT_IMAGE initrd hugepages hugepagesz default_hugepagesz swiotlb
log_buf_len slub_debug quiet splash panic_on_warn cma hugetlb_cma nr_cpus maxcpus panic oops rdinit init systemd.unit
softlockup_panic hung_task_panic mem memmap '

load_command() {
	common_start
	load_kver=
	load_kernel=
	load_image=
	load_checks=
	load_replace=0
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || _load_option "$@"
		shift "$shifted"
	done
	common_end
	load_kver=${load_kver:-$(uname -r)}
	load_image=${load_image:-$root$STATE/capture-$load_kver.img}
	load_kernel=${load_kernel:-$(kernel_file "$load_kver")}
	_load_possible
	make_work
	load_capture
	text kernel "$load_kver"
	text load "$load_call"
	text nonce "$load_nonce"
	say "capture kernel $load_kver loaded by $load_call"
	finish $EX_OK "loaded"
}

_load_option() {
	shifted=2
	case $1 in
	--kernel | --image) [ $# -ge 2 ] || die $EX_USAGE "load: $1 needs a value" ;;
	esac
	case $1 in
	--kernel) load_kernel=$2 ;;
	--image) load_image=$2 ;;
	--replace) load_replace=1 && shifted=1 ;;
	--no-checks) load_checks=--no-checks && shifted=1 ;; # purgatory's SHA-256 takes a minute under emulation
	-*) die $EX_USAGE "load: $1 is not known" ;;
	*) load_kver=$1 && shifted=1 ;;
	esac
}

# kernel_file KVER: where distributions keep it.
kernel_file() {
	for kernel_path in "$root/boot/vmlinuz-$1" "$root/boot/vmlinux-$1" "$root/lib/modules/$1/vmlinuz" \
		"$root/usr/lib/modules/$1/vmlinuz" "$root/boot/Image-$1" "$root/boot/vmlinux-$1.gz"; do
		if [ -r "$kernel_path" ]; then
			printf '%s\n' "$kernel_path"
			return
		fi
	done
	return 0
}

_load_possible() {
	command -v kexec >/dev/null 2>&1 || die $EX_FAILED "kexec is not installed: install kexec-tools"
	[ -r "$load_kernel" ] || die $EX_FAILED "no kernel $load_kver: give it with --kernel FILE"
	[ -r "$load_image" ] || die $EX_FAILED "$load_image is not there: kdump-capture build -c $load_kver"
	load_reserved=$(fact_crash_size)
	[ -n "$load_reserved" ] || die $EX_UNSUPPORTED "this kernel has no crash dumping (CONFIG_CRASH_DUMP, CONFIG_KEXEC)"
	[ "$load_reserved" -gt 0 ] || die $EX_REBOOT "nothing is reserved: add crashkernel= to the kernel's command line (kdump-capture size says how much) and reboot"
	case $(fact_crash_loaded):$load_replace in
	1:0) [ -e "$root$RUN/loaded" ] || die $EX_REFUSED "a capture kernel of another tool is loaded: disable that one, or use --replace" ;;
	esac
	[ "$(first_line "$root/proc/sys/kernel/kexec_load_disabled")" != 1 ] || die $EX_REFUSED "kexec_load_disabled is 1, until the next boot"
}

# load_capture: load, and believe the kernel, not kexec: its status of 0 is no proof.
load_capture() {
	load_nonce=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
	case $conf_load_call in
	file) _load_by file -s ;;
	load) _load_by load -c ;;
	*)
		if [ "$(fact_config KEXEC_FILE)" = n ]; then
			_load_by load -c
		else
			_load_by file -s || _load_by load -c
		fi
		;;
	esac || _load_refused
	mkdir -p "$root$RUN"
	load_sha256=$(sha256sum <"$load_image")
	printf 'nonce = %s\nload = %s\nkver = %s\nimage = %s\nimage_sha256 = %s\n' "$load_nonce" "$load_call" "$load_kver" \
		"$load_image" "${load_sha256%% *}" >"$root$RUN/loaded"
	# In the kernel's log, so that every dump says which load it belongs to.
	[ -n "$root" ] || echo "kdump-capture: nonce $load_nonce" >/dev/kmsg 2>/dev/null || :
}

# _load_by CALL OPTION
_load_by() {
	load_call=kexec_${1}_load
	[ "$1" = file ] || load_call=kexec_load
	load_line=$(capture_command_line "$1")
	# shellcheck disable=SC2086
	kexec -p "$2" $load_checks "$load_kernel" --initrd="$load_image" --append="$load_line" >"$work/kexec-said" 2>&1
	load_status=$?
	[ "$load_status" = 0 ] && [ "$(fact_crash_loaded)" = 1 ]
}

_load_refused() {
	load_said=$(grep -v '^$' "$work/kexec-said" | tail -n 2 | tr '\n' ' ')
	case $load_said in
	*ermitted* | *EPERM* | *rejected* | *EKEYREJECTED* | *"Required key"*)
		die $EX_REFUSED "the kernel refused: $load_said; with Secure Boot or lockdown only a signed kernel by kexec_file_load is taken (load_call = file)"
		;;
	*busy* | *EBUSY*) die $EX_REFUSED "the kernel is busy loading another: $load_said" ;;
	*ENOMEM* | *"Cannot allocate"* | *"not enough"* | *"Could not find a free area"* | *"too small"*)
		die $EX_SPACE "the reservation of $((load_reserved / 1048576)) MB is too small for kernel and image: $load_said"
		;;
	*) die $EX_FAILED "kexec ended with $load_status, and the kernel says that nothing is loaded: $load_said" ;;
	esac
}

# capture_command_line CALL: the first kernel's line without what must not pass, and what a capture kernel needs.
capture_command_line() {
	line_words=
	set -f
	# shellcheck disable=SC2013
	for line_word in $(cat "$root/proc/cmdline"); do
		line_name=${line_word%%=*}
		case " $(printf '%s' "$NOT_PASSED" | tr '\n' ' ') " in
		*" $line_name "*) continue ;;
		esac
		case $line_name in
		rd.* | kdump_capture.* | rootdelay) continue ;;
		esac
		line_words="$line_words$line_word "
	done
	set +f
	printf '%s%s' "$line_words" "$(_arch_words)"
	printf ' panic=10 oops=panic novmcoredd hugetlb_cma=0 kfence.sample_interval=0 initramfs_options=size=90%%'
	printf ' kdump_capture.nonce=%s kdump_capture.load=%s' "$load_nonce" "$load_call"
	printf ' kdump_capture.reserved=%s kdump_capture.memory=%s' "$load_reserved" "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' "$root/proc/meminfo")"
	printf ' kdump_capture.kernel=%s%s\n' "$(uname -r)" "${conf_cmdline_append:+ $conf_cmdline_append}"
}

# From the kernel's Documentation/admin-guide/kdump/kdump.rst: what each architecture needs in the capture kernel.
_arch_words() {
	case $(fact_arch) in
	x86_64 | i?86) printf 'irqpoll nr_cpus=1 reset_devices cgroup_disable=memory' ;;
	ppc64*) printf 'maxcpus=1 noirqdistrib reset_devices cgroup_disable=memory' ;;
	s390*) printf 'nr_cpus=1 cgroup_disable=memory' ;;
	arm*) printf 'maxcpus=1 reset_devices' ;;
	*) printf 'nr_cpus=1 reset_devices cgroup_disable=memory' ;;
	esac
}

unload_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "unload: $1 is not known"
		shift "$shifted"
	done
	common_end
	if [ "$(fact_crash_loaded)" != 1 ]; then
		rm -f "$root$RUN/loaded"
		finish $EX_OK "nothing is loaded"
	fi
	# By the call it was loaded with: under lockdown the other one is refused for unloading as well.
	case $(awk '$1 == "load" { print $3 }' "$root$RUN/loaded" 2>/dev/null) in
	kexec_file_load) unload_option=-s ;;
	*) unload_option=-c ;;
	esac
	unload_said=$(kexec -p -u $unload_option 2>&1) || :
	[ "$(fact_crash_loaded)" = 0 ] || die $EX_REFUSED "the capture kernel stays loaded: $unload_said"
	rm -f "$root$RUN/loaded"
	say "unloaded"
	finish $EX_OK "unloaded"
}

status_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "status: $1 is not known"
		shift "$shifted"
	done
	common_end
	status_reserved=$(fact_crash_size)
	status_loaded=$(fact_crash_loaded)
	number reserved_bytes "$status_reserved"
	number loaded "$status_loaded"
	status_owner=nobody
	[ "$status_loaded" != 1 ] || status_owner="another tool"
	if [ -r "$root$RUN/loaded" ] && [ "$status_loaded" = 1 ]; then
		status_owner=kdump-capture
		for status_key in nonce load kver image; do
			text $status_key "$(awk -v key=$status_key '$1 == key { sub(/^[^=]*= /, ""); print }' "$root$RUN/loaded")"
		done
	fi
	text loaded_by "$status_owner"
	say "reserved: ${status_reserved:+$((status_reserved / 1048576)) MB}${status_reserved:-unknown to this kernel}" | sed 's/ MB[0-9]*$/ MB/'
	case $status_loaded in
	1) say "loaded:   yes, by $status_owner" ;;
	0) say "loaded:   no" ;;
	*) say "loaded:   unknown" ;;
	esac
	[ "$status_loaded" = 1 ] || finish $EX_FAILED "no capture kernel is loaded"
	finish $EX_OK "loaded"
}

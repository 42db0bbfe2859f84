# check: would a crash be captured here? Changes nothing. Findings stand in the order in which they are to be mended, so
# the first failure is the most important one, and its exit code is the command's.

check_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "check: \"$1\" is not known: check takes --target, --json, --config, --root"
		shift "$shifted"
	done
	common_end
	check_machine
	[ -z "$option_targets" ] || check_probe
	member items "[$check_json]"
	number passed "$check_passed"
	number warnings "$check_warnings"
	number failures "$check_failures"
	_check_show
	if [ "$check_failures" -gt 0 ]; then
		finish "$check_code" "$check_first"
	fi
	finish $EX_OK "a crash would be captured, as far as can be seen without one"
}

# check_machine: all findings, nothing said yet: test asks for them too.
check_machine() {
	check_json=
	check_lines=
	check_passed=0
	check_warnings=0
	check_failures=0
	check_code=$EX_OK
	check_first=
	check_advice=
	check_kver=$(fact_kver)
	check_arch=$(fact_arch)
	check_loaded=$(fact_crash_loaded)
	check_secret=$(fact_secure_boot)
	_check_kernel
	_check_reservation
	_check_lock
	_check_tools
	_check_image
	_check_loaded
	_check_targets
	_check_policy
}

group() {
	check_lines="$check_lines${check_lines:+$NL}group$TAB$1"
}

passed() {
	check_passed=$((check_passed + 1))
	_item pass "$1" "$2" "$3" ''
}

skipped() {
	_item skip "$1" "$2" "$3" ''
}

# warned ID TITLE FOUND FIX
warned() {
	check_warnings=$((check_warnings + 1))
	check_advice=${check_advice:-$4}
	_item warn "$@"
}

# failed CODE ID TITLE FOUND FIX
failed() {
	check_failures=$((check_failures + 1))
	if [ "$check_failures" = 1 ]; then
		check_code=$1
		check_first="$3: $4"
		check_advice=$5
	fi
	shift
	_item FAIL "$@"
}

_item() {
	check_verdict=$1
	[ "$1" != FAIL ] || check_verdict=fail
	check_json="$check_json${check_json:+,}{\"id\":\"$2\",\"verdict\":\"$check_verdict\",\"title\":$(json_string "$3"),\"found\":$(json_string "$4"),\"fix\":$(json_string "$5")}"
	check_lines="$check_lines${check_lines:+$NL}$1$TAB$3$TAB$4$TAB$5"
}

# A shape and a word for each verdict, so that nothing hangs on colour; colour only on a terminal that wants it.
_check_show() {
	check_colour=0
	if [ "$json" = 0 ] && [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
		check_colour=1
	fi
	check_last="ready; only a crash proves it: kdump-capture test --crash-this-machine=$(fact_hostname)"
	[ -z "$check_advice" ] || check_last="first: $check_advice"
	check_text=$(
		{
			printf '%s\n' "$check_lines"
			printf 'total\t%s failed, %s to look at, %s passed.\n' "$check_failures" "$check_warnings" "$check_passed"
			printf 'last\t%s\n' "$check_last"
		} | _check_layout
	)
	say "$check_text"
}

_check_layout() {
	awk -F "$TAB" -v colour="$check_colour" -v wide=100 '
		function paint(code, text) { return colour ? sprintf("\033[%sm%s\033[0m", code, text) : text }
		function wrap(lead, text, indent,  n, words, i, row, pad) {
			pad = sprintf("%" indent "s", "")
			n = split(text, words, " ")
			row = ""
			for (i = 1; i <= n; i++) {
				if (row != "" && indent + length(row) + length(words[i]) >= wide) { print lead row; lead = pad; row = "" }
				row = row (row == "" ? "" : " ") words[i]
			}
			print lead row
		}
		BEGIN {
			mark["pass"] = "[+] pass"; mark["warn"] = "[!] warn"; mark["FAIL"] = "[X] FAIL"; mark["skip"] = "[-] skip"
			code["pass"] = 32; code["warn"] = 33; code["FAIL"] = "1;31"; code["skip"] = 2
		}
		{ gsub(/[\001-\010\013-\037\177]/, "?") } # names come from outside: none of them talks to the terminal
		$1 == "group" { print (NR > 1 ? "\n" : "") paint(1, $2); next }
		$1 == "total" { print "\n" $2; next }
		$1 == "last" { wrap("", $2, 0); next }
		{
			wrap("  " paint(code[$1], mark[$1]) sprintf("  %-16s  ", $2), $3, 30)
			if ($4 != "") wrap(sprintf("%30s", "fix: "), $4, 30)
		}'
}

_check_kernel() {
	group "The kernel, $check_kver on $check_arch"
	case $check_arch in
	x86_64 | i?86 | aarch64 | arm* | ppc | ppc64* | s390x | riscv64 | loongarch64 | mips64 | sparc64) ;;
	*) failed $EX_UNSUPPORTED architecture architecture "makedumpfile does not know $check_arch" "none; netconsole or ramoops can keep the kernel's log" ;;
	esac
	check_virtual=$(fact_virtual)
	case $check_virtual in
	container:*) warned virtual container "looks like one (${check_virtual#container: }): then the kernel, its reservation and its dump are the host's" "if it is one, run this on the host" ;;
	'') ;;
	*) passed virtual "virtual machine" "hypervisor: $check_virtual" ;;
	esac
	check_configs=$(fact_configs KEXEC KEXEC_FILE KEXEC_SIG_FORCE CRASH_DUMP PROC_VMCORE RELOCATABLE BLK_DEV_INITRD KALLSYMS_ALL \
		MAGIC_SYSRQ DEBUG_INFO_BTF EXT4_FS XFS_FS BTRFS_FS NFS_FS)
	if [ -z "$check_configs" ]; then
		skipped config configuration "neither /proc/config.gz nor /boot/config-$check_kver can be read"
		[ -n "$(fact_crash_size)" ] || failed $EX_UNSUPPORTED kexec "crash dumping" "the kernel shows no crash_size in /sys/kernel" "boot a kernel with CONFIG_KEXEC and CONFIG_CRASH_DUMP, as distributions build it"
		return
	fi
	_check_config
}

configured() {
	case $check_configs in
	*" $1=y "* | *" $1=m "*) return 0 ;;
	*) return 1 ;;
	esac
}

_check_config() {
	if configured KEXEC || configured KEXEC_FILE; then
		passed kexec "loading kernels" "built in:$(for name in KEXEC KEXEC_FILE; do configured $name && printf ' CONFIG_%s' $name; done)"
	else
		failed $EX_UNSUPPORTED kexec "loading kernels" "this kernel can load no other: CONFIG_KEXEC and CONFIG_KEXEC_FILE are off" "boot a kernel that has them, as distributions build it (Debian: apt-get install linux-image-amd64)"
	fi
	check_missing=
	for name in CRASH_DUMP PROC_VMCORE BLK_DEV_INITRD; do
		configured $name || check_missing="$check_missing CONFIG_$name"
	done
	case $check_arch in
	x86_64 | i?86 | ppc64*) configured RELOCATABLE || check_missing="$check_missing CONFIG_RELOCATABLE" ;;
	esac
	if [ -n "$check_missing" ]; then
		failed $EX_UNSUPPORTED crash_dump "crash dumping" "off in this kernel:$check_missing" "boot a kernel that has them; the capture kernel is the same kernel"
	else
		passed crash_dump "crash dumping" "the kernel can be a capture kernel: CRASH_DUMP, PROC_VMCORE, initramfs"
	fi
	if [ "$check_arch" = aarch64 ] && ! configured KALLSYMS_ALL && ! configured KEXEC_FILE; then
		failed $EX_UNSUPPORTED kallsyms_all "arm64 symbols" "CONFIG_KALLSYMS_ALL is off: kexec finds no _text, returns 0 and loads a useless header" "boot a kernel with CONFIG_KALLSYMS_ALL or CONFIG_KEXEC_FILE (Debian 13 has the first)"
	fi
}

_check_reservation() {
	group "The reservation"
	check_granted=$(fact_crash_size)
	check_asked=$(fact_parameter crashkernel)
	if [ "$(first_line "$root/sys/kernel/fadump/enabled" "$root/sys/kernel/fadump_enabled")" = 1 ]; then
		_check_fadump
		return
	fi
	case $check_granted in
	'')
		if [ "$check_code" = $EX_UNSUPPORTED ]; then
			skipped reservation reservation "not possible with this kernel"
		else
			failed $EX_UNSUPPORTED reservation reservation "the kernel shows no crash_size in /sys/kernel" "boot a kernel with CONFIG_CRASH_DUMP"
		fi
		;;
	0) _check_nothing_reserved ;;
	*) _check_reserved ;;
	esac
}

_check_nothing_reserved() {
	size_sum
	if [ -z "$check_asked" ]; then
		failed $EX_REBOOT reservation reservation "nothing is reserved, for crashkernel= is not on the kernel's command line" "$(reserve_how "$size_advice")"
	else
		failed $EX_REBOOT reservation reservation "crashkernel=$check_asked was asked for and nothing was granted: no range matches this memory ($(fact_memory_mb) MB), or no room" "read \`dmesg | grep -i crash\`; then $(reserve_how "$size_advice")"
	fi
}

_check_reserved() {
	check_mb=$((check_granted / 1048576))
	check_wanted=$(crashkernel_mb "$check_asked" "$(fact_memory_mb)")
	if [ -n "$check_wanted" ] && [ $((check_mb + 16)) -lt "$check_wanted" ]; then
		warned reservation reservation "$check_mb MB were granted, crashkernel=$check_asked asks for $check_wanted MB" "read \`dmesg | grep -i crash\`; something shrank it"
	else
		passed reservation reservation "$check_mb MB${check_asked:+, by crashkernel=$check_asked}"
	fi
	size_sum
	if [ "$check_mb" -lt "$size_needed" ]; then
		warned size size "$check_mb MB are reserved, $size_needed MB is what $size_basis" "$(reserve_how "$size_advice")"
	else
		passed size size "$check_mb MB are reserved, $size_needed MB is what $size_basis"
	fi
}

_check_fadump() {
	if [ "$(first_line "$root/sys/kernel/fadump/registered" "$root/sys/kernel/fadump_registered")" = 1 ]; then
		passed reservation "fadump" "firmware-assisted dump is on and registered; a crash restarts into a normal boot with /proc/vmcore"
	else
		failed $EX_FAILED reservation "fadump" "firmware-assisted dump is on but not registered" "echo 1 > /sys/kernel/fadump/registered"
	fi
	warned fadump "fadump" "this tool builds and loads for kexec; with fadump the normal initramfs must save the dump" "use the distribution's kdump for fadump, or boot with fadump=off"
}

_check_lock() {
	group "What locks it"
	check_lockdown=$(fact_lockdown)
	check_enforced=
	case $check_lockdown in
	integrity | confidentiality) check_enforced="lockdown is $check_lockdown" ;;
	esac
	! configured KEXEC_SIG_FORCE || check_enforced="CONFIG_KEXEC_SIG_FORCE is on"
	[ "$(first_line "$root/sys/firmware/ipl/secure")" != 1 ] || check_enforced="the machine was booted by secure IPL"
	_check_signature
	if [ "$(fact_sysctl kexec_load_disabled)" != 1 ]; then
		passed load_disabled "kexec_load" "kexec_load_disabled is not set"
	elif [ "$check_loaded" = 1 ]; then
		warned load_disabled "kexec_load" "kexec_load_disabled is 1: what is loaded stays, nothing can replace it" "reboot before the next change"
	else
		failed $EX_REFUSED load_disabled "kexec_load" "kexec_load_disabled is 1 and nothing is loaded; it cannot be taken back" "remove it from /etc/sysctl.d, or set it only after kdump-capture load; then reboot"
	fi
	case $(fact_sysctl kexec_load_limit_panic):$check_loaded in
	0:1) warned load_limit "load limit" "kexec_load_limit_panic is 0: no further load is allowed" "reboot before the next change" ;;
	0:*) failed $EX_REFUSED load_limit "load limit" "kexec_load_limit_panic is 0 and nothing is loaded" "remove it from /etc/sysctl.d and reboot" ;;
	esac
}

_check_signature() {
	check_boot="Secure Boot: ${check_secret:-none here}; lockdown: ${check_lockdown:-none}"
	if [ -z "$check_enforced" ]; then
		passed signature signature "not asked for ($check_boot)"
		return
	fi
	check_image=$(kernel_file "$check_kver")
	if ! configured KEXEC_FILE; then
		failed $EX_REFUSED signature signature "$check_enforced, and this kernel has no kexec_file_load, the only call that is then allowed" "boot a kernel with CONFIG_KEXEC_FILE"
	elif [ -z "$check_image" ]; then
		warned signature signature "$check_enforced, and the kernel's file was not found" "give it to kdump-capture load --kernel FILE"
	elif [ "$(fact_signed "$check_image")" = no ]; then
		failed $EX_REFUSED signature signature "$check_enforced, and $check_image is not signed ($check_boot)" "use the distribution's signed kernel, or sign it with a key that the machine trusts (sbsign, mokutil)"
	else
		passed signature signature "$check_enforced; $check_image is signed, which the kernel will judge"
	fi
}

# tool NAME: is it below $root?
tool() {
	find_program "$1" >/dev/null
}

_check_tools() {
	group "Programs"
	if tool kexec; then
		passed kexec_tools kexec-tools "$(find_program kexec)"
	else
		failed $EX_FAILED kexec_tools kexec-tools "not installed" "$(install_how kexec-tools)"
	fi
	if [ "$conf_collector" != makedumpfile ]; then
		skipped makedumpfile makedumpfile "not wanted: collector = $conf_collector"
	elif tool makedumpfile; then
		_check_makedumpfile
	else
		failed $EX_FAILED makedumpfile makedumpfile "not installed" "$(install_how makedumpfile)"
	fi
	check_builder=$(_chosen_builder)
	case $check_builder in
	'') failed $EX_BUILD builder builder "nothing here builds an image" "$(install_how busybox)" ;;
	generic) _check_needs busybox "builder" "generic: busybox, and the modules that this machine needs" ;;
	dracut) _check_needs dracut "builder" dracut ;;
	*) _check_needs mkinitramfs "builder" "$check_builder" ;;
	esac
}

_check_needs() {
	if tool "$1"; then
		passed builder "$2" "$3"
	else
		failed $EX_BUILD builder "$2" "$1 is not installed" "$(install_how "$1")"
	fi
}

# The newest kernel that each makedumpfile knows: LATEST_VERSION in its makedumpfile.h, by its tags.
_check_makedumpfile() {
	check_version= # nothing of another root is run
	[ -n "$root" ] || check_version=$(makedumpfile -v 2>/dev/null | sed -n 's/^makedumpfile: version \([0-9.]*\).*/\1/p')
	case $check_version in
	1.7.0) check_knows=5.15 ;;
	1.7.1) check_knows=5.17 ;;
	1.7.2) check_knows=6.0 ;;
	1.7.3) check_knows=6.3 ;;
	1.7.4) check_knows=6.6 ;;
	1.7.5) check_knows=6.8 ;;
	1.7.6) check_knows=6.11 ;;
	1.7.7) check_knows=6.14 ;;
	1.7.8) check_knows=6.17 ;;
	1.7.9) check_knows=7.0 ;;
	*)
		passed makedumpfile makedumpfile "version ${check_version:-unknown}"
		return
		;;
	esac
	if printf '%s.0 %s\n' "$check_kver" "$check_knows" | awk '{ split($1, k, /[.-]/); split($2, m, "."); exit !(k[1] * 1000 + k[2] > m[1] * 1000 + m[2]) }'; then
		warned makedumpfile makedumpfile "version $check_version knows kernels up to $check_knows, this one is $check_kver; it may leave out too much or too little" "use a newer makedumpfile, or try a dump and open it; the ladder falls back to a full copy when it fails"
	else
		passed makedumpfile makedumpfile "version $check_version knows kernels up to $check_knows"
	fi
}

# install_how PACKAGE: by the distribution's own command.
install_how() {
	case $(fact_distribution) in
	debian* | ubuntu* | linuxmint*) printf 'apt-get install %s\n' "$(printf '%s' "$1" | sed 's/^busybox$/busybox-static/; s/^mkinitramfs$/initramfs-tools/')" ;;
	fedora* | rhel* | centos* | rocky* | almalinux* | ol-*) printf 'dnf install %s\n' "$1" ;;
	opensuse* | sle*) printf 'zypper install %s\n' "$1" ;;
	arch* | steamos*) printf 'pacman -S %s\n' "$1" ;;
	*) printf 'install the package %s\n' "$1" ;;
	esac
}

_check_image() {
	group "The capture image"
	check_image=$root$STATE/capture-$check_kver.img
	check_about=$root$STATE/capture-$check_kver.manifest
	if [ ! -e "$check_image" ]; then
		failed $EX_BUILD image image "none for this kernel ($STATE/capture-$check_kver.img)" "kdump-capture build -c"
		return
	fi
	check_stale=
	check_sum=$(write_config | sha256sum)
	[ "$(state_fact "$check_about" config_sha256)" = "${check_sum%% *}" ] || check_stale="the configuration has changed since"
	[ "$(state_fact "$check_about" kver)" = "$check_kver" ] || check_stale="it is for another kernel"
	check_kernel=$(kernel_file "$check_kver")
	if [ -n "$check_kernel" ] && [ "$check_kernel" -nt "$check_image" ]; then
		check_stale="the kernel's file is newer"
	fi
	if [ -n "$check_stale" ]; then
		failed $EX_BUILD image image "stale: $check_stale" "kdump-capture build -c && kdump-capture load"
	elif [ "$(state_fact "$check_about" version)" != "$VERSION" ]; then
		warned image image "made by version $(state_fact "$check_about" version) of this tool, which is $VERSION now" "kdump-capture build -c && kdump-capture load"
	else
		passed image image "$(($(wc -c <"$check_image") / 1024)) KB, builder $(state_fact "$check_about" builder), as the configuration says"
	fi
}

_check_loaded() {
	group "The capture kernel"
	check_others=
	for name in kdump-tools kdump kdump-early kdumpst-init; do
		! service_enabled $name || check_others="$check_others $name.service"
	done
	[ -z "$check_others" ] || warned others "other tools" "enabled here:$check_others; whoever loads last decides" "systemctl disable --now$check_others"
	check_mine=$(state_fact "$root$RUN/loaded" image_sha256)
	case $check_loaded:$check_mine in
	1:) warned loaded loaded "yes, but not by this tool${check_others:+, so perhaps by$check_others}" "kdump-capture load --replace, when that tool is disabled" ;;
	1:"$(state_fact "$root$STATE/capture-$check_kver.manifest" image_sha256)") passed loaded loaded "yes, by this tool, the image above" ;;
	1:*) failed $EX_FAILED loaded loaded "an older image is loaded" "kdump-capture load" ;;
	*) failed $EX_FAILED loaded loaded "no" "kdump-capture load" ;;
	esac
	case $(first_line "$root/sys/devices/system/cpu/crash_hotplug"):$(first_line "$root/sys/devices/system/memory/crash_hotplug") in
	1:1) passed hotplug hotplug "the kernel itself keeps CPUs and memory up to date" ;;
	*) skipped hotplug hotplug "this kernel does not follow hotplug: load again after CPUs or memory come or go" ;;
	esac
}

# Policy is the owner's: nothing here fails.
_check_policy() {
	group "What leads to a dump"
	if [ "$(fact_sysctl panic_on_oops)" = 0 ]; then
		warned panic_on_oops "oops" "panic_on_oops is 0: after an oops the kernel goes on, and there is no dump" "sysctl -w kernel.panic_on_oops=1, and the same in /etc/sysctl.d"
	else
		passed panic_on_oops "oops" "panic_on_oops is 1"
	fi
	check_off=
	for name in softlockup_panic hardlockup_panic hung_task_panic unknown_nmi_panic panic_on_warn; do
		[ "$(fact_sysctl $name)" != 0 ] || check_off="$check_off $name"
	done
	[ -z "$check_off" ] || skipped panic_others "other causes" "no dump for these, which is the kernel's default:$check_off"
	case $(fact_parameter crash_kexec_post_notifiers) in
	1 | y | Y) warned notifiers notifiers "crash_kexec_post_notifiers runs other code before the capture kernel, and can hang there" "leave it out, unless the hypervisor needs it" ;;
	esac
	[ "$(fact_sysctl panic)" != 0 ] || warned panic_timeout "after a panic" "panic is 0: should the capture kernel not start, the machine hangs" "sysctl -w kernel.panic=10"
}

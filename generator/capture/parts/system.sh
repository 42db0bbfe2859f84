# Facts about this machine, each asked in one place. All read below $root, so that a copied /proc and /sys can be asked.

# fact_arch: the kernel's name of the machine (x86_64, i686, ppc64le, aarch64, s390x, ...). The file is there since 6.1.
fact_arch() {
	if [ -r "$root/proc/sys/kernel/arch" ]; then
		first_line "$root/proc/sys/kernel/arch"
	else
		uname -m
	fi
}

# fact_kver: the release of the running kernel.
fact_kver() {
	if [ -r "$root/proc/sys/kernel/osrelease" ]; then
		first_line "$root/proc/sys/kernel/osrelease"
	else
		uname -r
	fi
}

# fact_crash_size: bytes reserved for the capture kernel, "" when the kernel does not say.
# Linux 6.19 moved the files to /sys/kernel/kexec/; the old names are documented to go after 2028.
fact_crash_size() {
	first_line "$root/sys/kernel/kexec/crash_size" "$root/sys/kernel/kexec_crash_size"
}

# fact_crash_loaded: 1 or 0, "" when the kernel does not say.
fact_crash_loaded() {
	first_line "$root/sys/kernel/kexec/crash_loaded" "$root/sys/kernel/kexec_crash_loaded"
}

# fact_config SYMBOL [KVER]: y, m, n, a value, or "" when no configuration can be read.
fact_config() {
	config_text=$root/boot/config-${2:-$(fact_kver)}
	if [ -r "$root/proc/config.gz" ] && [ -z "${2:-}" ]; then
		gzip -dc "$root/proc/config.gz" 2>/dev/null | _config_symbol "$1"
	elif [ -r "$config_text" ]; then
		_config_symbol "$1" <"$config_text"
	fi
}

_config_symbol() {
	awk -v name="CONFIG_$1" '
		index($0, name "=") == 1 { found = substr($0, length(name) + 2) }
		END { print found == "" ? "n" : found }'
}

# fact_configs SYMBOL...: the set ones as " A=y B=m ", read once; "" when no configuration can be read.
fact_configs() {
	configs_text=$root/boot/config-$(fact_kver)
	if [ -r "$root/proc/config.gz" ]; then
		gzip -dc "$root/proc/config.gz" 2>/dev/null
	elif [ -r "$configs_text" ]; then
		cat "$configs_text"
	fi | awk -F= -v names=" $* " '
		/^CONFIG_/ { seen = 1; name = substr($1, 8); if (index(names, " " name " ")) found = found " " name "=" $2 }
		END { if (seen) print found " " }'
}

# fact_mounts: what is mounted here, as /proc/mounts.
fact_mounts() {
	cat "$root/proc/self/mounts" "$root/proc/mounts" 2>/dev/null | awk '!seen[$0]++'
}

# fact_memory_mb: the memory that the kernel uses.
fact_memory_mb() {
	awk '$1 == "MemTotal:" { print int($2 / 1024) }' "$root/proc/meminfo" 2>/dev/null
}

fact_cpus() {
	grep -c '^processor' "$root/proc/cpuinfo" 2>/dev/null
}

fact_hostname() {
	if [ -r "$root/proc/sys/kernel/hostname" ]; then
		first_line "$root/proc/sys/kernel/hostname"
	else
		uname -n
	fi
}

# fact_sysctl NAME: such as panic_on_oops; "" where there is none.
fact_sysctl() {
	first_line "$root/proc/sys/kernel/$1"
}

# fact_parameter NAME: its last value on the kernel's command line; "" when it is not there.
fact_parameter() {
	[ ! -r "$root/proc/cmdline" ] || awk -v name="$1=" '
		{ for (i = 1; i <= NF; i++) if (index($i, name) == 1) found = substr($i, length(name) + 1) }
		END { print found }' "$root/proc/cmdline"
}

# crashkernel_mb SPEC MEMORY_MB: the MB that a crashkernel= asks for, "" when the form is not known. Ranges are matched
# against memory rounded up to 128 MB (kernel/crash_reserve.c).
crashkernel_mb() {
	printf '%s\n' "$1" | awk -v memory="$2" '
		function mb(text,  unit) {
			if (text !~ /^[0-9]+[kKmMgGtT]?$/) return -1
			unit = toupper(substr(text, length(text)))
			if (unit == "T") return text * 1048576
			if (unit == "G") return text * 1024
			if (unit == "M") return text + 0
			return unit == "K" ? text / 1024 : text / 1048576
		}
		{
			sub(/@.*/, "")
			if (index($0, ":") == 0) {
				sub(/,.*/, "")
				size = mb($0)
			} else {
				memory = int((memory + 127) / 128) * 128
				size = 0
				n = split($0, ranges, ",")
				for (i = 1; i <= n; i++) {
					split(ranges[i], half, ":")
					split(half[1], ends, "-")
					high = ends[2] == "" ? 1e15 : mb(ends[2])
					if (memory >= mb(ends[1]) && memory < high) { size = mb(half[2]); break }
				}
			}
			if (size >= 0) printf "%d\n", size
		}'
}

# fact_iomem_kb LABEL...: the kB that /proc/iomem shows under these names, "" when addresses are hidden (not root).
fact_iomem_kb() {
	for iomem_label; do
		awk -v label="$iomem_label" '
			function hex(text,  i, n) {
				for (i = 1; i <= length(text); i++) n = n * 16 + index("123456789abcdef", tolower(substr(text, i, 1)))
				return n
			}
			{
				line = $0
				sub(/^ */, "", line)
				if (substr(line, length(line) - length(label) - 2) != " : " label) next
				split($1, ends, "-")
				if (hex(ends[2]) > 0) print (hex(ends[2]) - hex(ends[1]) + 1) / 1024
			}' "$root/proc/iomem" 2>/dev/null
	done | awk '{ sum += $1 } END { if (NR) printf "%d\n", sum }'
}

# fact_secure_boot: on, off, setup (no keys yet), or "" without UEFI. The variable's value is behind 4 bytes of attributes.
fact_secure_boot() {
	boot_guid=8be4df61-93ca-11d2-aa0d-00e098032b8c
	boot_on=$(od -An -tu1 -j 4 -N 1 "$root/sys/firmware/efi/efivars/SecureBoot-$boot_guid" 2>/dev/null | tr -d ' ')
	boot_setup=$(od -An -tu1 -j 4 -N 1 "$root/sys/firmware/efi/efivars/SetupMode-$boot_guid" 2>/dev/null | tr -d ' ')
	case $boot_on:$boot_setup in
	1:1) echo setup ;;
	1:*) echo on ;;
	0:*) echo off ;;
	esac
}

# fact_lockdown: none, integrity, confidentiality, or "".
fact_lockdown() {
	first_line "$root/sys/kernel/security/lockdown" | sed -n 's/.*\[\(.*\)\].*/\1/p'
}

# fact_signed KERNEL: pe (UEFI's form, x86 and arm64), appended (s390, ppc64), or no. That it is signed, not by whom.
fact_signed() {
	if tail -c 28 "$1" 2>/dev/null | grep -q 'Module signature appended'; then
		echo appended
		return
	fi
	signed_at=0
	if [ "$(dd if="$1" bs=2 count=1 2>/dev/null | tr -d '\0')" = MZ ]; then
		signed_at=$(($(_number_at "$1" 60 4 little) + 24))
		case $(_number_at "$1" "$signed_at" 2 little) in
		523) signed_at=$((signed_at + 112 + 36)) ;; # PE32+: the size in entry 4 of its data directories
		267) signed_at=$((signed_at + 96 + 36)) ;;
		*) signed_at=0 ;;
		esac
	fi
	if [ "$signed_at" -gt 0 ] && [ "$(_number_at "$1" "$signed_at" 4 little)" -gt 0 ]; then
		echo pe
	else
		echo no
	fi
}

# fact_virtual: container:..., a hypervisor's name, or "".
fact_virtual() {
	if [ -s "$root/run/systemd/container" ]; then
		printf 'container: %s\n' "$(first_line "$root/run/systemd/container")"
	elif [ -e "$root/run/.containerenv" ] || [ -e "$root/.dockerenv" ]; then
		printf 'container: its marker file is in /\n'
	elif [ -r "$root/sys/hypervisor/type" ]; then
		first_line "$root/sys/hypervisor/type"
	elif grep -qs '^flags.* hypervisor' "$root/proc/cpuinfo"; then
		virtual_name=$(first_line "$root/sys/class/dmi/id/sys_vendor")
		printf '%s\n' "${virtual_name:-unnamed}"
	fi
}

# service_enabled NAME: is this systemd service started at boot?
service_enabled() {
	for service_link in "$root"/etc/systemd/system/*.wants/"$1.service"; do
		[ ! -L "$service_link" ] && [ ! -e "$service_link" ] || return 0
	done
	return 1
}

# state_fact FILE KEY: the value of `key = value` in a file of ours.
state_fact() {
	[ ! -r "$1" ] || awk -v key="$2" '$1 == key && $2 == "=" { sub(/^[^=]*= */, ""); print; exit }' "$1"
}

# first_line FILE...: the first line of the first of them that can be read.
first_line() {
	for file; do
		if [ -r "$file" ] && [ ! -d "$file" ]; then
			IFS= read -r line <"$file" || :
			printf '%s\n' "$line"
			return
		fi
	done
}

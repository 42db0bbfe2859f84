# Facts about this machine, each asked in one place. All read below $root, so that a copied /proc and /sys can be asked.

# fact_arch: the kernel's name of the machine (x86_64, i686, ppc64le, aarch64, s390x, ...).
fact_arch() {
	uname -m
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
	config_text=$root/boot/config-${2:-$(uname -r)}
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

# first_line FILE...: the first line of the first of them that can be read.
first_line() {
	for file; do
		if [ -r "$file" ]; then
			IFS= read -r line <"$file" || :
			printf '%s\n' "$line"
			return
		fi
	done
}

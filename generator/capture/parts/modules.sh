# Kernel modules for a capture image: which, in which order, and unpacked, for busybox' insmod takes no compressed ones.

# What ext4, xfs and others ask the kernel for by name, when they are loaded or at mount; modules.dep does not say so.
ASKED_BY_NAME='crc32c_generic crc32c'

# wanted_modules KVER: names, one a line, for the configured targets and this machine (or, for another root, a virtual one).
wanted_modules() {
	# shellcheck disable=SC2086
	printf '%s\n' $ASKED_BY_NAME
	printf '%s\n' "$conf_targets" | while read -r wanted_kind wanted_where _; do
		case $wanted_kind in
		ext4 | xfs | btrfs) printf '%s\n' "$wanted_kind" && device_modules "$wanted_where" ;;
		auto) printf '%s\n' ext4 xfs btrfs && device_modules "$wanted_where" ;;
		raw) device_modules "$wanted_where" ;;
		nfs) printf '%s\n' nfs nfsv3 nfsv4 && network_modules ;;
		ssh | http://* | https://*) network_modules ;;
		esac
	done
	# shellcheck disable=SC2086
	printf '%s\n' $conf_extra_modules
}

# device_modules SPEC: what drives the block device: the modules of the drivers from it up to the bus.
device_modules() {
	if [ -n "$root" ]; then
		printf '%s\n' virtio_pci virtio_mmio virtio_blk virtio_scsi sd_mod nvme ahci ata_piix
		return
	fi
	case $1 in
	/dev/*) modules_device=$1 ;;
	*) modules_device=$(findfs "$1" 2>/dev/null) || die $EX_TARGET "$1 is not on this machine" ;;
	esac
	modules_device=$(readlink -f "$modules_device")
	case ${modules_device##*/} in
	dm-* | md*) die $EX_UNSUPPORTED "$1 is on LVM, RAID or an encrypted disk, which the generic builder cannot set up: use build -c -b dracut, or a target on a plain partition or the network" ;;
	esac
	modules_path=$(readlink -f "/sys/class/block/${modules_device##*/}") || die $EX_TARGET "$1 is no block device"
	drivers_above "$modules_path"
	printf '%s\n' sd_mod
}

network_modules() {
	if [ -n "$root" ]; then
		printf '%s\n' virtio_pci virtio_mmio virtio_net e1000 e1000e
	else
		for modules_interface in /sys/class/net/*; do
			[ ! -e "$modules_interface/device" ] || drivers_above "$(readlink -f "$modules_interface")"
		done
	fi
	printf '%s\n' af_packet
}

# drivers_above PATH: the modules of all drivers on the way from a device to its bus.
drivers_above() {
	above=$1
	while [ "$above" != /sys/devices ] && [ "${above#/sys/}" != "$above" ]; do
		if [ -e "$above/driver/module" ]; then
			above_module=$(readlink -f "$above/driver/module")
			printf '%s\n' "${above_module##*/}"
		fi
		above=${above%/*}
	done
}

# order_modules KVER <names: paths below the modules' folder in the order of insmod. What is built in needs none; what is
# nowhere is said on standard error.
order_modules() {
	modules_folder=$root/lib/modules/$1
	[ -r "$modules_folder/modules.dep" ] || die $EX_BUILD "$modules_folder/modules.dep is not there: install the kernel $1, or run depmod"
	[ -r "$modules_folder/modules.builtin" ] || : >"$work/no-builtin"
	modules_builtin=$modules_folder/modules.builtin
	[ -r "$modules_builtin" ] || modules_builtin=$work/no-builtin
	modules_soft=$modules_folder/modules.softdep
	[ -r "$modules_soft" ] || modules_soft=/dev/null
	modules_aliases=$modules_folder/modules.alias
	[ -r "$modules_aliases" ] || modules_aliases=/dev/null
	awk -v omit=" $conf_omit_modules " '
		function base(path) { sub(/.*\//, "", path); sub(/\.ko(\.[a-z0-9]+)?$/, "", path); gsub(/-/, "_", path); return path }
		function add(name,    list, count, i) {
			if (name in done || index(omit, " " name " ")) return
			done[name] = 1
			count = split(soft[name], list, " ")
			for (i = 1; i <= count; i++) soft_add(list[i])
			count = split(needs[name], list, " ")
			for (i = count; i >= 1; i--) add(base(list[i]))
			if (name in file) print file[name]
			else if (!(name in builtin) && !(name in optional)) print "note: no module " name > "/dev/stderr"
		}
		function soft_add(name,    list, count, i) {
			if (name in file) add(name)
			count = split(alias[name], list, " ")
			for (i = 1; i <= count; i++) if (list[i] in file) add(list[i])
		}
		BEGIN { optional["crc32c"]; optional["crc32c_generic"]; optional["af_packet"]; optional["e1000"]; optional["e1000e"] }
		FILENAME == ARGV[1] { builtin[base($1)]; next }
		FILENAME == ARGV[2] {
			if ($1 == "softdep") { for (i = 3; i <= NF && $i != "post:"; i++) if ($i != "pre:") soft[base($2)] = soft[base($2)] " " base($i) }
			next
		}
		FILENAME == ARGV[3] {
			if ($1 == "alias" && $2 !~ /[*?[]/) alias[base($2)] = alias[base($2)] " " base($3)
			next
		}
		FILENAME == ARGV[4] { split($0, half, ": *"); file[base(half[1])] = half[1]; needs[base(half[1])] = half[2]; next }
		NF { name = $1; gsub(/-/, "_", name); add(name) }
	' "$modules_builtin" "$modules_soft" "$modules_aliases" "$modules_folder/modules.dep" - 2>"$work/modules-said"
	sed 's/^/  /' "$work/modules-said" >&2
}

# unpack_module FILE OUT
unpack_module() {
	case $1 in
	*.ko) cp "$1" "$2" ;;
	*.ko.xz) xz -dc "$1" >"$2" ;;
	*.ko.zst) zstd -qdc "$1" >"$2" ;;
	*.ko.gz) gzip -dc "$1" >"$2" ;;
	*) return 1 ;;
	esac
}

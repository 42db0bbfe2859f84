# The generic builder: busybox, makedumpfile with its libraries, a few modules, and this program as /init.

build_generic() {
	tree=$work/tree
	umask 022 # within the image; the image itself is 0600
	for tree_folder in usr/bin usr/sbin usr/lib usr/lib64 proc sys dev run tmp etc root; do
		mkdir -p "$tree/$tree_folder"
	done
	for tree_link in bin sbin lib lib64; do
		ln -s "usr/$tree_link" "$tree/$tree_link"
	done
	_generic_programs
	_generic_modules
	own_files "$tree"
	ln -s usr/bin/kdump-capture "$tree/init"
	ln -s busybox "$tree/usr/bin/sh"
	printf 'root:x:0:0::/root:/bin/sh\n' >"$tree/etc/passwd"
	write_dhcp_script "$tree"
	# /dev/console, which the kernel gives to init, is in the archive that every kernel has within itself.
	umask 077
	pack_image "$tree"
}

_generic_programs() {
	add_program busybox "$tree" || die $EX_BUILD "$problem: install busybox-static (or busybox)"
	[ "$program" = /usr/bin/busybox ] || ln -s "..${program#/usr}" "$tree/usr/bin/busybox" 2>/dev/null || :
	if [ "$conf_collector" = makedumpfile ]; then
		add_program makedumpfile "$tree" || die $EX_BUILD "$problem: install makedumpfile, or set collector = cp"
	fi
	if targets_of ssh; then
		add_program ssh "$tree" || add_program dbclient "$tree" || die $EX_BUILD "$problem: a target needs openssh-client or dropbear"
	fi
	if targets_of https; then
		add_program curl "$tree" || die $EX_BUILD "$problem: an https target needs curl"
	fi
	if find_program vmcore-dmesg >/dev/null; then
		add_program vmcore-dmesg "$tree" || die $EX_BUILD "$problem"
	fi
}

_generic_modules() {
	wanted_modules >"$work/wanted"
	order_modules "$build_kver" <"$work/wanted" >"$work/modules"
	mkdir -p "$tree$INSIDE"
	: >"$tree$INSIDE/modules"
	while read -r module_path; do
		module_out=/usr/lib/modules/${module_path##*/}
		module_out=${module_out%%.ko*}.ko
		mkdir -p "$tree/usr/lib/modules"
		unpack_module "$root/lib/modules/$build_kver/$module_path" "$tree$module_out" ||
			die $EX_BUILD "$module_path cannot be unpacked: install xz or zstd"
		printf '%s\n' "$module_out" >>"$tree$INSIDE/modules"
	done <"$work/modules"
}

# What udhcpc calls with an address: only that and the route are taken; no name, no server, no option.
write_dhcp_script() {
	cat >"$1/usr/bin/kdump-capture-dhcp" <<-'SCRIPT'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr add "$ip/${mask:-24}" dev "$interface"
		for gateway in $router; do
			ip route add default via "$gateway" && break
		done
	SCRIPT
	chmod 755 "$1/usr/bin/kdump-capture-dhcp"
}

# /init of the generic image: what stage 2 needs, and then stage 2. When it ends, the kernel panics and panic= reboots.

init_command() {
	/bin/busybox mount -t proc proc /proc
	/bin/busybox --install -s /usr/bin
	mount -t sysfs sysfs /sys
	mount -t devtmpfs dev /dev
	mount -t tmpfs -o mode=0755 run /run
	exec </dev/console >/dev/console 2>&1
	command=stage2
	while read -r init_module; do
		insmod "$init_module" || echo "kdump-capture: $init_module cannot be loaded"
	done <"$INSIDE/modules"
	stage2_command
	last_resort
}

# start_network: bring up the interface with the configured MAC; what goes wrong is said, and the target will say more.
start_network() {
	ip link set lo up
	# shellcheck disable=SC2086
	set -- $conf_network
	init_until=$(($(now) + 15))
	init_interface=
	while [ -z "$init_interface" ] && [ "$(now)" -lt "$init_until" ]; do
		for init_path in /sys/class/net/*; do
			[ "$(cat "$init_path/address" 2>/dev/null)" != "$2" ] || init_interface=${init_path##*/}
		done
		[ -n "$init_interface" ] || sleep 1
	done
	if [ -z "$init_interface" ]; then
		log "no network interface has the address $2"
		return
	fi
	ip link set "$init_interface" up
	case $1 in
	static)
		ip addr add "$3" dev "$init_interface"
		[ -z "${4:-}" ] || ip route add default via "$4"
		;;
	dhcp) udhcpc -i "$init_interface" -n -q -t 10 -s /usr/bin/kdump-capture-dhcp ;;
	esac
}

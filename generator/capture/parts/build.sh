# Build images: -c the capture initramfs, -i a first-kernel initramfs that loads it. (2005: mkinitrd -c and -i.)

build_command() {
	common_start
	build_kind=
	build_builder=
	build_out=
	build_kver=
	build_kernel=
	build_image=
	build_raw=
	while [ $# -gt 0 ]; do
		common_option "$@"
		if [ "$shifted" = 0 ]; then
			_build_option "$@"
		fi
		shift "$shifted"
	done
	common_end
	[ -z "$build_builder" ] || config_set builder "$build_builder" || die $EX_USAGE "$problem"
	[ -n "$build_kver" ] || build_kver=$(_newest_kernel)
	case ${build_raw:+raw}$build_kind in
	raw*) _init_raw ;;
	capture) build_capture ;;
	autoload) build_autoload ;;
	*) die $EX_USAGE "build: say -c (capture initramfs) or -i (first-kernel initramfs)" ;;
	esac
}

_build_option() {
	shifted=2
	case $1 in
	-b | -o | -t | --kernel | --image | --init-raw) [ $# -ge 2 ] || die $EX_USAGE "build: $1 needs a value" ;;
	esac
	case $1 in
	-c) build_kind=capture && shifted=1 ;;
	-i) build_kind=autoload && shifted=1 ;;
	-b) build_builder=$2 ;;
	-o) build_out=$2 ;;
	-t) option_targets="$option_targets${option_targets:+$NL}$2" ;;
	--kernel) build_kernel=$2 ;;
	--image) build_image=$2 ;;
	--init-raw) build_raw=$2 ;;
	-*) die $EX_USAGE "build: $1 is not known" ;;
	*) build_kver=$1 && shifted=1 ;;
	esac
}

# The running kernel; for another root, the last there is.
_newest_kernel() {
	if [ -z "$root" ]; then
		uname -r
		return
	fi
	newest=
	for newest_folder in "$root"/lib/modules/*; do
		[ -d "$newest_folder" ] && newest=${newest_folder##*/}
	done
	[ -n "$newest" ] || die $EX_BUILD "$root/lib/modules holds no kernel"
	printf '%s\n' "$newest"
}

build_capture() {
	[ -n "$conf_targets" ] || die $EX_USAGE "build: no target: add \`target = ...\` to $config_path, or --target"
	build_out=${build_out:-$root$STATE/capture-$build_kver.img}
	make_work
	case $(_chosen_builder) in
	generic) build_generic ;;
	initramfs-tools) build_initramfs ;;
	dracut) build_dracut ;;
	*) die $EX_BUILD "neither busybox and makedumpfile nor dracut nor initramfs-tools are installed: install busybox-static (or busybox) and makedumpfile" ;;
	esac
	_keep_image
}

_chosen_builder() {
	if [ "$conf_builder" != auto ]; then
		printf '%s\n' "$conf_builder"
	elif find_program busybox >/dev/null && find_program makedumpfile >/dev/null; then
		echo generic
	elif find_program dracut >/dev/null; then
		echo dracut
	elif find_program mkinitramfs >/dev/null; then
		echo initramfs-tools
	fi
}

# _keep_image: $work/image becomes the image, 0600 for it may hold a key, in one step.
_keep_image() {
	[ -s "$work/image" ] || die $EX_BUILD "the builder left no image"
	mkdir -p "${build_out%/*}" 2>/dev/null
	cp "$work/image" "$build_out.new" && chmod 600 "$build_out.new" && sync "$build_out.new" 2>/dev/null
	cp "$work/manifest" "${build_out%.img}.manifest" || die $EX_SPACE "${build_out%.img}.manifest cannot be written"
	mv "$build_out.new" "$build_out" || die $EX_SPACE "$build_out cannot be written"
	build_bytes=$(ls -ln "$build_out" | awk '{ print $5 }')
	build_sha256=$(sha256sum <"$build_out")
	printf 'image_sha256 = %s\nimage_bytes = %s\n' "${build_sha256%% *}" "$build_bytes" >>"${build_out%.img}.manifest"
	text image "$build_out"
	text kernel "$build_kver"
	text sha256 "${build_sha256%% *}"
	number bytes "$build_bytes"
	number unpacked_bytes "${unpacked_bytes:-}"
	say "$build_out: $((build_bytes / 1024)) KB${unpacked_bytes:+, $((unpacked_bytes / 1024)) KB unpacked}, kernel $build_kver"
	finish $EX_OK "built"
}

# make_work: scratch space that goes away at the end, however that comes.
make_work() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/kdump-capture.XXXXXX") || die $EX_SPACE "no scratch space in ${TMPDIR:-/tmp}"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM HUP
}

# own_file: the path of this program; it goes into every image.
own_file() {
	case $0 in
	/*) printf '%s\n' "$0" ;;
	*/*) printf '%s\n' "$PWD/$0" ;;
	*) command -v "$0" ;;
	esac
}

# own_files TREE: what every builder puts into the capture image.
own_files() {
	own_path=$(own_file)
	[ -r "$own_path" ] || die $EX_BUILD "$own_path, this program, cannot be read"
	mkdir -p "$1/usr/bin" "$1$INSIDE"
	cp "$own_path" "$1/usr/bin/kdump-capture"
	chmod 755 "$1/usr/bin/kdump-capture"
	image_config >"$1$INSIDE/stage2.conf"
	_own_secret "$1" ssh_key
	_own_secret "$1" ssh_known_hosts
	_own_secret "$1" ca_file
	write_image_manifest >"$work/manifest"
	cp "$work/manifest" "$1$INSIDE/manifest"
}

# image_config: the configuration, with the files at the places they have in the image.
image_config() {
	write_config | awk -v inside="$INSIDE" '
		$1 == "ssh_key" || $1 == "ssh_known_hosts" || $1 == "ca_file" { print $1 " = " inside "/" $1; next }
		$1 == "network" || $1 == "builder" || $1 == "notify_cmd" { if ($1 == "network") print; next }
		{ print }'
	if [ -z "$conf_network" ] && needs_network; then
		current_network
	fi
}

_own_secret() {
	eval "own_source=\$conf_$2"
	case $2 in
	ca_file) targets_of https || return 0 ;;
	*) targets_of ssh || return 0 ;;
	esac
	[ -n "$own_source" ] && [ -r "$root$own_source" ] || die $EX_BUILD "$2: ${own_source:-nothing} cannot be read, and a target needs it"
	case $2:$(ls -ldL "$root$own_source") in
	ssh_key:????------*) ;;
	ssh_key:*) die $EX_BUILD "$own_source may be read by others: chmod 600 it" ;;
	esac
	cat "$root$own_source" >"$1$INSIDE/$2"
	chmod 600 "$1$INSIDE/$2"
}

targets_of() {
	case $NL$conf_targets in
	*"$NL$1"*) return 0 ;;
	*) return 1 ;;
	esac
}

needs_network() {
	targets_of ssh || targets_of http || targets_of nfs
}

# current_network: the address of this machine towards the network, as static configuration by MAC: no DHCP is trusted.
current_network() {
	if [ -n "$root" ]; then
		return
	fi
	current_device=$(ip -4 route show default 2>/dev/null | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
	[ -n "$current_device" ] || die $EX_BUILD "this machine has no default route: say \`network = ...\`"
	current_gateway=$(ip -4 route show default | awk '{ for (i = 1; i < NF; i++) if ($i == "via") { print $(i + 1); exit } }')
	current_address=$(ip -4 -o address show dev "$current_device" | awk '{ print $4; exit }')
	printf 'network = static %s %s %s\n' "$(cat "/sys/class/net/$current_device/address")" "$current_address" "$current_gateway"
}

# write_image_manifest: what the image was made of, to see later whether it is stale.
write_image_manifest() {
	manifest_tool=$(sha256sum <"$own_path")
	manifest_config=$(write_config | sha256sum)
	printf 'version = %s\ntool_sha256 = %s\nbuilder = %s\n' "$VERSION" "${manifest_tool%% *}" "$(_chosen_builder)"
	printf 'kver = %s\nconfig_sha256 = %s\n' "$build_kver" "${manifest_config%% *}"
	printf 'distribution = %s\n' "$(fact_distribution)"
}

# fact_distribution: such as debian-12.
fact_distribution() {
	[ ! -r "$root/etc/os-release" ] || awk -F= '
		$1 == "ID" { id = $2 } $1 == "VERSION_ID" { version = $2 }
		END { gsub(/"/, "", id); gsub(/"/, "", version); print id (version == "" ? "" : "-" version) }' "$root/etc/os-release"
}

# pack_image TREE: $work/image; the same tree gives the same bytes.
pack_image() {
	unpacked_bytes=$(du -sk "$1" | awk '{ print $1 * 1024 }')
	find "$1" -exec touch -h -d @0 {} + 2>/dev/null || find "$1" -exec touch -d @0 {} +
	(cd "$1" && find . | sort | _archive) >"$work/cpio" || die $EX_BUILD "the archive cannot be made: $(cat "$work/cpio-said")"
	_compress <"$work/cpio" >"$work/image" || die $EX_BUILD "the image cannot be compressed"
}

_archive() {
	if cpio --version 2>/dev/null | grep -q GNU; then
		cpio -o -H newc -R 0:0 --reproducible --quiet 2>"$work/cpio-said"
	else
		busybox cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>"$work/cpio-said"
	fi
}

# _compress: by what the kernel can unpack and this machine can pack; the reservation is what the capture kernel has.
_compress() {
	if command -v zstd >/dev/null 2>&1 && [ "$(fact_config RD_ZSTD "$build_kver")" = y ]; then
		zstd -q -19 -T1
	elif command -v xz >/dev/null 2>&1 && [ "$(fact_config RD_XZ "$build_kver")" = y ]; then
		xz -q --check=crc32 -9 -T1
	else
		gzip -9 -n
	fi
}

# _init_raw: put our mark on a partition, so that stage 2 may write there.
_init_raw() {
	[ -b "$build_raw" ] || die $EX_TARGET "$build_raw is no block device"
	case $build_raw in
	/dev/disk/by-*) ;;
	*) say "note: $build_raw can be another disk after a reboot; name it by /dev/disk/by-id/ or by-partuuid/" ;;
	esac
	raw_there=$(dd if="$build_raw" bs=4096 count=256 2>/dev/null | tr -d '\0' | head -c 64 | tr -cd '[:print:]')
	case $raw_there in
	'' | "magic = $RAW_MAGIC"*) ;;
	*) die $EX_TARGET "$build_raw is not empty (it begins: $raw_there); wipe it yourself if that is meant: wipefs -a, or dd zeros over its first MB" ;;
	esac
	make_work
	device=$build_raw
	target_name=-
	_raw_header empty || die $EX_TARGET "$build_raw cannot be written"
	finish $EX_OK "$build_raw carries our mark now"
}

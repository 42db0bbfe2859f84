# Dump targets. Stage 2 opens one, begins a dump, puts files into it, and finishes it; a dump that was not finished is
# recognisable as such on every kind: NAME.part, or (http) no manifest.json, or (raw) no `state = complete`.

MOUNT=/run/kdump-capture/target
RAW_MAGIC=kdump-capture-raw/1
RAW_BLOCK=1048576 # dd's block on a raw partition: header in block 0, the kernel's log from 1, the core from 16
RAW_DMESG=1
RAW_CORE=16

target_kind=   # dir, ssh, http, raw; "" when none is open
target_folder= # dir: where dumps go; ssh, http: the same, over there
target_name=   # of the dump that was begun

# target_open LINE: true when it is up. Otherwise $problem says why, and $target_exit is the exit code.
target_open() {
	problem=
	target_exit=$EX_TARGET
	target_line=$1
	set -f
	# shellcheck disable=SC2086
	set -- $1
	set +f
	case $1 in
	ext4 | xfs | btrfs | auto) _open_device "$1" "$2" "${3:-/}" ;;
	nfs) _open_nfs "$2" "${3:-/}" ;;
	ssh) _open_ssh "$2" "$3" ;;
	http://* | https://*) _open_http "$1" ;;
	raw) _open_raw "$2" ;;
	esac
	[ -z "$problem" ]
}

# target_opened FOLDER: take a folder that is mounted already.
target_opened() {
	target_kind=dir
	target_folder=$1
	target_line="auto $1"
}

_open_device() {
	_wait_device "$2" || return
	mkdir -p "$MOUNT"
	open_options=rw,nosuid,nodev,noexec
	if [ "$1" = auto ]; then
		open_said=$(mount -o $open_options "$device" "$MOUNT" 2>&1)
	else
		open_said=$(mount -t "$1" -o $open_options "$device" "$MOUNT" 2>&1)
	fi || {
		problem="$device cannot be mounted as $1: $open_said"
		return
	}
	_open_folder "$3"
}

# _wait_device SPEC: $device, once it is there. No udev is needed: findfs reads the superblocks.
_wait_device() {
	device=
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		case $1 in
		/dev/*) [ ! -b "$1" ] || device=$1 ;;
		*) device=$(findfs "$1" 2>/dev/null) || device= ;;
		esac
		[ -z "$device" ] || return 0
		[ "$(now)" -lt "$wait_until" ] || break
		sleep 1
	done
	problem="$1 did not appear within $conf_target_wait s; block devices are: $(_block_devices)"
	return 1
}

_block_devices() {
	awk 'NR > 2 { printf "%s%s", sep, $4; sep = " " } END { if (sep == "") printf "none" }' /proc/partitions
}

# _open_folder FOLDER: below the mount point, without following a link out of it.
_open_folder() {
	target_folder=$MOUNT/${1#/}
	target_folder=${target_folder%/}
	mkdir -p "$target_folder" 2>/dev/null || {
		problem="$1 cannot be made on the target: it is read-only, full, or something else has the name"
		return
	}
	case $(cd "$target_folder" && pwd -P)/ in
	"$(cd "$MOUNT" && pwd -P)"/*) target_kind=dir ;;
	*) problem="$1 leads out of the target by a symbolic link" ;;
	esac
}

# NFS without mount.nfs: the kernel takes the options itself when they hold the address.
_open_nfs() {
	mkdir -p "$MOUNT"
	open_host=${1%%:*}
	open_said=
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		for open_version in 4.2 3; do
			open_options=soft,timeo=100,retrans=3,nolock,nosuid,nodev,noexec,vers=$open_version,addr=$open_host
			if open_said=$(mount -i -t nfs -o "$open_options" "$1" "$MOUNT" 2>&1); then
				_open_folder "$2"
				return
			fi
		done
		[ "$(now)" -lt "$wait_until" ] || break
		sleep 2
	done
	problem="$1 cannot be mounted: $open_said"
}

# ssh: OpenSSH's or dropbear's client, with our key, and never to a host whose key we do not know.
_open_ssh() {
	target_kind=ssh
	target_folder=$2
	ssh_login=${1%:*}
	ssh_port=22
	case $1 in
	*:*) ssh_port=${1##*:} ;;
	esac
	_open_patiently "umask 077; mkdir -p $2 && echo kdump-capture-ready" kdump-capture-ready || target_kind=
}

_open_patiently() {
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		case $(_ssh "$1" </dev/null 2>"$work/ssh-said") in
		*"$2"*) return 0 ;;
		esac
		# A host key that is not ours is not going to become ours.
		if grep -qi 'host key\|permission denied\|no auth' "$work/ssh-said"; then
			break
		fi
		[ "$(now)" -lt "$wait_until" ] || break
		sleep 2
	done
	problem="$ssh_login does not let us in: $(tr '\n' ' ' <"$work/ssh-said")"
	return 1
}

# The remote command is of our own words, and of a folder of which read_config knows that it holds no quotes.
_ssh() {
	if command -v ssh >/dev/null 2>&1; then
		ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$conf_ssh_known_hosts" \
			-o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 \
			-i "$conf_ssh_key" -p "$ssh_port" "$ssh_login" "$1"
	elif command -v dbclient >/dev/null 2>&1; then
		# dbclient reads known_hosts below HOME and, having no terminal to ask on, refuses a key that is not there.
		mkdir -p "$work/home/.ssh"
		cp "$conf_ssh_known_hosts" "$work/home/.ssh/known_hosts"
		HOME=$work/home setsid dbclient -i "$conf_ssh_key" -p "$ssh_port" -K 15 -I 60 "$ssh_login" "$1"
	else
		echo "neither ssh nor dbclient is in this image" >&2
		return 127
	fi
}

_open_http() {
	target_folder=${1%/}
	case $1 in
	https://*) command -v curl >/dev/null 2>&1 || problem="https needs curl in the image, which checks certificates" ;;
	*) command -v nc >/dev/null 2>&1 || problem="http needs nc in the image" ;;
	esac
	[ -n "$problem" ] || target_kind=http
}

_open_raw() {
	_wait_device "$1" || return
	case $(dd if="$device" bs=4096 count=1 2>/dev/null | tr -d '\0' | head -n 1) in
	"magic = $RAW_MAGIC") target_kind=raw ;;
	*) problem="$1 does not carry our mark, so it is not overwritten: prepare it with kdump-capture build --init-raw" ;;
	esac
}

# target_begin NAME: begin a dump.
target_begin() {
	target_name=$1
	case $target_kind in
	dir) mkdir -m 700 "$target_folder/$1.part" || return ;;
	ssh) _ssh "umask 077; mkdir $target_folder/$1.part" </dev/null 2>>"$work/ssh-said" || return ;;
	raw) _raw_header incomplete || return ;;
	esac
}

# target_file FILE: dir: where a file goes, for programs that write by themselves.
target_file() {
	printf '%s/%s.part/%s\n' "$target_folder" "$target_name" "$1"
}

# target_put FILE: keep standard input. True only when every stage of the way was; $put_bytes and $put_sha256 are of
# what was read, taken in the same pass.
target_put() {
	rm -f "$work"/put-*
	mkfifo "$work/put-hash" "$work/put-count" || return
	sha256sum <"$work/put-hash" >"$work/put-sum" &
	put_hasher=$!
	wc -c <"$work/put-count" >"$work/put-size" &
	put_counter=$!
	{
		{
			tee "$work/put-hash" "$work/put-count"
			echo $? >"$work/put-tee"
		} | {
			_sink "$1"
			echo $? >"$work/put-sink"
		}
	}
	wait "$put_hasher" "$put_counter"
	read -r put_sha256 _ <"$work/put-sum"
	read -r put_bytes <"$work/put-size"
	put_bytes=$((put_bytes))
	[ "$(status_of put-tee)" = 0 ] && [ "$(status_of put-sink)" = 0 ]
}

# status_of NAME: what a stage of a pipeline ended with; 98 when it did not even say so.
status_of() {
	if [ -s "$work/$1" ]; then
		cat "$work/$1"
	else
		echo 98
	fi
}

_sink() {
	case $target_kind in
	dir) dd of="$(target_file "$1")" bs=1M conv=fsync 2>>"$work/sink-said" ;;
	ssh) _ssh "umask 077; dd of=$target_folder/$target_name.part/$1 bs=1M conv=fsync 2>/dev/null" 2>>"$work/ssh-said" ;;
	http) _http_put "$target_folder/$target_name/$1" ;;
	raw) _raw_put "$1" ;;
	esac
}

# Only what is needed of a raw partition is written: the log and the core, and the header last.
_raw_put() {
	case $1 in
	dmesg.txt) dd of="$device" bs=$RAW_BLOCK seek=$RAW_DMESG conv=notrunc,fsync 2>>"$work/sink-said" ;;
	vmcore.*) dd of="$device" bs=$RAW_BLOCK seek=$RAW_CORE iflag=fullblock conv=notrunc,fsync 2>>"$work/sink-said" ;;
	*) cat >"$work/raw-$1" ;;
	esac
}

# _raw_header STATE: text, padded to 4096 bytes; the small files go into the header's block, behind it.
_raw_header() {
	{
		printf 'magic = %s\nstate = %s\nname = %s\n' "$RAW_MAGIC" "$1" "$target_name"
		printf 'dmesg_bytes = %s\ndmesg_sha256 = %s\n' "${dmesg_bytes:-0}" "${dmesg_sha256:--}"
		printf 'core_bytes = %s\ncore_sha256 = %s\n' "${core_bytes:-0}" "${core_sha256:--}"
		if [ "$1" = complete ]; then
			for raw_small in manifest.json report.json capture.log; do
				printf '%s_bytes = %s\n' "${raw_small%.*}" "$(wc -c <"$work/raw-$raw_small" | tr -d ' ')"
			done
		fi
	} >"$work/raw-header"
	if [ "$1" = complete ]; then
		cat "$work/raw-manifest.json" "$work/raw-report.json" "$work/raw-capture.log" >"$work/raw-small"
		dd if="$work/raw-small" of="$device" bs=4096 seek=1 count=255 conv=notrunc,fsync 2>>"$work/sink-said" || return
	fi
	# The header is written whole, zeros behind it, in one block: it is the old one or the new one.
	dd if=/dev/zero bs=4096 count=1 2>/dev/null | cat "$work/raw-header" - | dd bs=4096 count=1 iflag=fullblock \
		of="$device" conv=notrunc,fsync 2>>"$work/sink-said"
}

# HTTP PUT, chunked, by nc: busybox' wget knows no PUT. https goes through curl, which checks the certificate.
_http_put() {
	case $1 in
	https://*)
		curl --fail --silent --show-error --cacert "$conf_ca_file" --connect-timeout 15 --upload-file - "$1" 2>>"$work/http-said"
		return
		;;
	esac
	http_rest=${1#http://}
	http_place=${http_rest%%/*}
	http_port=80
	case $http_place in
	*:*) http_port=${http_place##*:} ;;
	esac
	{
		printf 'PUT /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n' "${http_rest#*/}" "$http_place"
		printf 'Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
		_http_chunks
	} | nc "${http_place%:*}" "$http_port" >"$work/http-answer" 2>>"$work/http-said"
	read -r _ http_status _ <"$work/http-answer" || http_status=
	case $http_status in
	2[0-9][0-9]) return 0 ;;
	esac
	echo "$1: answered: $(head -n 1 "$work/http-answer" | tr -d '\r')" >>"$work/http-said"
	return 1
}

_http_chunks() {
	while :; do
		dd bs=65536 count=16 iflag=fullblock 2>/dev/null >"$work/http-chunk"
		http_bytes=$(($(wc -c <"$work/http-chunk")))
		printf '%x\r\n' "$http_bytes"
		[ "$http_bytes" -gt 0 ] || break
		cat "$work/http-chunk"
		printf '\r\n'
	done
	printf '\r\n'
}

# target_finish: make the dump count. Everything before was synced; the name is what says that it is complete.
target_finish() {
	case $target_kind in
	dir)
		sync
		mv "$target_folder/$target_name.part" "$target_folder/$target_name" || return
		sync
		;;
	ssh) _ssh "mv $target_folder/$target_name.part $target_folder/$target_name && sync" </dev/null 2>>"$work/ssh-said" ;;
	raw) _raw_header complete ;;
	esac
}

# target_free: free MB, "" when it is not known.
target_free() {
	[ "$target_kind" != dir ] || df -P -k "$target_folder" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'
}

target_close() {
	if [ "$target_kind" = dir ] && [ "${target_folder#"$MOUNT"}" != "$target_folder" ]; then
		sync
		umount "$MOUNT" 2>/dev/null || mount -o remount,ro "$MOUNT" 2>/dev/null || :
	fi
	target_kind=
}

# What a target said on the way, for the log; the end of it is enough.
target_said() {
	cat "$work/ssh-said" "$work/http-said" "$work/sink-said" 2>/dev/null | tail -n 3 | tr '\n' ' '
}

now() {
	date +%s
}

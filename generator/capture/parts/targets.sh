# Dump targets. Stage 2 opens one, begins a dump, puts files into it, and finishes it; a dump that was not finished is
# recognisable as such on every kind: NAME.part, or (http) no manifest.json, or (raw) no `state = complete`.

MOUNT=/run/kdump-capture/target # below $root
RAW_MAGIC=kdump-capture-raw/1
RAW_BLOCK=1048576 # dd's block on a raw partition: header in block 0, the kernel's log from 1, the core from 16
RAW_DMESG=1
RAW_CORE=16

target_kind=    # dir, ssh, http, raw; "" when none is open
target_folder=  # dir: where dumps go; ssh, http: the same, over there
target_name=    # of the dump that was begun
target_mounted= # what to unmount
put_bytes=0
put_sha256=

# target_open LINE: true when it is up. Otherwise $problem says why, and $target_exit is the exit code.
target_open() {
	problem=
	target_exit=$EX_TARGET
	target_kind=
	target_line=$1
	: >"$work/ssh-said"
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
	[ -z "$problem" ] && return
	target_close
	return 1
}

# target_opened FOLDER: take a folder that is mounted already.
target_opened() {
	target_kind=dir
	target_folder=$1
	target_line="auto $1"
}

_open_device() {
	_wait_device "$2" || return
	open_type="-t $1"
	[ "$1" != auto ] || open_type=
	# shellcheck disable=SC2086
	if _mount $open_type -o rw,nosuid,nodev,noexec "$device"; then
		_open_folder "$3"
	else
		problem="$device cannot be mounted as $1: $open_said"
	fi
}

# _mount ARGUMENT...: at our mount point; $open_said holds what mount has to say.
_mount() {
	mkdir -p "$root$MOUNT"
	open_said=$(mount "$@" "$root$MOUNT" 2>&1) || return
	target_mounted=$root$MOUNT
}

# _wait_device SPEC: $device, once it is there. No udev is needed: findfs reads the superblocks.
_wait_device() {
	device=
	case $1 in
	/dev/*) ;;
	*) command -v findfs >/dev/null 2>&1 || problem="$1 cannot be looked for: there is no findfs here; name it /dev/..." ;;
	esac
	[ -z "$problem" ] || return
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
	target_folder=$root$MOUNT/${1#/}
	target_folder=${target_folder%/}
	mkdir -p "$target_folder" 2>/dev/null || {
		problem="$1 cannot be made on the target: it is read-only, full, or something else has the name"
		return
	}
	case $(cd "$target_folder" && pwd -P)/ in
	"$(cd "$root$MOUNT" && pwd -P)"/*) target_kind=dir ;;
	*) problem="$1 leads out of the target by a symbolic link" ;;
	esac
}

# NFS without mount.nfs: the kernel takes the options itself when they hold the address; a name is left to mount.
_open_nfs() {
	open_host=${1%:/*}
	open_host=${open_host#\[}
	open_host=${open_host%\]}
	case $open_host in
	*[!0-9a-f.:]*) open_address= ;;
	*) open_address=,addr=$open_host ;;
	esac
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		for open_version in 4.2 4.1 4.0 3; do
			open_options=soft,timeo=100,retrans=3,nolock,nosuid,nodev,noexec,vers=$open_version$open_address
			if _mount ${open_address:+-i} -t nfs -o "$open_options" "$1"; then
				_open_folder "$2"
				return
			fi
		done
		[ "$(now)" -lt "$wait_until" ] || break
		sleep 2
	done
	problem="$1 cannot be mounted: $open_said"
}

# ssh: OpenSSH's or dropbear's client, with our key, and never to a host whose key we do not know. Each remote command
# begins with a comment that a forced command (`kdump-capture receive`) goes by; a plain shell runs what follows it.
_open_ssh() {
	ssh_login=${1%:*}
	ssh_port=22
	case $1 in
	*:*) ssh_port=${1##*:} ;;
	esac
	target_folder=$2
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		case $(_ssh_do ready "mkdir -p $target_folder && echo kdump-capture-ready" 2>"$work/ssh-said") in
		*kdump-capture-ready*)
			target_kind=ssh
			return
			;;
		esac
		# A host key that is not ours is not going to become ours.
		if grep -qi 'host key\|permission denied\|no auth\|host file\|neither ssh' "$work/ssh-said"; then
			break
		fi
		[ "$(now)" -lt "$wait_until" ] || break
		sleep 2
	done
	problem="$ssh_login does not let us in: $(tr '\r\n' '  ' <"$work/ssh-said")"
}

# _ssh_do WORDS COMMAND: a command without input. See _dbclient for the n.
_ssh_do() {
	echo n | _ssh ": kdump-capture $1; umask 077; $2"
}

# The remote command is of our own words, and of a folder of which read_config knows that it holds no quotes.
_ssh() {
	if command -v ssh >/dev/null 2>&1; then
		ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$conf_ssh_known_hosts" \
			-o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 \
			-i "$conf_ssh_key" -p "$ssh_port" "$ssh_login" "$1"
	elif command -v dbclient >/dev/null 2>&1; then
		_dbclient "$1"
	else
		echo "neither ssh nor dbclient is in this image" >&2
		return 127
	fi
}

# dbclient cannot be told to refuse an unknown host. It asks, and without a terminal it takes the first byte of its input
# for the answer: input that begins with y would let anybody in, and no input lets it wait for ever.
# It looks for known hosts below HOME, by name without port.
_dbclient() {
	mkdir -p "$work/home/.ssh"
	sed 's/^\[\([^]]*\)\]:[0-9]*/\1/' "$conf_ssh_known_hosts" >"$work/home/.ssh/known_hosts"
	dbclient_first=$(dd bs=1 count=1 2>/dev/null && echo .)
	dbclient_first=${dbclient_first%.}
	case $dbclient_first in
	[yY]) echo "input that begins with a y cannot be given to dbclient" >&2 && return 1 ;;
	esac
	{
		printf %s "$dbclient_first"
		cat
	} | HOME=$work/home setsid dbclient -i "$conf_ssh_key" -p "$ssh_port" -K 15 "$ssh_login" "$1"
}

# http(s): asked first whether anybody is there; what it answers does not matter, for it may take nothing but PUT.
_open_http() {
	target_folder=${1%/}
	case $1 in
	https://*) command -v curl >/dev/null 2>&1 || problem="https needs curl in the image, which checks certificates" ;;
	*) command -v busybox >/dev/null 2>&1 || command -v nc >/dev/null 2>&1 || problem="http needs nc in the image" ;;
	esac
	[ -z "$problem" ] || return
	wait_until=$(($(now) + conf_target_wait))
	while :; do
		: >"$work/http-said"
		if _http_there "$target_folder/"; then
			target_kind=http
			return
		fi
		[ "$(now)" -lt "$wait_until" ] || break
		! grep -q '(60)' "$work/http-said" || break # curl: not a certificate of our authority
		sleep 2
	done
	# curl explains itself in several lines, of which the numbered one says what is wrong.
	problem="$target_folder does not answer: $({ grep 'curl: (' "$work/http-said" || cat "$work/http-said"; } | tail -n 1)"
}

_http_there() {
	case $1 in
	https://*) _curl --head --output /dev/null "$1" ;;
	*)
		_http_parts "$1"
		printf 'HEAD /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$http_path" "$http_place" | _nc >"$work/http-answer"
		grep -q '^HTTP/1' "$work/http-answer"
		;;
	esac
}

_open_raw() {
	_wait_device "$1" || return
	case $(dd if="$device" bs=4096 count=1 2>/dev/null | tr -d '\0' | head -n 1) in
	"magic = $RAW_MAGIC") target_kind=raw ;;
	*) problem="$1 does not carry our mark, so it is not overwritten: prepare it with kdump-capture build --init-raw" ;;
	esac
}

# target_begin NAME: begin a dump. What is there already, finished or not, is never touched.
target_begin() {
	target_name=$1
	case $target_kind in
	dir) [ ! -e "$target_folder/$1" ] && mkdir -m 700 "$target_folder/$1.part" 2>>"$work/sink-said" ;;
	ssh) _ssh_do "begin $1" "test ! -e $target_folder/$1 && mkdir $target_folder/$1.part" 2>>"$work/ssh-said" ;;
	raw) _raw_header incomplete ;;
	esac
}

# target_file FILE: dir: where a file goes, for programs that write by themselves.
target_file() {
	printf '%s/%s.part/%s\n' "$target_folder" "$target_name" "$1"
}

# target_put FILE: keep standard input. True only when every stage of the way was; $put_bytes, $put_sha256 and $put_end,
# the last 16 bytes in decimal, are of what was read, taken in the same pass.
target_put() {
	put_bytes=0
	put_sha256=
	rm -f "$work"/put-*
	mkfifo "$work/put-hash" "$work/put-count" "$work/put-tail" || return
	sha256sum <"$work/put-hash" >"$work/put-sum" &
	put_hasher=$!
	wc -c <"$work/put-count" >"$work/put-size" &
	put_counter=$!
	tail -c 16 <"$work/put-tail" >"$work/put-last" &
	put_tailer=$!
	{
		{
			tee "$work/put-hash" "$work/put-count" "$work/put-tail"
			echo $? >"$work/put-tee"
		} | {
			_sink "$1"
			echo $? >"$work/put-sink"
		}
	}
	wait "$put_hasher" "$put_counter" "$put_tailer"
	read -r put_sha256 _ <"$work/put-sum"
	read -r put_bytes <"$work/put-size"
	put_end=$(od -An -v -tu1 "$work/put-last" | tr -s ' \n' ' ')
	[ ${#put_sha256} = 64 ] && [ "$(status_of put-tee)" = 0 ] && [ "$(status_of put-sink)" = 0 ]
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
	ssh)
		_ssh ": kdump-capture put $target_name $1; umask 077; dd of=$target_folder/$target_name.part/$1 bs=1M conv=fsync 2>/dev/null" \
			2>>"$work/ssh-said"
		;;
	http) _http_put "$target_folder/$target_name/$1" ;;
	raw) _raw_put "$1" ;;
	esac
}

# target_remove FILE: what a rung left behind. Over http and on a raw partition it stays, unnamed by the manifest.
target_remove() {
	case $target_kind in
	dir) rm -f "$(target_file "$1")" ;;
	ssh) _ssh_do "remove $target_name $1" "rm -f $target_folder/$target_name.part/$1" 2>>"$work/ssh-said" ;;
	esac
}

# The log and the core have their places on a raw partition; the small files are kept until the header is written.
_raw_put() {
	case $1 in
	dmesg.txt) dd of="$device" bs=$RAW_BLOCK seek=$RAW_DMESG count=$((RAW_CORE - RAW_DMESG)) iflag=fullblock conv=notrunc,fsync ;;
	vmcore.*) dd of="$device" bs=$RAW_BLOCK seek=$RAW_CORE iflag=fullblock conv=notrunc,fsync ;;
	*) cat >"$work/raw-$1" ;;
	esac 2>>"$work/sink-said"
}

# _raw_header STATE: text, padded to 4096 bytes; the small files go into the header's block, behind it.
_raw_header() {
	{
		printf 'magic = %s\nstate = %s\nname = %s\n' "$RAW_MAGIC" "$1" "$target_name"
		printf 'dmesg_bytes = %s\ndmesg_sha256 = %s\n' "${dmesg_bytes:-0}" "${dmesg_sha256:--}"
		printf 'core_bytes = %s\ncore_sha256 = %s\ncore_file = %s\n' "${core_bytes:-0}" "${core_sha256:--}" "${core_file:--}"
		for raw_small in manifest.json report.json capture.log; do
			[ ! -e "$work/raw-$raw_small" ] ||
				printf '%s_bytes = %s\n' "${raw_small%.*}" "$(wc -c <"$work/raw-$raw_small" | tr -d ' ')"
		done
	} >"$work/raw-header"
	if [ -e "$work/raw-manifest.json" ]; then
		cat "$work/raw-manifest.json" "$work/raw-report.json" "$work/raw-capture.log" >"$work/raw-small"
		dd if="$work/raw-small" of="$device" bs=4096 seek=1 count=255 conv=notrunc,fsync 2>>"$work/sink-said" || return
	fi
	# The header is written whole, zeros behind it, in one block: it is the old one or the new one.
	dd if=/dev/zero bs=4096 count=1 2>/dev/null | cat "$work/raw-header" - | dd bs=4096 count=1 iflag=fullblock \
		of="$device" conv=notrunc,fsync 2>>"$work/sink-said"
}

# HTTP PUT, chunked, by nc: busybox' wget knows no PUT. https goes through curl, which checks the certificate.
# A server may answer 200 before it has everything, so that all was sent counts as well.
_http_put() {
	case $1 in
	https://*)
		_curl --fail --output /dev/null --upload-file - "$1"
		return
		;;
	esac
	_http_parts "$1"
	rm -f "$work/http-sent" "$work/http-nc"
	{
		printf 'PUT /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n' "$http_path" "$http_place"
		printf 'Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
		_http_chunks
		echo $? >"$work/http-sent"
	} | {
		_nc >"$work/http-answer"
		echo $? >"$work/http-nc"
	}
	http_status=
	read -r _ http_status _ <"$work/http-answer" || :
	case $(status_of http-sent):$(status_of http-nc):$http_status in
	0:0:2[0-9][0-9]) return 0 ;;
	esac
	echo "$1: sent: $(status_of http-sent), nc: $(status_of http-nc), answer: $(head -n 1 "$work/http-answer" | tr -cd '[:print:]')" \
		>>"$work/http-said"
	return 1
}

# _http_parts URL: $http_place, $http_host, $http_port and $http_path.
_http_parts() {
	http_path=${1#http://}
	http_place=${http_path%%/*}
	http_path=${http_path#*/}
	http_host=$http_place
	http_port=80
	case $http_place in
	*:*)
		http_host=${http_place%:*}
		http_port=${http_place##*:}
		;;
	esac
}

_http_chunks() {
	while :; do
		dd bs=65536 count=16 iflag=fullblock 2>/dev/null >"$work/http-chunk" || return
		http_bytes=$(wc -c <"$work/http-chunk")
		printf '%x\r\n' "$http_bytes" || return
		[ "$http_bytes" -gt 0 ] || break
		cat "$work/http-chunk" || return
		printf '\r\n' || return
	done
	printf '\r\n'
}

# busybox' nc by preference: it closes its sending half at the end of the input, and -w is for connecting only.
_nc() {
	if command -v busybox >/dev/null 2>&1; then
		busybox nc -w 10 "$http_host" "$http_port" 2>>"$work/http-said"
	else
		nc "$http_host" "$http_port" 2>>"$work/http-said"
	fi
}

_curl() {
	curl --disable --globoff --silent --show-error --proto =https --cacert "$conf_ca_file" --connect-timeout 15 "$@" \
		2>>"$work/http-said"
}

# target_finish: make the dump count. Everything before was synced; the name is what says that it is complete.
target_finish() {
	case $target_kind in
	dir)
		sync_path "$target_folder/$target_name.part"
		[ ! -e "$target_folder/$target_name" ] &&
			mv "$target_folder/$target_name.part" "$target_folder/$target_name" 2>>"$work/sink-said" &&
			sync_path "$target_folder"
		;;
	ssh)
		_ssh_do "finish $target_name" "test ! -e $target_folder/$target_name && mv $target_folder/$target_name.part \
$target_folder/$target_name && sync" 2>>"$work/ssh-said"
		;;
	raw) _raw_header complete ;;
	esac
}

# sync_path PATH: on disk, it or, where sync takes no names, all there is.
sync_path() {
	sync "$1" 2>/dev/null || sync
}

# target_free: free MB, "" when it is not known.
target_free() {
	[ "$target_kind" != dir ] || df -P -k "$target_folder" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'
}

target_close() {
	if [ -n "$target_mounted" ]; then
		sync
		umount "$target_mounted" 2>/dev/null || mount -o remount,ro "$target_mounted" 2>/dev/null || :
	fi
	target_mounted=
	target_kind=
}

# What a target said on the way, for the log; the end of it is enough.
target_said() {
	cat "$work/ssh-said" "$work/http-said" "$work/sink-said" 2>/dev/null | grep -v 'records \(in\|out\)\|bytes.*copied' |
		tail -n 3 | tr '\r\n' '  '
}

# now: seconds since boot; the clock may be set while we work.
now() {
	read -r now_uptime _ </proc/uptime
	echo "${now_uptime%%.*}"
}

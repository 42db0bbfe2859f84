# The command lines of 2005, which built the capture initrd (-c) and the one that loads it (-i). Both still do.
#   Debian:        mkinitrd -c [DUMP_DEVICE] -f [FS] -o OUT [KVER]     mkinitrd -i CAPTURE -v KERNEL -o OUT [KVER]
#   Fedora, RHEL:  mkinitrd --dump-dev=DEVICE [--dump-fs=FS] IMAGE KVER
#   SLES:          mkinitrd [-v] [-f] -k KERNEL -i IMAGE

mkinitrd_command() {
	old_device=
	old_fs=auto
	old_out=
	old_kind=
	old_kernel=
	old_capture=
	old_words=
	old_config=
	old_count=$#
	while [ $old_count -gt 0 ]; do
		case $1 in
		--root=*) root=${1#*=} ;;
		--config=*) old_config=${1#*=} ;;
		--json) ;; # main has seen it
		*) set -- "$@" "$1" ;;
		esac
		shift
		old_count=$((old_count - 1))
	done
	case " $* " in
	*' -k '*) _mkinitrd_suse "$@" ;;
	*' --dump-dev='* | *' --dump-fs='*) _mkinitrd_fedora "$@" ;;
	*) _mkinitrd_debian "$@" ;;
	esac
	command=mkinitrd
	# shellcheck disable=SC2086
	set -- $old_words
	[ -z "$old_config" ] || set -- --config "$old_config" "$@"
	case $old_kind in
	capture)
		[ -z "$old_device" ] || set -- --target "$old_fs $old_device /var/crash" "$@"
		build_command -c -o "$old_out" "$@"
		;;
	autoload) build_command -i --image "$old_capture" --kernel "$old_kernel" -o "$old_out" "$@" ;;
	*) die $EX_USAGE "mkinitrd: neither -c nor -i: see kdump-capture help" ;;
	esac
}

_mkinitrd_debian() {
	while [ $# -gt 0 ]; do
		case $1 in
		-c)
			old_kind=capture
			case ${2:-} in
			/dev/*)
				old_device=$2
				shift
				;;
			esac
			;;
		-f | -o | -i | -v)
			[ $# -ge 2 ] || die $EX_USAGE "mkinitrd: $1 needs a value"
			case $1 in
			-f) old_fs=$2 ;;
			-o) old_out=$2 ;;
			-i) old_kind=autoload && old_capture=$2 ;;
			-v) old_kernel=$2 ;;
			esac
			shift
			;;
		-*) die $EX_USAGE "mkinitrd: $1 was not known in 2005, and is not now" ;;
		*) old_words=$1 ;;
		esac
		shift
	done
}

_mkinitrd_fedora() {
	old_kind=capture
	while [ $# -gt 0 ]; do
		case $1 in
		--dump-dev=*) old_device=${1#*=} ;;
		--dump-fs=*) old_fs=${1#*=} ;;
		-*) die $EX_USAGE "mkinitrd: $1 is not known" ;;
		*) if [ -z "$old_out" ]; then old_out=$1; else old_words=$1; fi ;;
		esac
		shift
	done
}

# -v (verbose) and -f (a fresh image) change nothing: an image is always made anew.
_mkinitrd_suse() {
	old_kind=capture
	while [ $# -gt 0 ]; do
		case $1 in
		-v | -f) ;;
		-k | -i)
			[ $# -ge 2 ] || die $EX_USAGE "mkinitrd: $1 needs a value"
			case $1 in
			-k) old_words=${2##*/} && old_words=${old_words#vmlinu[xz]-} ;;
			-i) old_out=$2 ;;
			esac
			shift
			;;
		*) die $EX_USAGE "mkinitrd: $1 is not known" ;;
		esac
		shift
	done
}

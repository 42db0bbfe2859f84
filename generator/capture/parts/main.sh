# The command line.

usage() {
	cat <<'USAGE'
kdump-capture: save a crash dump without help, and prove that it works.

  kdump-capture check [--target TARGET]      would a crash be captured here? changes nothing; each finding has its fix
  kdump-capture size                         how much to reserve with crashkernel=, with the sum shown
  kdump-capture build -c [-b BUILDER] [-o FILE] [KVER]   the capture initramfs
  kdump-capture build -i [-b BUILDER] [-o FILE] [KVER]   a first-kernel initramfs that loads it at boot
  kdump-capture load [KVER] | unload | status
  kdump-capture test --crash-this-machine=HOSTNAME       crash it now, and see
  kdump-capture collect                      after the reboot: verify, keep so many, finish the report
  kdump-capture verify FILE|FOLDER           is this dump complete and unchanged?
  kdump-capture receive FOLDER               on the other host: take dumps over ssh, as a forced command
  kdump-capture mkinitrd ...                 the command lines of 2005
  kdump-capture uninstall

Every command takes --json (one document on stdout), --config FILE (default /etc/kdump-capture.conf),
--target TARGET (in place of the file's; may be repeated) and --root DIR (read, or build for, another root).
TARGET: "ext4 UUID=... /folder", "raw /dev/disk/by-id/...", "nfs SERVER:/export /folder",
        "ssh USER@HOST[:PORT] /folder", "https://host/path". BUILDER: generic, initramfs-tools, dracut.

Exit status: 0 done, 1 failed, 2 usage, 3 not supported here, 4 reboot first, 5 target not reached, 6 no space,
7 load refused, 8 build failed, 9 dump damaged, 10 result pending, 77 skipped.
USAGE
}

main() {
	# As /init of an image, and as the first 2005 front ends were called.
	case ${0##*/} in
	init) command=init ;;
	mkinitrd) command=mkinitrd ;;
	*)
		[ $# -gt 0 ] || set -- help
		command=$1
		shift
		;;
	esac
	# A wrong option before it must not keep a machine from its document.
	for word; do
		[ "$word" != --json ] || json=1
	done
	case $command in
	check) check_command "$@" ;;
	size) size_command "$@" ;;
	build) build_command "$@" ;;
	load) load_command "$@" ;;
	unload) unload_command "$@" ;;
	status) status_command "$@" ;;
	test) test_command "$@" ;;
	collect) collect_command "$@" ;;
	verify) verify_command "$@" ;;
	mkinitrd) mkinitrd_command "$@" ;;
	receive) receive_command "$@" ;;
	uninstall) uninstall_command "$@" ;;
	hook) hook_command "$@" ;;
	init) init_command "$@" ;;
	stage2) stage2_command "$@" ;;
	autoload) autoload_command "$@" ;;
	version | --version) say "kdump-capture $VERSION" ;;
	help | --help | -h) usage ;;
	*)
		command_given=$command
		command=
		die $EX_USAGE "\"$command_given\" is no command: kdump-capture help shows them"
		;;
	esac
}

# common_option "$@": take one option that every command has; $shifted says how many words, 0 when it is none.
# On the first one everything is at its default: commands call common_start before their loop and common_end after.
common_start() {
	config_path= # "": the usual place within $root
	option_targets=
}

common_option() {
	shifted=1
	case $1 in
	--json) json=1 ;;
	--config=*) config_path=${1#*=} ;;
	--target=*) option_targets="$option_targets${option_targets:+$NL}${1#*=}" ;;
	--root=*) root=${1#*=} ;;
	--config | --target | --root)
		[ $# -ge 2 ] || die $EX_USAGE "$1 needs a value"
		_common_pair "$1" "$2"
		shifted=2
		;;
	*) shifted=0 ;;
	esac
}

_common_pair() {
	case $1 in
	--config) config_path=$2 ;;
	--target) option_targets="$option_targets${option_targets:+$NL}$2" ;;
	--root) root=$2 ;;
	esac
}

# common_end: read the configuration, then what the command line says instead.
common_end() {
	config_path=${config_path:-$root$CONFIG}
	read_config "$config_path"
	[ -n "$option_targets" ] || return 0
	conf_targets=
	while IFS= read -r line; do
		config_set target "$line" || die $EX_USAGE "$problem"
	done <<-TARGETS
		$option_targets
	TARGETS
}

main "$@"

# hook: what patched builders ask this program. The patches to initramfs-tools and dracut hold a few lines and this file.
#   hook payload TREE KVER    put the tool, its configuration and its keys into an image's tree
#   hook carried TREE KVER    the same for a first kernel's image: with the capture kernel and its image, to be loaded
#   hook modules KVER         names of the modules that the targets need
#   hook programs             names of the programs that stage 2 needs

hook_command() {
	common_start
	hook_words=
	while [ $# -gt 0 ]; do
		common_option "$@"
		if [ "$shifted" = 0 ]; then
			hook_words="$hook_words $1"
			shifted=1
		fi
		shift "$shifted"
	done
	common_end
	set -f
	# shellcheck disable=SC2086
	set -- $hook_words
	set +f
	make_work
	build_image=
	build_kernel=
	build_kver=${3:-${2:-}}
	case ${1:-}:$# in
	payload:3) _hook_payload "$2" ;;
	carried:3) _hook_carried "$2" ;;
	modules:2) wanted_modules | sort -u ;;
	programs:1)
		# shellcheck disable=SC2046,SC2086
		printf '%s\n' $STAGE2_PROGRAMS $(_programs_wanted)
		;;
	*) die $EX_USAGE "hook: it is for builders of images, not for calling by hand" ;;
	esac
}

_hook_payload() {
	[ -n "$conf_targets" ] || die $EX_USAGE "hook: $config_path names no target"
	own_files "$1"
	write_dhcp_script "$1"
	wanted_modules | sort -u >"$1$INSIDE/wanted"
}

_hook_carried() {
	build_image=$root$STATE/capture-$build_kver.img
	build_kernel=$(kernel_file "$build_kver")
	[ -r "$build_image" ] || die $EX_BUILD "$build_image is not there: build it first"
	_autoload_payload "$1"
}

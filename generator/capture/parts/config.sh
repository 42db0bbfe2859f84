# The configuration: `key = value`, parsed, never sourced. An unknown key is an error, for a typing error is a lost dump.

KEYS='target network collector level compress threads load_call builder extra_modules omit_modules cmdline_append
retain_count retain_mb min_free_mb timeout target_wait failure_action final_action notify_cmd
ssh_key ssh_known_hosts ca_file origin'

# What holds when the file does not say.
config_defaults() {
	conf_targets= # one a line, in the order in which they are tried
	conf_network=
	conf_collector=makedumpfile
	conf_level=31
	conf_compress=auto
	conf_threads=auto
	conf_load_call=auto
	conf_builder=auto
	conf_extra_modules=
	conf_omit_modules=
	conf_cmdline_append=
	conf_retain_count=5
	conf_retain_mb=0
	conf_min_free_mb=64
	conf_timeout=1800
	conf_target_wait=60
	conf_failure_action=reboot
	conf_final_action=reboot
	conf_notify_cmd=
	conf_ssh_key=/etc/kdump-capture/ssh_key
	conf_ssh_known_hosts=/etc/kdump-capture/known_hosts
	conf_ca_file=
	conf_origin=local
}

# read_config FILE: take every line in; all problems are said, then it ends. A file that is not there is all defaults.
read_config() {
	config_defaults
	config_file=$1
	[ -e "$config_file" ] || return 0
	config_problems=0
	config_line=0
	# Comments may be in any language; what is not ASCII elsewhere becomes a control character, which is refused below:
	# some shells can neither read nor pass it in the C locale.
	config_text=$(sed 's/^[[:space:]]*#.*//' "$config_file" | tr '\200-\377' '\001')
	while IFS= read -r line; do
		config_line=$((config_line + 1))
		_config_line "$line"
	done <<-TEXT
		$config_text
	TEXT
	[ "$config_problems" = 0 ] || die $EX_USAGE "$config_file: $config_problems problem(s), nothing was done"
}

_config_line() {
	line=$(trim "$1")
	case $line in
	'' | '#'*) return ;;
	*=*) ;;
	*)
		_config_problem "not \`key = value\`: $line"
		return
		;;
	esac
	key=$(trim "${line%%=*}")
	value=$(trim "${line#*=}")
	config_set "$key" "$value" || _config_problem "$problem"
}

_config_problem() {
	config_problems=$((config_problems + 1))
	_line "$config_file:$config_line: $1" >&2
}

# config_set KEY VALUE: false when refused, with the reason in $problem. The only way in for file and command line.
config_set() {
	problem=
	case $2 in
	*[[:cntrl:]]*) problem="$1: only printable ASCII is taken" ;;
	esac
	[ -z "$problem" ] || return 1
	case $1 in
	target) _config_target "$2" ;;
	network) _config_network "$2" ;;
	collector) _config_word "$1" "$2" makedumpfile cp dmesg ;;
	compress) _config_word "$1" "$2" auto zlib lzo snappy zstd none ;;
	load_call) _config_word "$1" "$2" auto file load ;;
	builder) _config_word "$1" "$2" auto generic initramfs-tools dracut ;;
	failure_action) _config_word "$1" "$2" reboot poweroff halt shell ;;
	final_action) _config_word "$1" "$2" reboot poweroff halt ;;
	level) _config_number "$1" "$2" 0 31 ;;
	threads) if [ "$2" = auto ]; then conf_threads=auto; else _config_number "$1" "$2" 1 1024; fi ;;
	retain_count) _config_number "$1" "$2" 0 100000 ;;
	retain_mb | min_free_mb) _config_number "$1" "$2" 0 1000000000 ;;
	timeout) _config_number "$1" "$2" 10 86400 ;;
	target_wait) _config_number "$1" "$2" 1 3600 ;;
	extra_modules | omit_modules) _config_names "$1" "$2" ;;
	cmdline_append) conf_cmdline_append=$2 ;;
	notify_cmd | ssh_key | ssh_known_hosts | ca_file) _config_path "$1" "$2" ;;
	origin) _config_slug "$1" "$2" ;;
	*) problem="unknown key \"$1\": the keys are $(printf '%s' "$KEYS" | tr '\n' ' ')" ;;
	esac
	[ -z "$problem" ]
}

_config_word() {
	word_key=$1
	word=$2
	shift 2
	for allowed; do
		if [ "$word" = "$allowed" ]; then
			eval "conf_$word_key=\$word" # both are words of ours
			return
		fi
	done
	problem="$word_key: \"$word\" is none of: $*"
}

_config_number() {
	case $2 in
	'' | *[!0-9]* | ??????????*) problem="$1: \"$2\" is not a number from $3 to $4" ;;
	*) if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		eval "conf_$1=\$2"
	else
		problem="$1: $2 is not from $3 to $4"
	fi ;;
	esac
}

_config_path() {
	case $2 in
	/*) eval "conf_$1=\$2" ;;
	*) problem="$1: \"$2\" must be an absolute path" ;;
	esac
}

_config_names() {
	case $2 in
	*[!A-Za-z0-9_\ -]*) problem="$1: names of modules, with spaces between them" ;;
	*) eval "conf_$1=\$2" ;;
	esac
}

_config_slug() {
	case $2 in
	'' | [!a-z0-9]* | *[!a-z0-9._-]*) problem="$1: \"$2\" must be of a-z, 0-9, dot, hyphen and underscore" ;;
	*) eval "conf_$1=\$2" ;;
	esac
}

# target = ext4|xfs|btrfs|auto DEVICE [/folder]   DEVICE: UUID=..., LABEL=... or /dev/...
# target = raw /dev/disk/by-id/...       target = nfs SERVER:/export [/folder]
# target = ssh USER@HOST[:PORT] /folder  target = http://... or https://...  (each file is PUT below it)
_config_target() {
	case $1 in
	*[\'\"\\\`\$]*)
		problem="target: quotes, backslashes and dollars are refused: $1"
		return
		;;
	esac
	set -f # split, but never glob
	# shellcheck disable=SC2086
	set -- $1
	set +f
	case $1 in
	ext4 | xfs | btrfs | auto) _target_shape $# 2 3 "${2:-}" 'UUID=?*' 'LABEL=?*' '/dev/?*' ;;
	raw) _target_shape $# 2 2 "${2:-}" '/dev/?*' ;;
	nfs) _target_shape $# 2 3 "${2:-}" '?*:/*' ;;
	ssh) _target_shape $# 3 3 "${2:-}" '?*@?*' ;;
	http://?* | https://?*) _target_shape $# 1 1 "$1" '*' ;;
	*) problem="target: \"${1:-}\" is none of ext4, xfs, btrfs, auto, raw, nfs, ssh, http://, https://" ;;
	esac
	case ${3:-/} in
	/*) ;;
	*) problem="target: the folder must begin with a slash: $3" ;;
	esac
	case $1:${3:-} in
	ssh:*[!A-Za-z0-9._/-]*) problem="target: a folder on another host may hold A-Z, a-z, 0-9, dot, hyphen, underscore: $3" ;;
	esac
	case /${3:-}/ in
	*/../*) problem="target: the folder must not hold ..: $3" ;;
	esac
	[ -n "$problem" ] || conf_targets="$conf_targets${conf_targets:+$NL}$*"
}

_target_shape() {
	shape_count=$1
	shape_low=$2
	shape_high=$3
	shape_value=$4
	shift 4
	if [ "$shape_count" -lt "$shape_low" ] || [ "$shape_count" -gt "$shape_high" ]; then
		problem="target: it takes $shape_low to $shape_high words, not $shape_count"
		return
	fi
	for shape; do
		# shellcheck disable=SC2254
		case $shape_value in
		$shape) return ;;
		esac
	done
	problem="target: \"$shape_value\" is not of the form $*"
}

# network = dhcp MAC | static MAC ADDRESS/PREFIX [GATEWAY]
_config_network() {
	case $1 in
	*[!A-Za-z0-9.:/\ ]*) problem="network: dhcp MAC, or static MAC ADDRESS/PREFIX [GATEWAY]" ;;
	'dhcp '*:*:*:*:*:* | 'static '*:*:*:*:*:*' '*/*) conf_network=$1 ;;
	*) problem="network: dhcp MAC, or static MAC ADDRESS/PREFIX [GATEWAY]" ;;
	esac
}

# write_config: the configuration in force, in its canonical form; what goes into the image and what is hashed.
write_config() {
	printf '%s\n' "$conf_targets" | while IFS= read -r line; do
		[ -z "$line" ] || printf 'target = %s\n' "$line"
	done
	for key in $KEYS; do
		[ "$key" = target ] && continue
		eval "value=\$conf_$key"
		[ -z "$value" ] || printf '%s = %s\n' "$key" "$value"
	done
}

trim() {
	trimmed=${1#"${1%%[![:space:]]*}"}
	printf '%s' "${trimmed%"${trimmed##*[![:space:]]}"}"
}

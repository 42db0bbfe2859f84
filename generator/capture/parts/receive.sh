# receive FOLDER: the other end of an ssh target, as a forced command in authorized_keys. It goes by the comment with
# which everything that stage 2 asks for begins, and runs nothing of the rest: the key can add dumps, and nothing else.

receive_command() {
	case $#:${1:-} in
	1:/*) ;;
	*) die $EX_USAGE "receive: give the folder for dumps as an absolute path; authorized_keys is where this belongs" ;;
	esac
	cd "$1" 2>/dev/null || die $EX_TARGET "receive: $1 is not there"
	receive_words=${SSH_ORIGINAL_COMMAND:-}
	case $receive_words in
	': kdump-capture '*';'*) receive_words=${receive_words#: kdump-capture } ;;
	*) die $EX_USAGE "receive: this key takes dumps, and no commands" ;;
	esac
	set -f
	# shellcheck disable=SC2086
	set -- ${receive_words%%;*}
	set +f
	for receive_word; do
		case $receive_word in
		.* | *[!A-Za-z0-9._-]*) die $EX_USAGE "receive: no name for a dump or its file" ;;
		esac
	done
	_receive "$@" || die $EX_FAILED "receive: $1 failed"
}

_receive() {
	case $#:$1 in
	1:ready) echo kdump-capture-ready ;;
	2:begin) [ ! -e "$2" ] && mkdir "$2.part" ;;
	3:put) dd of="$2.part/$3" bs=1M conv=fsync 2>/dev/null ;;
	3:remove) rm -f "$2.part/$3" ;;
	2:finish) [ ! -e "$2" ] && mv "$2.part" "$2" && sync ;;
	*) return 1 ;;
	esac
}

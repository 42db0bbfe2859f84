# uninstall: take away what this program made on this machine. Dumps, reports, keys and the configuration stay.

uninstall_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "uninstall: \"$1\" is not known: uninstall takes --json, --root"
		shift "$shifted"
	done
	common_end
	[ "$(id -u)" = 0 ] || die $EX_FAILED "uninstall: only root can"
	if [ -z "$root" ] && [ -e "$RUN/loaded" ] && [ "$(fact_crash_loaded)" = 1 ]; then
		(json=0 && unload_command) >&2 || die $EX_REFUSED "the capture kernel cannot be unloaded, so nothing was removed"
	fi
	uninstall_json=
	for uninstall_file in "$root$STATE"/capture-*.img "$root$STATE"/capture-*.manifest "$root$STATE"/capture-*.img.new \
		"$root$STATE"/autoload-* "$root$STATE/pending" "$root$RUN/loaded"; do
		[ -f "$uninstall_file" ] || continue
		rm -f "$uninstall_file" || die $EX_FAILED "$uninstall_file cannot be removed"
		say "removed $uninstall_file"
		uninstall_json="$uninstall_json${uninstall_json:+,}$(json_string "$uninstall_file")"
	done
	rmdir "$root$RUN" "$root$STATE" 2>/dev/null
	member removed "[$uninstall_json]"
	_uninstall_stays
	finish $EX_OK "uninstalled"
}

_uninstall_stays() {
	stays_json=
	for stays_file in "$root$CONFIG" "$root$INSIDE" "$root$STATE/reports" "$root$STATE/dumps"; do
		[ -e "$stays_file" ] || continue
		say "stays: $stays_file"
		stays_json="$stays_json${stays_json:+,}$(json_string "$stays_file")"
	done
	member stays "[$stays_json]"
	say "stays: this program, the dumps on their targets, crashkernel= on the kernel's command line (its memory is reserved until that is taken away), and images that build -o or -i wrote elsewhere"
}

# Take away what this program made. Dumps stay: they are yours.

uninstall_command() {
	common_start
	while [ $# -gt 0 ]; do
		common_option "$@"
		[ "$shifted" != 0 ] || die $EX_USAGE "uninstall: $1 is not known"
		shift "$shifted"
	done
	common_end
	if [ -e "$root$RUN/loaded" ] && [ "$(fact_crash_loaded)" = 1 ]; then
		die $EX_FAILED "a capture kernel is loaded: kdump-capture unload first"
	fi
	uninstall_json=
	for uninstall_path in "$root$STATE"/capture-*.img "$root$STATE"/capture-*.manifest "$root$STATE/pending" \
		"$root$STATE/collected" "$root$RUN/loaded"; do
		[ -e "$uninstall_path" ] || continue
		rm -f "$uninstall_path" || die $EX_FAILED "$uninstall_path cannot be removed"
		uninstall_json="$uninstall_json${uninstall_json:+,}$(json_string "$uninstall_path")"
		say "removed $uninstall_path"
	done
	rmdir "$root$STATE" "$root$RUN" 2>/dev/null
	member removed "[$uninstall_json]"
	say "Kept: $config_path, reports, every dump, and this program."
	finish $EX_OK "uninstalled"
}

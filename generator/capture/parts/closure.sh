# Programs with the libraries they need, copied from $root into an image. Nothing of $root is run, so that it may be of
# another architecture.

# in_root PATH: the file that PATH is within $root, its links followed as from inside. False when there is none.
in_root() {
	in_path=$1
	in_turns=0
	while [ -L "$root$in_path" ]; do
		in_turns=$((in_turns + 1))
		[ $in_turns -lt 20 ] || return 1
		in_link=$(readlink "$root$in_path")
		case $in_link in
		/*) in_path=$in_link ;;
		*) in_path=${in_path%/*}/$in_link ;;
		esac
	done
	# Folders on the way may be links as well (/lib is one to /usr/lib); those are relative everywhere we know of.
	[ -e "$root$in_path" ] || return 1
	printf '%s\n' "$root$in_path"
}

# find_program NAME: its path within $root.
find_program() {
	for find_folder in /usr/bin /usr/sbin /bin /sbin /usr/local/bin /usr/local/sbin; do
		if [ -n "$(in_root "$find_folder/$1")" ]; then
			printf '%s\n' "$find_folder/$1"
			return
		fi
	done
	return 1
}

# add_program NAME TREE: copy it and all it needs. False, with $problem, when a part is missing.
add_program() {
	program=$(find_program "$1") || {
		problem="$1 is not installed${root:+ in $root}"
		return 1
	}
	_add_file "$program" "$2" 755
	printf '%s\n' "$program" >"$work/closure"
	: >"$work/closed"
	while [ -s "$work/closure" ]; do
		read -r closure_path <"$work/closure"
		sed -i 1d "$work/closure"
		_needs "$(in_root "$closure_path")" >"$work/needs" || return 1
		while read -r closure_need; do
			_close "$closure_need" "$2" || {
				problem="$1 needs $closure_need, which is not there"
				return 1
			}
		done <"$work/needs"
	done
}

# _close NEED TREE: NEED is a library's name, or the path of the loader.
_close() {
	! grep -qxF -e "$1" "$work/closed" || return 0
	printf '%s\n' "$1" >>"$work/closed"
	case $1 in
	/*) close_path=$1 ;;
	*) close_path=$(_library "$1") || return 1 ;;
	esac
	[ -n "$(in_root "$close_path")" ] || return 1
	_add_file "$close_path" "$2" 755
	case $1 in
	/*) ;; # the loader needs nothing
	*) printf '%s\n' "$close_path" >>"$work/closure" ;;
	esac
}

_library() {
	for library_file in "$root"/lib/*-linux-gnu*/"$1" "$root"/usr/lib/*-linux-gnu*/"$1" "$root/lib64/$1" \
		"$root/usr/lib64/$1" "$root/lib/$1" "$root/usr/lib/$1" "$root"/usr/lib/*-linux-gnu*/*/"$1" "$root"/usr/lib64/*/"$1"; do
		if [ -e "$library_file" ] || [ -L "$library_file" ]; then
			printf '%s\n' "${library_file#"$root"}"
			return
		fi
	done
	return 1
}

# _needs FILE: the loader and the libraries it names; nothing for a script or a static program.
_needs() {
	case $(dd if="$1" bs=4 count=1 2>/dev/null | tr -d '\0') in
	?ELF) ;;
	*) return 0 ;;
	esac
	if command -v readelf >/dev/null 2>&1; then
		readelf -W -d -l "$1" 2>/dev/null | sed -n \
			's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*interpreter: \(.*\)\].*/\1/p'
	elif [ -z "$root" ] && command -v ldd >/dev/null 2>&1; then
		ldd "$1" 2>/dev/null | awk '/=> \// { print $1 } $1 ~ /^\// { print $1 }'
	else
		problem="reading what programs need takes readelf: install binutils"
		return 1
	fi
}

# _add_file PATH TREE MODE: copy what PATH is within $root, under the same name.
_add_file() {
	[ -e "$2$1" ] && return
	mkdir -p "$2${1%/*}"
	cat "$(in_root "$1")" >"$2$1" && chmod "$3" "$2$1"
}

# What is said: lines for people on stdout (stderr with --json), one JSON document for machines.

json=0    # 1: --json
command=  # the command that runs, for the document
document= # further members of the document: ,"name":value
log_file= # where stage 2 keeps its log, "" elsewhere

say() {
	_line "$*"
}

warn() {
	_line "warning: $*" >&2
}

# die CODE PROBLEM: end with the problem, and what to do about it.
die() {
	die_code=$1
	shift
	[ "$json" = 1 ] || _line "kdump-capture: $*" >&2
	finish "$die_code" "$*"
}

# finish CODE [MESSAGE]: end; with --json the document is complete whatever happened.
finish() {
	[ "$json" = 0 ] || printf '{"schema":"kdump-capture/1","version":"%s","command":%s,"exit":%d,"message":%s%s}\n' \
		"$VERSION" "$(json_string "$command")" "$1" "$(json_string "${2:-}")" "$document"
	exit "$1"
}

_line() {
	if [ -n "$log_file" ]; then
		printf '%s\n' "$*" >>"$log_file"
	fi
	if [ "$json" = 1 ]; then
		printf '%s\n' "$*" >&2
	else
		printf '%s\n' "$*"
	fi
}

# member NAME JSON: add a member to the document. text NAME TEXT and number NAME DIGITS are the usual ones.
member() {
	document="$document,\"$1\":$2"
}

text() {
	member "$1" "$(json_string "$2")"
}

# A number that is not known is null, never 0.
number() {
	case $2 in
	'' | *[!0-9]*) member "$1" null ;;
	*) member "$1" "$2" ;;
	esac
}

# json_string TEXT: a JSON string. What is not plain goes through awk; bytes that are no UTF-8 become U+FFFD.
json_string() {
	case $1 in
	*[!\ !#-\[\]-~]*) printf '%s' "$1" | _json_escape ;;
	*) printf '"%s"' "$1" ;;
	esac
}

_json_escape() {
	od -An -v -tu1 | awk '
		function put(c) { out = out sprintf("%c", c) }
		function bad() { out = out "\357\277\275" }
		function flush_bytes(  i) { for (i = 1; i <= have; i++) bad(); have = need = 0 }
		{
			for (i = 1; i <= NF; i++) {
				c = $i + 0
				if (need > 0) {
					if (c >= low && c <= high) {
						keep[++have] = c; low = 128; high = 191
						if (--need == 0) { for (k = 1; k <= have; k++) put(keep[k]); have = 0 }
						continue
					}
					flush_bytes()
				}
				low = 128; high = 191
				if (c == 34) out = out "\\\""
				else if (c == 92) out = out "\\\\"
				else if (c == 9) out = out "\\t"
				else if (c == 10) out = out "\\n"
				else if (c < 32 || c == 127) out = out sprintf("\\u%04x", c)
				else if (c < 128) put(c)
				else if (c >= 194 && c <= 223) { need = 1; keep[have = 1] = c }
				else if (c >= 224 && c <= 239) { need = 2; keep[have = 1] = c; if (c == 224) low = 160; if (c == 237) high = 159 }
				else if (c >= 240 && c <= 244) { need = 3; keep[have = 1] = c; if (c == 240) low = 144; if (c == 244) high = 143 }
				else bad()
			}
		}
		END { flush_bytes(); printf "\"%s\"", out }'
}

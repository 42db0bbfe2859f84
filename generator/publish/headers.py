"""What a web server should say with each file: one table, as several servers want it written."""

import mimetypes
from collections.abc import Iterable

from generator.publish.pack import TEXTS

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SHORT = "public, max-age=300"
LONG = "public, max-age=31536000, immutable"  # for what has its digest in its address
TEXT = "text/plain; charset=utf-8"
# Shown, not saved; and never guessed to be anything that runs.
PLAIN = (".patch", ".diff", ".mbox", ".txt", ".log", ".conf", ".md", ".manifest")
ADDRESSED = ("assets/",)
PACKED = {".br": "br", ".gz": "gzip"}  # the best first
SERVERS = ("netlify", "nginx", "apache", "caddy")


def type_of(path: str) -> str:
    """Return a file's media type."""
    if path.endswith((*PLAIN, "/SHA256SUMS")) or path.startswith("capture/kdump-capture"):
        return TEXT
    if path.endswith(".wasm"):
        return "application/wasm"
    found = mimetypes.guess_type(path, strict=True)[0] or "application/octet-stream"
    textual = found.startswith("text/") or found in ("application/json", "application/xml", "image/svg+xml")
    return f"{found}; charset=utf-8" if textual else found


def cache_of(path: str) -> str:
    """Return how long a file may be kept."""
    return LONG if path.startswith(ADDRESSED) else SHORT


def server_config(server: str, packed: bool = False) -> str:
    """Return the lines for a server; `packed`: `X.gz` and `X.br` lie beside `X`."""
    return {"netlify": _netlify, "nginx": _nginx, "apache": _apache, "caddy": _caddy}[server](packed)


def _netlify(packed: bool) -> str:
    """`_headers`, as Netlify and Cloudflare Pages read it from the site."""
    lines = ["/*", *(f"  {name}: {value}" for name, value in EVERYWHERE.items()), f"  Cache-Control: {SHORT}"]
    lines += [line for folder in ADDRESSED for line in (f"/{folder}*", "  ! Cache-Control", f"  Cache-Control: {LONG}")]
    lines += [line for ending in PLAIN for line in (f"/*{ending}", f"  Content-Type: {TEXT}")]
    lines += ["/capture/kdump-capture*", f"  Content-Type: {TEXT}", "/*SHA256SUMS", f"  Content-Type: {TEXT}"]
    return "\n".join(lines) + "\n"


def _nginx(packed: bool) -> str:
    said = "".join(f'    add_header {name} "{value}" always;\n' for name, value in EVERYWHERE.items())
    static = "    gzip_static on;\n" if packed else ""
    as_it_is = "        gzip_static off;\n" if packed else ""
    return f"""\
# Within `server`; `root` is the site, or `current` of a folder that kdump-portal publish keeps.
location / {{
    index index.html;
    default_type application/octet-stream;
    charset utf-8;
    charset_types text/css text/plain text/xml application/javascript application/json application/xml image/svg+xml;
    gzip_vary on;
{static}    error_page 404 /404.html;
    error_page 403 =404 /404.html;  # a folder without a page
{said}    add_header Cache-Control "{SHORT}" always;

    location ^~ /assets/ {{
{_indent(said)}        add_header Cache-Control "{LONG}" always;
    }}
    location ~ \\.({_endings(PLAIN)})$|/SHA256SUMS$|/capture/kdump-capture[^/]*$ {{
        types {{ }}
        default_type "{TEXT}";
        gzip off;  # downloads are sent as they are
{as_it_is}{_indent(said)}        add_header Cache-Control "{SHORT}" always;
    }}
}}
"""


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _endings(endings: Iterable[str]) -> str:
    return "|".join(ending.lstrip(".") for ending in endings)


def _apache(packed: bool) -> str:
    said = "".join(f'Header always set {name} "{value}"\n' for name, value in EVERYWHERE.items())
    return f"""\
# Within <Directory>, or .htaccess with AllowOverride FileInfo; needs mod_headers{", mod_rewrite" if packed else ""}.
{said}Header always set Cache-Control "{SHORT}"
ErrorDocument 404 /404.html
ErrorDocument 403 /404.html
AddDefaultCharset utf-8
AddCharset utf-8 .css .js .json .xml .svg
AddType application/octet-stream .bundle
# Apache goes by every ending of a name: the page of a file `x.gz` is `x.gz.html`, which is not packed, and that of
# `x.cgi` or `x.var` is nothing to run. A download `x.tar.gz` is what it is, too.
RemoveEncoding .gz .tgz .Z .bz2 .xz .br
RemoveHandler .asis .cgi .imap .php .pl .py .shtml .var
RemoveOutputFilter .shtml
<If "%{{REQUEST_URI}} =~ m#^/assets/.*[^/]$#">
    Header always set Cache-Control "{LONG}"
</If>
<FilesMatch "\\.({_endings(PLAIN)})$|^SHA256SUMS$|^kdump-capture(-[0-9.]+)?$">
    ForceType "{TEXT}"
    SetEnv no-gzip 1
    SetEnv no-brotli 1
</FilesMatch>
{_apache_packed() if packed else ""}"""


def _apache_packed() -> str:
    """Rewrite to the packed file, and say what is in it: by itself Apache would go by the last ending."""
    lines = ["RewriteEngine On"]
    for suffix, coding in PACKED.items():
        lines += [
            rf"RewriteCond %{{HTTP:Accept-Encoding}} \b{coding}\b",
            f"RewriteCond %{{REQUEST_FILENAME}}{suffix} -f",
            rf"RewriteRule \.({_endings(TEXTS)})$ %{{REQUEST_URI}}{suffix} [L]",
        ]
    said = ("Header merge Vary Accept-Encoding",)
    lines += _files_match(rf"\.({_endings(TEXTS)})(\.br|\.gz)?$", said)
    for suffix, coding in PACKED.items():
        said = (f"Header set Content-Encoding {coding}", "SetEnv no-gzip 1", "SetEnv no-brotli 1")
        lines += _files_match(rf"\.({_endings(TEXTS)})\{suffix}$", said)
    for ending in TEXTS:
        lines += _files_match(rf"\{ending}\.(br|gz)$", (f'ForceType "{type_of(f"x{ending}")}"',))
    return "\n".join(lines) + "\n"


def _files_match(names: str, said: Iterable[str]) -> tuple[str, ...]:
    return (f'<FilesMatch "{names}">', *(f"    {line}" for line in said), "</FilesMatch>")


def _caddy(packed: bool) -> str:
    said = "".join(f'    {name} "{value}"\n' for name, value in EVERYWHERE.items())
    plain = " ".join(f"*{ending}" for ending in PLAIN)
    texts = " ".join(f"*{ending}" for ending in TEXTS)
    server = f"@packed path */ {texts}\nfile_server @packed {{\n    precompressed br gzip\n}}\n" if packed else ""
    return f"""\
# Within the site's block; `root * /srv/portal/current` above it.
header {{
{said}}}
# Two that exclude each other: Caddy sets the header that names a path before the one for all.
@short not path /assets/*
header @short Cache-Control "{SHORT}"
header /assets/* Cache-Control "{LONG}"
@plain path {plain} */SHA256SUMS /capture/kdump-capture*
header @plain Content-Type "{TEXT}"
@bundle path *.bundle
header @bundle Content-Type "application/octet-stream"
{server}file_server
handle_errors {{
    rewrite * /404.html
    header Cache-Control "{SHORT}"
    header Content-Type "text/html; charset=utf-8"
    file_server
}}
"""

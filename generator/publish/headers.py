"""What a web server should say with each file: one table, as several servers want it written."""

import mimetypes

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
    endings = "|".join(ending.lstrip(".") for ending in PLAIN)
    static = "    gzip_static on;\n" if packed else ""
    return f"""\
# Within `server`; `root` is the site, or `current` of a folder that kdump-portal publish keeps.
location / {{
    index index.html;
    charset utf-8;
    charset_types text/css text/plain text/xml application/javascript application/json application/xml image/svg+xml;
{static}    error_page 404 /404.html;
{said}    add_header Cache-Control "{SHORT}" always;

    location ^~ /assets/ {{
{_indent(said)}        add_header Cache-Control "{LONG}" always;
    }}
    location ~ \\.({endings})$|/SHA256SUMS$|/capture/kdump-capture[^/]*$ {{
        types {{ }}
        default_type "{TEXT}";
{_indent(said)}        add_header Cache-Control "{SHORT}" always;
    }}
}}
"""


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _apache(packed: bool) -> str:
    said = "".join(f'Header always set {name} "{value}"\n' for name, value in EVERYWHERE.items())
    endings = "|".join(ending.lstrip(".") for ending in PLAIN)
    return f"""\
# .htaccess, or within <Directory>; needs mod_headers.
{said}Header always set Cache-Control "{SHORT}"
ErrorDocument 404 /404.html
AddDefaultCharset utf-8
<If "%{{REQUEST_URI}} =~ m#^/assets/#">
    Header always set Cache-Control "{LONG}"
</If>
<FilesMatch "\\.({endings})$|^SHA256SUMS$|^kdump-capture[^.]*$">
    ForceType "{TEXT}"
</FilesMatch>
"""


def _caddy(packed: bool) -> str:
    said = "".join(f'    {name} "{value}"\n' for name, value in EVERYWHERE.items())
    plain = " ".join(f"*{ending}" for ending in PLAIN)
    server = " {\n    precompressed br gzip\n}" if packed else ""
    return f"""\
# Within the site's block; `root * /srv/portal/current` above it.
header {{
{said}    Cache-Control "{SHORT}"
}}
header /assets/* Cache-Control "{LONG}"
@plain path {plain} */SHA256SUMS /capture/kdump-capture*
header @plain Content-Type "{TEXT}"
file_server{server}
handle_errors {{
    rewrite * /404.html
    file_server
}}
"""

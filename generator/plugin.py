"""The MkDocs plugin, a thin adapter. Only it and `rendered.py` import MkDocs."""

import gc
import logging
from collections.abc import Mapping
from pathlib import Path

from mkdocs.commands.build import build, get_context
from mkdocs.commands.serve import serve
from mkdocs.config import load_config as load_mkdocs_config
from mkdocs.config.config_options import Optional, Type
from mkdocs.exceptions import MkDocsException, PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.utils import CountHandler

from generator.build import build_portal
from generator.config import NO_OPTIONS, PLUGIN, Config, Options, load_config
from generator.content import load_content
from generator.errors import OutputError, PortalError
from generator.outcome import Report
from generator.output.lock import Lock
from generator.output.preview import preview
from generator.output.shell import theme_stamp
from generator.output.site import prepare
from generator.rendered import RenderedPages

log = get_plugin_logger(PLUGIN)
RARELY = (100_000, 50, 100)  # what a build makes lives to its end: looking for cycles was a fifth of its time


class PortalPlugin(BasePlugin):
    """Adds the generated part of the portal to what MkDocs builds of Markdown."""

    config_scheme = (
        ("cache_dir", Type(str, default=".cache")),
        *((key, Optional(Type(dict))) for key in ("sources", "patches", "reports")),
    )

    def __init__(self) -> None:
        self.options: Options = NO_OPTIONS
        self.report: Report | None = None
        self._serving = False
        self._portal: Config
        self._lock: Lock

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Remember whether MkDocs serves: then its own output folder is left alone."""
        self._serving = command == "serve"

    def on_config(self, config):
        """Check our settings, and let MkDocs write beside the site that stands there."""
        try:
            self._portal = _portal_config(config, self, self.options)
            self._final = self._portal.cache_folder / "preview" if self._serving else Path(config.site_dir)
            self._lock = Lock(self._portal.cache_folder)
            self._lock.take(log.info)
            staging = prepare(self._final)
            self._content = load_content(self._portal, log.info)
            self._rendered = RenderedPages(self._portal.cache_folder)
            for problem in self._content.problems() if config.strict else ():
                log.warning(problem)
        except (PortalError, OSError) as problem:
            raise PluginError(str(problem)) from problem
        if not self._serving:
            config.site_dir = str(staging)
        return config

    def on_nav(self, nav, *, config, files):
        """Keep what the theme needs to render."""
        self._nav, self._files = nav, files
        self._rendered.start(config, files)
        return nav

    def on_env(self, env, *, config, files):
        """Keep the theme's final environment; addresses of style and scripts name what they hold."""
        self._rendered.stop()
        self._env = env
        env.globals["stamp"] = theme_stamp()
        return env

    def on_page_markdown(self, markdown, *, page, config, files):
        """Fill in the reference data that a page asks for; what was rendered before is not rendered again."""
        return self._rendered.before(page, self._content.markdown(markdown, page.file.dest_uri))

    def on_page_content(self, html, *, page, config, files):
        """Add links and results to a hand-written page, and note its words for search."""
        self._rendered.after(page)
        return self._content.html(html, page.title or "", Path(page.file.abs_src_path or ""), page.file.dest_uri)

    def on_post_build(self, *, config) -> None:
        """Build the generated part; unless warnings are errors and there were some, put the site in its place."""
        counters = [handler for handler in logging.getLogger("mkdocs").handlers if isinstance(handler, CountHandler)]
        if any(counter.get_counts() for counter in counters):
            return  # --strict: MkDocs aborts right after this, and the old site stays

        def render(depth: int, section: str, slots: Mapping[str, str]) -> str:
            base = "/".join([".."] * depth) or "."
            context = get_context(self._nav, self._files, config, page=None, base_url=base)
            return self._env.get_template("generated.html").render(**context, slot=slots, current=section)

        try:
            self.report = build_portal(self._portal, self._final, render, self._content, log.info)
        except PortalError as problem:
            raise PluginError(str(problem)) from problem
        self._lock.release()

    def on_build_error(self, *, error) -> None:
        """Let others build."""
        if hasattr(self, "_lock"):
            self._lock.release()

    def on_serve(self, server, *, config, builder):
        """Serve the generated part from where it is kept, behind the pages that MkDocs rebuilds."""
        server.set_app(preview(self._final, server.serve_request, server.mount_path))
        return server


def build_site(*, config_file: str | None, site_dir: str | None, strict: bool | None, options: Options) -> Report:
    """Run MkDocs' build with our plugin. Raises PortalError for everything a user can mend."""
    gc.set_threshold(*RARELY)
    try:
        config = load_mkdocs_config(config_file=config_file, site_dir=site_dir, strict=strict)
        plugin = _plugin(config)
        plugin.options = options
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    except MkDocsException as problem:
        raise OutputError(str(problem)) from problem
    return plugin.report


def serve_site(*, config_file: str | None, address: str | None) -> None:
    """Run MkDocs' development server with our plugin."""
    try:
        serve(config_file=config_file, dev_addr=address)
    except MkDocsException as problem:
        raise OutputError(str(problem)) from problem


def read_config(*, config_file: str | None, options: Options) -> tuple[Config, Path]:
    """Return the portal's configuration and the folder of the site, without building."""
    try:
        config = load_mkdocs_config(config_file=config_file)
    except MkDocsException as problem:
        raise OutputError(str(problem)) from problem
    return _portal_config(config, _plugin(config), options), Path(config.site_dir)


def _portal_config(config, plugin: PortalPlugin, options: Options) -> Config:
    file, site_url = Path(config.config_file_path), config.site_url or ""
    return load_config(plugin.config, file=file, site_url=site_url, docs_dir=config.docs_dir, options=options)


def _plugin(config) -> PortalPlugin:
    for plugin in config.plugins.values():
        if isinstance(plugin, PortalPlugin):
            return plugin
    raise OutputError(f"{config.config_file_path}: the plugin {PLUGIN} is not listed under plugins: add it")

"""What a notebook may hold to hurt who looks at it: each payload with where it goes. `boom` is what must never run."""

from __future__ import annotations

from dataclasses import dataclass

BOOM = "window.__ran=(window.__ran||0)+1"
FOREIGN = "https://evil.example"


@dataclass(frozen=True, slots=True)
class Payload:
    """``place``: html, svg, markdown, source, stream, error, mime, name, path, cell_id, chat, decision."""

    name: str
    place: str
    text: str


_HTML = {
    "script": f"<script>{BOOM}</script>shown",
    "script-src": f"<script src={FOREIGN}/x.js></script>shown",
    "module": f"<script type=module>{BOOM}</script>shown",
    "img-onerror": f'<img src=x onerror="{BOOM}">shown',
    "img-remote": f"<img src={FOREIGN}/pixel.png>shown",
    "img-srcset": f'<img srcset="{FOREIGN}/a.png 1x, {FOREIGN}/b.png 2x">shown',
    "picture-source": f"<picture><source srcset={FOREIGN}/s.png><img></picture>shown",
    "svg-onload": f"<svg onload={BOOM}></svg>shown",
    "svg-script": f"<svg><script>{BOOM}</script></svg>shown",
    "svg-animate": f'<svg><a><animate attributeName=href values="javascript:{BOOM}"/><text>x</text></a></svg>shown',
    "svg-use": f'<svg><use href="data:image/svg+xml,<svg id=x><script>{BOOM}</script></svg>#x"/></svg>shown',
    "math-mutation": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
    f'onerror={BOOM}&gt;">shown',
    "noscript-mutation": f'<noscript><p title="</noscript><img src=x onerror={BOOM}>">shown',
    "template-mutation": f"<template><img src=x onerror={BOOM}></template>shown",
    "form-nested": f"<form><div></form><form id=x></form><button form=x formaction=javascript:{BOOM}>go</button>shown",
    "iframe-srcdoc": f'<iframe srcdoc="<script>parent.{BOOM}</script>"></iframe>shown',
    "iframe-javascript": f"<iframe src=javascript:{BOOM}></iframe>shown",
    "iframe-remote": f"<iframe src={FOREIGN}/frame></iframe>shown",
    "object-data": f'<object data="data:text/html,<script>{BOOM}</script>"></object>shown',
    "embed": f"<embed src={FOREIGN}/movie.swf>shown",
    "link-stylesheet": f"<link rel=stylesheet href={FOREIGN}/x.css>shown",
    "link-prefetch": f"<link rel=prefetch href={FOREIGN}/x><link rel=dns-prefetch href=//evil.example>shown",
    "style-import": f"<style>@import url({FOREIGN}/x.css);</style>shown",
    "style-attribute": f'<div style="background:url({FOREIGN}/bg.png)">shown</div>',
    "style-overlay": '<div style="position:fixed;inset:0;background:red;z-index:99999">shown</div>',
    "meta-refresh": f'<meta http-equiv=refresh content="0;url={FOREIGN}/">shown',
    "base-href": f"<base href={FOREIGN}/>shown",
    "body-onload": f"<body onload={BOOM}>shown",
    "details-ontoggle": f"<details open ontoggle={BOOM}><summary>s</summary>shown</details>",
    "video-onerror": f"<video><source onerror={BOOM}></video><audio src={FOREIGN}/a.mp3></audio>shown",
    "video-poster": f"<video poster={FOREIGN}/p.png></video>shown",
    "input-autofocus": f"<input autofocus onfocus={BOOM}>shown",
    "a-javascript": f'<a href="javascript:{BOOM}" id=click>shown</a>',
    "a-javascript-tab": f'<a href="java\tscript:{BOOM}">shown</a>',
    "a-data": f'<a href="data:text/html,<script>{BOOM}</script>">shown</a>',
    "a-relative": '<a href="/logout">shown</a>',
    "a-ping": f'<a href="https://fine.example" ping="{FOREIGN}/ping">shown</a>',
    "htmx-attributes": f'<div hx-get="{FOREIGN}/x" hx-trigger="load" hx-on:load="{BOOM}">shown</div>',
    "htmx-data": '<div data-hx-get="/logout" data-hx-trigger="load">shown</div>',
    "clobber-id": "<form id=whisper><input name=action></form><img name=body id=said>shown",
    "class-pose": '<div class="notice bad hidden-text entry-hint">shown</div>',
    "comment-cond": f"<!--[if gte IE 4]><script>{BOOM}</script><![endif]-->shown",
    "plaintext": "shown<plaintext>",
    "unclosed": "shown<div><table><tr><td><b><i><a href='https://x.example",
    "cdata": f"<![CDATA[<script>{BOOM}</script>]]>shown",
    "nul-in-tag": f"<scr\0ipt>{BOOM}</scr\0ipt><img src=x on\0error={BOOM}>shown",
    "deep": "<div>" * 3000 + "shown",
    "portal-custom": f"<portal src={FOREIGN}></portal><x-y onclick={BOOM} is=script>shown</x-y>",
}

_SVG = {
    "svg-script": f"<svg xmlns='http://www.w3.org/2000/svg'><script>{BOOM}</script><rect width='9' height='9'/></svg>",
    "svg-onload": f"<svg xmlns='http://www.w3.org/2000/svg' onload='{BOOM}'><rect width='9' height='9'/></svg>",
    "svg-image": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{FOREIGN}/i.png' width='9' height='9'/></svg>",
    "svg-css": f"<svg xmlns='http://www.w3.org/2000/svg'><style>@import url({FOREIGN}/s.css);</style></svg>",
    "svg-foreign": "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject width='9' height='9'>"
    f"<body xmlns='http://www.w3.org/1999/xhtml'><script>{BOOM}</script><iframe src='{FOREIGN}'/></body>"
    "</foreignObject></svg>",
    "svg-entities": '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>",
    "svg-not-svg": f"<html><script>{BOOM}</script></html>",
}

_MARKDOWN = {
    "link-javascript": f"[shown](javascript:{BOOM})",
    "link-entity": f"[shown](&#106;avascript:{BOOM})",
    "image-remote": f"![shown]({FOREIGN}/md.png)",
    "autolink": f"<javascript:{BOOM}> shown",
    "raw-html": f"shown <img src=x onerror={BOOM}>",
    "raw-block": f"<div>\n<script>{BOOM}</script>\n</div>\n\nshown",
    "reference": f"[shown][x]\n\n[x]: data:text/html,<script>{BOOM}</script>",
    "fence-info": f'```"><img src=x onerror={BOOM}>\nshown\n```',
    "deep-quote": ">" * 2000 + " shown",
    "deep-list": "".join(f"{'  ' * depth}- x\n" for depth in range(300)) + "shown",
    "table-html": f"|a|\n|-|\n|<svg onload={BOOM}>shown|",
}

_TEXT = {
    "tag": f"</pre></div><script>{BOOM}</script><img src=x onerror={BOOM}>",
    "attribute": f'" onmouseover="{BOOM}" autofocus onfocus="{BOOM}" x="',
    "template": "{{ constructor.constructor('window.__ran=1')() }} ${window.__ran=1} {% raw %}",
    "bidi": "access\u202e}\u2066 if admin\u2069 \u2066 begin\u200f\u061c",
    "controls": "a\x00b\x07c\x08d\x7fe\u2028f\u2029g\ud800h\ufeff\u200b",
    "zalgo": "Z" + "\u0300\u0301\u0302" * 300,
    "rtl-wide": "\ufdfd" * 200 + "\u0645" * 500,
    "huge-line": "x" * 60_000,
    "sse-break": "data: x\r\n\r\nevent: end\ndata: {}\n\n</script>",
}

_STREAM = {
    "ansi-osc8": f"\x1b]8;;javascript:{BOOM}\x1b\\click\x1b]8;;\x1b\\ shown",
    "ansi-title": f"\x1b]0;<script>{BOOM}</script>\x07shown",
    "ansi-css": f'\x1b[31;"><img src=x onerror={BOOM}>mshown\x1b[38;2;999;1;1mx\x1b[48;5;99999my',
    "ansi-flood": "\x1b[1m\x1b[31m" * 4000 + "shown",
    "ansi-unfinished": "shown\x1b]52;c;" + "A" * 500,
    "carriage": "\r".join("progress " * 5 for _ in range(400)) + "shown",
}

_MIME = {
    "mime-name": f"text/<img src=x onerror={BOOM}>",
    "mime-script": "application/javascript",
    "mime-widget": "application/vnd.jupyter.widget-view+json",
    "mime-bokeh": "application/vnd.bokehjs_exec.v0+json",
}

PAYLOADS = tuple(
    [Payload(name, "html", text) for name, text in _HTML.items()]
    + [Payload(name, "svg", text) for name, text in _SVG.items()]
    + [Payload(name, "markdown", text) for name, text in _MARKDOWN.items()]
    + [
        Payload(f"{place}-{name}", place, text)
        for place in ("source", "stream", "error", "name", "path", "cell_id", "chat", "decision")
        for name, text in _TEXT.items()
    ]
    + [Payload(name, "stream", text) for name, text in _STREAM.items()]
    + [Payload(name, "mime", text) for name, text in _MIME.items()]
)

"""The page that asks for the API key: no script, nothing from elsewhere."""

from html import escape

from visavis.ui.assets import OWN

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Visavis: sign in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{own}/mark.svg"><link rel="stylesheet" href="{own}/signin.css"></head>
<body><main><img src="{own}/mark.svg" alt="" width="44" height="44">
<h1>Visavis</h1><p>Sign in with your API key. It stays in the memory of this service until you sign
out, and is never written into the page or its address.</p>
<form method="post" action="/ui/login">
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="off" spellcheck="false" maxlength="200"
 required autofocus>
{trouble}<button>Sign in</button></form>
<p class="quiet">Whoever looks after the service makes keys with
<code>visavis apikeys create NAME --scope identify</code>.</p></main></body></html>
"""


def sign_in_page(trouble: str = "") -> str:
    """The whole page; `trouble` says why the last try failed."""
    told = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
    return _PAGE.format(own=OWN, trouble=told)

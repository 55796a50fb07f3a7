"""HTML as plain text."""

from __future__ import annotations

import pytest

from pbtornado.mail.plain import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("  many \n\n  spaces ", "many spaces\n"),
        ("<b>bold</b> and <i>italic</i>", "bold and italic\n"),
        ('<a href="http://x.test/?a=1&amp;b=2">Click</a>!', "[Click](http://x.test/?a=1&b=2)!\n"),
        ("<a>Click</a>", "[Click]\n"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two\n"),
        ("<head><title>t</title><style>p{}</style></head><p>seen</p><script>x()</script>", "seen\n"),
        ("&lt;tag&gt; &amp; more", "<tag> & more\n"),
        ("<div><p>unclosed <b>tags", "unclosed tags\n"),
        ("</style></a>after", "after\n"),
        ("", "\n"),
    ],
)
def test_as_text(html: str, text: str) -> None:
    """Blocks are lines, links show where they lead, what nobody sees is left out."""
    assert plain_text(html) == text

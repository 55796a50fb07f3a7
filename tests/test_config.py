"""Options of a process and where its shipped files are."""

from __future__ import annotations

from pbtornado.config import Options, asset


def test_defaults() -> None:
    """Without options the server is PocketBase's: 127.0.0.1:8090 on ./pb_data, any origin, argon2id."""
    options = Options()
    assert (options.address, str(options.data_dir), options.origins, options.keep_bcrypt) == ("127.0.0.1:8090", "pb_data", ("*",), False)


def test_worker_count() -> None:
    """No number of workers means one per core."""
    assert Options().worker_count >= 1
    assert Options(workers=3).worker_count == 3


def test_ipv6_address() -> None:
    """An IPv6 host stands in brackets before its port."""
    assert Options(host="::1", port=80).address == "[::1]:80"


def test_asset() -> None:
    """Shipped files are found."""
    assert asset("grammar").name in ("grammar", "_grammar")

from ipaddress import ip_address, ip_network

import pytest

from domain.addresses import check_url, is_allowed_ip, parse_ip, refusal
from domain.errors import InvalidRequest

LOOPBACK = [ip_network("127.0.0.0/8")]
COMPOSE = [ip_network("172.18.0.0/16"), ip_network("fd12:3456::/48")]

PUBLIC = [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111", "2400:3200::1", "2a00::1",
    "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1",
]  # fmt: skip

REFUSED = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - nothing is bound
    "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"],
    "link-local": ["169.254.0.1", "fe80::1", "febf::1", "fec0::1"],
    "carrier NAT": ["100.64.0.0", "100.127.255.255"],
    "metadata": ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "192.0.0.8", "192.88.99.1", "4000::1", "5f00::1", "100::1", "8000::1"],
    "broadcast": ["255.255.255.255"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"],
    "compatible": ["::127.0.0.1", "::10.0.0.1"],
    "NAT64": ["64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::1", "2002:a00:1::", "2002:c0a8:101::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:f5ff:fffe"],  # its client is 10.0.0.1
}


@pytest.mark.parametrize("text", PUBLIC)
def test_public_unicast_addresses_may_be_reached_by_https_only(text: str) -> None:
    ip = ip_address(text)
    assert is_allowed_ip(ip, allowed_networks=[])
    assert refusal(ip, scheme="https", allowed_networks=[]) is None
    assert "use https://" in str(refusal(ip, scheme="http", allowed_networks=LOOPBACK))


@pytest.mark.parametrize("text", [text for kind in REFUSED.values() for text in kind])
def test_special_addresses_are_refused_by_name(text: str) -> None:
    assert not is_allowed_ip(ip_address(text), allowed_networks=COMPOSE)
    assert str(ip_address(text)) in str(refusal(ip_address(text), scheme="https", allowed_networks=COMPOSE))


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("127.0.0.1", "127.0.0.0/8"),
        ("::1", "127.0.0.0/8"),
        ("::1", "::1/128"),
        ("::ffff:127.0.0.1", "127.0.0.0/8"),
        ("::ffff:172.18.0.9", "172.18.0.0/16"),
        ("64:ff9b::10.1.2.3", "10.1.0.0/16"),
        ("2002:a01:203::1", "10.1.0.0/16"),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "10.0.0.0/8"),
        ("fd12:3456::7", "fd12:3456::/48"),
        ("169.254.10.10", "169.254.10.0/24"),
    ],
)
def test_an_allowed_network_opens_itself_and_the_ipv6_forms_of_its_addresses(text: str, network: str) -> None:
    assert not is_allowed_ip(ip_address(text), allowed_networks=[])
    for scheme in ("http", "https"):
        assert refusal(ip_address(text), scheme=scheme, allowed_networks=[ip_network(network)]) is None


def test_a_zone_does_not_hide_an_address() -> None:
    assert parse_ip("fe80::1%eth0") == ip_address("fe80::1")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks?token=a%2Fb&x=1",
        "HTTPS://Example.COM:8443/hooks",
        "https://example.com./hooks",
        "https://example.com:1/",
        "https://example.com:65535/",
        "https://bücher.example/hooks",
        "https://xn--bcher-kva.example/",
        "https://例え.テスト/通知",
        "https://under_score.example/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]:443/",
        "https://1.example/",
        "https://localhost.example.com/",
        "https://example.com/" + "a" * (2048 - len("https://example.com/")),
    ],
)
def test_public_https_urls_are_taken(url: str) -> None:
    check_url(url, allowed_networks=[])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hooks",
        "https://127.0.0.1/",
        "http://localhost:9000/",
        "http://hooks.localhost/",
        "http://LOCALHOST./",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://receiver:8080/hooks",  # only the connect can tell
    ],
)
def test_allowed_networks_open_http_and_private_hosts(url: str) -> None:
    check_url(url, allowed_networks=LOOPBACK)
    if url != "http://receiver:8080/hooks":
        with pytest.raises(InvalidRequest):
            check_url(url, allowed_networks=COMPOSE)


BAD_URLS = [
    ("", "not an absolute URL"),
    ("example.com/hooks", "not an absolute URL"),
    ("//example.com/hooks", "not an absolute URL"),
    ("https:/example.com", "not an absolute URL"),
    ("https://", "needs a host"),
    ("https:///path", "needs a host"),
    ("https://:443/", "needs a host"),
    ("http://example.com/", "use https://"),
    ("ftp://example.com/", "not by ftp"),
    ("file:///etc/passwd", "not by file"),
    ("gopher://127.0.0.1:6379/_FLUSHALL", "not by gopher"),
    ("https://user@example.com/", "user name"),
    ("https://user:pw@example.com/", "user name"),
    ("https://example.com@127.0.0.1/", "user name"),
    ("https://example.com\\@127.0.0.1/", "has no place"),
    ("https://example.com/#top", "leave out"),
    ("https://example.com#@127.0.0.1/", "leave out"),
    ("https://example.com/a b", "has no place"),
    (" https://example.com/", "has no place"),
    ("https://example.com/\r\nHost: x", "has no place"),
    ("https://exam\tple.com/", "has no place"),
    ("https://example.com/\x00", "has no place"),
    ("https://example.com/\u202ecod", "has no place"),
    ("https://example.com/\ud800", "has no place"),
    ("https://example.com/\u3000", "has no place"),
    ("https://example.com:0/", "port 0"),
    ("https://example.com:65536/", "port 65536"),
    ("https://example.com:/", "port only as"),
    ("https://example.com:٤٤٣/", "port only as"),
    ("https://example.com:80:80/", "port only as"),
    ("https://example.com:-1/", "port only as"),
    ("https://a..example.com/", "not a host name"),
    ("https://-a.example.com/", "not a host name"),
    ("https://" + "a" * 64 + ".example/", "not a host name"),
    ("https://" + "a." * 130 + "example/", "not a host name"),
    ("https://exa$mple.com/", "not a host name"),
    ("https://.example.com/", "not a host name"),
    ("https://./", "not a host name"),
    ("https://example.com/" + "a" * 2029, "2048 are the limit"),
    # literal addresses in every spelling
    ("https://127.0.0.1/", "127.0.0.1 is neither"),
    ("https://10.0.0.1/", "10.0.0.1 is neither"),
    ("https://169.254.169.254/latest/meta-data", "169.254.169.254 is neither"),
    ("https://2130706433/", "plain IP address"),
    ("https://0x7f000001/", "plain IP address"),
    ("https://0X7F.1/", "plain IP address"),
    ("https://017700000001/", "plain IP address"),
    ("https://0177.0.0.1/", "plain IP address"),
    ("https://127.1/", "plain IP address"),
    ("https://127.0.1/", "plain IP address"),
    ("https://0/", "plain IP address"),
    ("https://127.0.0.1./", "plain IP address"),
    ("https://1.2.3.256/", "plain IP address"),
    ("https://1.2.3.4.5/", "plain IP address"),
    ("https://example.0x/", "plain IP address"),
    ("https://１２７.０.０.１/", "127.0.0.1 is neither"),  # noqa: RUF001 - looking alike is the attack
    ("https://127。0。0。1/", "127.0.0.1 is neither"),
    ("https://①②⑦.⓪.⓪.①/", "127.0.0.1 is neither"),
    ("https://127.0.0.1%2e/", "percent-encoding"),
    ("https://%31%32%37.0.0.1/", "percent-encoding"),
    ("https://[::1]/", "::1 is neither"),
    ("https://[::]/", ":: is neither"),
    ("https://[::ffff:127.0.0.1]/", "is neither"),
    ("https://[0:0:0:0:0:ffff:7f00:1]/", "is neither"),
    ("https://[64:ff9b::7f00:1]/", "is neither"),
    ("https://[2002:7f00:1::]/", "is neither"),
    ("https://[fe80::1%25eth0]/", "zone id"),
    ("https://[fe80::1%eth0]/", "zone id"),
    ("https://[::1]evil.example/", "port only as"),
    ("https://[v1.x]/", "port only as"),
    ("https://[:::]/", "plain IP address"),
    ("https://::1/", "port only as"),
    ("https://localhost/", "127.0.0.1 is neither"),
    ("https://LocalHost.:8443/", "127.0.0.1 is neither"),
    ("https://a.b.localhost/", "127.0.0.1 is neither"),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "127.0.0.1 is neither"),
]


@pytest.mark.parametrize(("url", "reason"), BAD_URLS)
def test_other_urls_are_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_url(url, allowed_networks=[], param="url")
    assert reason in caught.value.message
    assert caught.value.message.startswith(f"url {url[:200]!r}")
    assert caught.value.param == "url"
    assert caught.value.message.encode()  # a lone surrogate must not reach the answer


def test_http_to_a_public_address_is_refused_even_where_private_networks_are_allowed() -> None:
    with pytest.raises(InvalidRequest, match="use https://"):
        check_url("http://1.1.1.1/", allowed_networks=LOOPBACK)

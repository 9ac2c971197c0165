import pytest

from app.auth.browsers import browser_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "user_agent, name",
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36", "Chrome, Linux"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0", "Edge, Windows"),
        (f"{MOZILLA} (Linux; Android 16) {WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36", "Chrome, Android"),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15",
            "Safari, macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/156.0 Mobile/15E148 Safari/604.1",
            "Chrome, iPhone",
        ),
        ("Firefox/140", "Firefox"),
        ("curl/8.10.1", "curl/8.10.1"),
        ("Linux thing", "Linux thing"),
        ("", ""),
    ],
)
def test_a_browser_has_a_name_that_people_know(user_agent, name):
    assert browser_name(user_agent) == name

"""Finds in a container's log where its program listens, as many frameworks write it. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_LISTENING: Final = re.compile(
    r"(?:\b(?:listen\w*|serve|serving|responding|accepting|running|#?start|started|starting|launched|bind\w*|bound(?:_address\w*)?|http address|ready|available|server|local"
    # Spanish, Portuguese, French, German, Italian, Dutch, Polish, Russian
    r"|escuch\w*|corriendo|iniciad[oa]|ouvindo|rodando|écoute\w*|démarré\w*|lauscht|läuft|gestartet|ascolto|avviato|luistert"
    r"|nasłuch\w*|uruchomion\w*|слуша\w*|запущен\w*)\b"
    r"|^\s{0,9}(?:(?:network|external) )?url: )[^\n]{0,120}?"
    r"(?P<host>\b\d{1,3}(?:\.\d{1,3}){3}|\blocalhost|\[::1?\]|\*|\bport(?:\(s\))?|\b(?:puerto|porta|porcie|poort|порту?)|(?<= )::|(?<= on )(?=:)|(?<= at )(?=:)|(?<=addr)(?==:))"
    r"[ :=]{1,3}(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# `Server Running: http://5f1c:8080`, `- Local:    http://5f1c:3000`, by the container's own name.
_LISTENING_URL: Final = re.compile(
    r"(?:\b(?:listening|serving|running|started|launched|available|goin' fast)(?: \([^)\n]{0,40}\))?(?: on| at| from| @)?:?"
    r"|^\W{0,9}(?:local|network):) {1,12}https?://(?P<host>[a-z0-9.-]{1,100}):(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# `{"msg":"server started","addr":":8081"}`
_LISTENING_JSON: Final = re.compile(
    r"\b(?:listen\w*|serving|running|started|starting|bound|ready)\b[^\n]{0,200}?"
    r"\"(?:addr|address|bind|listen|listen_addr|port)\": ?\"?"
    r"(?P<host>[^\":\s]{1,60}(?=:)|\[::1?\](?=:)|):?(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# No program connects to "all addresses", whatever else the line says: `│ http://0.0.0.0:1337/admin`
_LISTENING_ANYWHERE: Final = re.compile(r"(?<![\w.])(?P<host>0\.0\.0\.0|\[::\]):(?P<port>\d{2,5})\b")
# Nor to its own address twice: `API: http://172.26.3.4:9000  http://127.0.0.1:9000`
_LISTENING_TWICE: Final = re.compile(
    r"//(?P<host>[a-z0-9.-]{1,100}):(?P<port>\d{2,5})\b[^\n]{0,20}?//(?:127\.0\.0\.1|localhost):(?P=port)\b"
)
# Japanese, Chinese and Korean, in which the verb comes last: `ポート3000で起動しました`
_LISTENING_EAST: Final = re.compile(
    r"(?P<host>ポート|端口|포트)[ :\uff1a番]{0,3}(?P<port>\d{2,5})"
    r"(?=[^\n]{0,40}(?:起動|待|リッスン|稼働|监听|監聽|启动|运行|실행|시작|대기))"
)
_LISTENING_EAST_FIRST: Final = re.compile(
    r"(?:监听|監聽|启动|运行|リッスン)[^\n]{0,20}?(?P<host>ポート|端口)[ :\uff1a]{0,3}(?P<port>\d{2,5})"
)
_LISTENING_ON: Final = re.compile(r"\blisten\w* (?P<host>on|at) :?(?P<port>\d{2,5})\b(?![-/.:])", re.IGNORECASE)
# Where a program connects to, not where it listens: `exporter to http://localhost:4318`, `redis://localhost:6379`.
_OUTBOUND: Final = re.compile(
    r"\b(?:to|from|via|using|against|upstream|prox(?:y|ied)|backend|broker|exporter|collector|connect\w*|clients?|database|db"
    r"|redis|postgres\w*|mysql|mariadb|mongo\w*|kafka|rabbitmq|amqp|memcached|elasticsearch|smtp)\b"
    r"|\b(?!https?:)[a-z][a-z0-9+.]{1,20}://",
    re.IGNORECASE,
)
# Twisted, as Daphne has it: `tcp:port=8000:interface=127.0.0.1`
_LISTENING_TWISTED: Final = re.compile(r"\btcp:port=(?P<port>\d{2,5}):interface=(?P<host>[\w.]{1,100})")
# Sinatra; Scotty; Tomcat: `Starting ProtocolHandler ["http-nio-8080"]`; Redis; MySQL
_LISTENING_NAMED: Final = re.compile(
    r"\b(?P<host>taken the stage on |phasers to stun\.{3} \(port |ProtocolHandler \[\"http-(?:nio2?|apr)-"
    r"|Running mode=\w{1,20}, port=|socket: '[^'\n]{1,100}' {1,4}port: )(?P<port>\d{2,5})\b"
)
# PostgreSQL
_LISTENING_ADDRESS: Final = re.compile(
    r"\blistening on IPv[46] address \"(?P<host>[^\"\n]{1,60})\", port (?P<port>\d{2,5})\b"
)
_SAYS_WHERE: Final = (
    _LISTENING_TWISTED,
    _LISTENING_NAMED,
    _LISTENING_ADDRESS,
    _LISTENING,
    _LISTENING_ANYWHERE,
    _LISTENING_ON,
    _LISTENING_JSON,
    _LISTENING_URL,
    _LISTENING_TWICE,
    _LISTENING_EAST,
    _LISTENING_EAST_FIRST,
)
_ALL_ADDRESSES: Final = re.compile(r"0\.0\.0\.0|\[::\]|::|\*")
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
# Of MySQL, PostgreSQL, RabbitMQ, Redis, Elasticsearch, memcached, MongoDB: a program says them of what it uses.
_BACKENDS: Final = frozenset({"3306", "5432", "5672", "6379", "9200", "11211", "27017"})
# What only the developers or a monitor connect to.
_ASIDE: Final = re.compile(r"\b(?:debugger|inspector|management|metrics?|pprof|prometheus|telemetry)\b", re.IGNORECASE)
# `EADDRINUSE` and its like are in capitals: `Example` and `embedded` are words.
_NOT_LISTENING: Final = re.compile(
    r"\b(?:(?i:error|denied|refused|cannot|can't|could not|unable|fail\w*|in use)|E[A-Z]{4,12})\b"
)
_SURELY_LISTENS: Final = re.compile(
    r"\b(?:listen\w*|serving|bound(?:_address\w*)?|launched|accepting connections)\b|\bbind(?:ing)?(?: to)?:? {0,2}(?:https?://)?$",
    re.IGNORECASE,
)
# An address below its heading: `Jupyter Server is running at:`
_HEADING: Final = re.compile(
    r"\b(?:running|listening|available|accessible|served|ready)\b[^\n]{0,40}:\s*$", re.IGNORECASE
)
_BELOW_HEADING: Final = re.compile(
    r"^\W{0,9}(?:\[[^\]\n]{0,80}\] )?https?://(?P<host>\[::1?\]|[a-z0-9.-]{1,100}):(?P<port>\d{2,5})\b", re.IGNORECASE
)
# As Mosquitto and MongoDB say it, apart from the port.
_LOCAL_ONLY: Final = re.compile(
    r"\blocal(?:host)?[- ]only\b|\bbound to (?:localhost|loopback)\b|\bonly\b[^\n]{0,60}\bfrom (?:clients running on )?(?:this machine|localhost)\b",
    re.IGNORECASE,
)


class Listening(NamedTuple):
    """Where a line says that the program listens, and the line's place in the log."""

    at: int
    line: str
    host: str
    port: str

    @property
    def is_local(self) -> bool:
        """Whether the line names localhost."""
        return self.host.lower() in _LOCAL

    @property
    def is_everywhere(self) -> bool:
        """Whether the line names all addresses."""
        return _ALL_ADDRESSES.fullmatch(self.host) is not None


def listenings(lines: Sequence[str]) -> list[Listening]:
    """Return where the lines say that the program listens, in their order."""
    heard, before = list[Listening](), ""
    for index, line in enumerate(lines):
        match = _listening(line) or (_BELOW_HEADING.search(line) if _HEADING.search(before) else None)
        if match:
            heard.append(Listening(index, line, match["host"], match["port"]))
        before = line
    return heard


def local_only(lines: Sequence[str]) -> str:
    """Return the first line that says that the program listens on localhost only, "" if none does."""
    return next((line for line in lines if _LOCAL_ONLY.search(line)), "")


def _listening(line: str) -> re.Match[str] | None:
    match = next((match for pattern in _SAYS_WHERE if (match := pattern.search(line))), None)
    if match is None:
        return None
    before = line[: match.start("host")]
    if _ASIDE.search(before) or _NOT_LISTENING.search(before):
        return None
    if match.re is _LISTENING_NAMED or _ALL_ADDRESSES.fullmatch(match["host"]) or _SURELY_LISTENS.search(before):
        return match
    return None if match["port"] in _BACKENDS or _OUTBOUND.search(before) else match

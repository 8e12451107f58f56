"""The servers that are compared, by the names that the command line knows."""

from peers.bind import Bind
from peers.echo import Echo
from peers.gdnsd import Gdnsd
from peers.knot import Knot
from peers.nginx import NginxFile, NginxReturn
from peers.node import Node
from peers.nsd import Nsd
from peers.postgresql import PostgreSql
from peers.redis import Redis

ALL = [Echo, Node, Gdnsd, Knot, Nsd, Bind, NginxReturn, NginxFile, Redis, PostgreSql]

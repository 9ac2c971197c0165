"""Injected causes: see `app/diagnosis/causes/containers.py`."""

from __future__ import annotations

from tests.diagnosis.corpus.case import case
from tests.diagnosis.world import HOST, REPOSITORY, SERVICE, WEB, World

# The container: not access.


@case("container ended", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=3)
    world.deploy(endpoint={})


@case("a module is missing", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["node server.js", "Error: Cannot find module '/app/server.js'"])
    world.deploy(endpoint={})


@case("a variable is missing", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["booting", "fatal: DATABASE_URL is not set"])
    world.deploy(endpoint={}, environment={"LOG_LEVEL": "debug"})


@case("a variable is missing, in Python's words", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    lines = ["Traceback (most recent call last):", '  File "app.py", line 3, in <module>', "KeyError: 'SECRET_KEY'"]
    world.sandbox.add_behavior(exit_code=1, lines=lines)
    world.deploy(endpoint={})


@case("a variable is missing, in a shell's words", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["/entrypoint.sh: line 8: POSTGRES_HOST: unbound variable"])
    world.deploy(environment={"LOG_LEVEL": "debug"})


@case("variables are missing, in a list of MySQL's image", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    heading = "You need to specify one of the following as an environment variable:"
    lines = ["Database is uninitialized and password option is not specified", heading, "- MYSQL_ROOT_PASSWORD"]
    world.sandbox.add_behavior(exit_code=1, lines=lines)
    world.deploy()


@case("a database can't be reached", "container.exited")
def _(world: World) -> None:
    world.build()
    lines = ["starting", "panic: dial tcp 10.0.0.5:5432: connect: connection refused", "exit status 2"]
    world.sandbox.add_behavior(exit_code=2, lines=lines)
    world.deploy(endpoint={}, environment={"DATABASE_URL": "postgres://10.0.0.5/app"})


@case("the command isn't in the image", "container.command_not_found")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(commands=["node"])
    world.deploy(command=["nodejs", "server.js"])


@case("the entry point isn't in the image, in runc's older words", "container.command_not_found")
def _(world: World) -> None:
    world.build()
    line = "standard_init_linux.go:228: exec user process caused: no such file or directory"
    world.sandbox.add_behavior(exit_code=127, lines=[line])
    world.deploy()


@case("the port is another, in Spring's words", "health.port")
def _(world: World) -> None:
    world.build()
    line = "o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http) with context path '/'"
    world.sandbox.add_behavior(listens=[8080], lines=[line])
    world.deploy(endpoint={})


@case("the port is another", "health.port")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[3000], lines=["Server listening on port 3000"])
    world.deploy(endpoint={})


@case("the variable PORT is another", "health.port")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[8080])
    world.deploy(endpoint={}, environment={"PORT": "8080"})


@case("listens on localhost", "health.localhost")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[], lines=["Listening at http://127.0.0.1:80 (1)"])
    world.deploy(endpoint={})


@case("the health check's path is wrong", "health.path")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(paths={"/": 200}, lines=["listening on 0.0.0.0:80"])
    world.deploy(endpoint={"path": "/healthz", "successCodes": "200-399"})


@case("the health check is answered with 500", "health.status")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(paths={"/": 500})
    world.deploy(endpoint={})


@case("slow to start", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(ready_after=600, lines=["warming caches", "still warming"])
    world.deploy(endpoint={})


@case("silent and not ready", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(ready_after=600)
    world.deploy(endpoint={})


@case("deployment in progress", "deployment.in_progress", image=WEB)
def _(world: World) -> None:
    world.build()
    world.deploy(wait=1)


@case("failed long ago, and nothing wrong now", "deployment.unexplained")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1)
    world.deploy()
    world.sandbox.advance(4 * 86_400)


@case("the sidecar's repository isn't granted", "policy.missing")
def _(world: World) -> None:
    world.build()
    containers = {
        "app": {"image": WEB, "ports": {"80": "HTTP"}},
        "proxy": {"image": f"{HOST}/payments/api:3.12.0"},
    }
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE, containers=containers, publicEndpoint={"containerName": "app", "containerPort": 80}
    )
    world.sandbox.advance(61)


@case("it ran, and access was taken away since", "policy.missing", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=3)
    world.deploy()
    world.sandbox.put_policy(REPOSITORY, None)


@case("it ran under a condition that can't be checked", "container.exited", "policy.conditional")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    world.sandbox.add_behavior(exit_code=3)
    world.deploy()


@case("it waits for its database", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    lines = [f"ERROR could not connect to db:5432, retrying in 5s (attempt {number})" for number in (1, 2, 3)]
    world.sandbox.add_behavior(lines=lines, listens=[])
    world.deploy(endpoint={})


@case("the only port in the log is where it sends its traces", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(lines=["Starting exporter to http://localhost:4318"], listens=[])
    world.deploy(endpoint={})


@case("a script with Windows line ends", "container.command_not_found")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=127, lines=["/usr/bin/env: 'bash\\r': No such file or directory"])
    world.deploy()


@case("a sidecar listens on a port of its own", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(container="app", lines=["warming caches"], listens=[])
    world.sandbox.add_behavior(container="proxy", lines=["Server listening on port 9901", "GET / 503"])
    image = {"image": WEB}
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE,
        containers={"app": {**image, "ports": {"80": "HTTP"}}, "proxy": image},
        publicEndpoint={"containerName": "app", "containerPort": 80},
    )
    world.sandbox.advance(61)

"""Finds the route of a raw path: a tree of its segments.

In: the services, then one method and path at a time. Out: service, route, ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from sync.sandbox.exchange import Route, Service


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a path led to: the status is 200, 404 (no such path) or 405."""

    status: int
    service: Service | None
    route: Route | None = None
    values: tuple[str, ...] = ()


class Router:
    """All routes of all services."""

    def __init__(self, services: Iterable[Service]) -> None:
        """Build the tree once."""
        self._root = _Node()
        self._prefixes: list[tuple[str, Service]] = []
        for service in services:
            self._prefixes += [(prefix, service) for prefix in service.prefixes]
            for route in service.routes:
                self._add(service, route)

    def _add(self, service: Service, route: Route) -> None:
        node = self._root
        for segment in route.pattern.split("/")[1:]:
            node = node.children.setdefault(segment, _Node())
        node.routes[route.method] = route
        node.service = service

    def match(self, method: str, path: str) -> Match:
        """Return where ``method`` and the still encoded ``path`` lead."""
        service = self._service(path)
        segments = path.split("/")[1:]
        if service is not None and service.slash and segments[-1] == "":
            segments.pop()
        node, values = self._root, []
        for segment in segments:
            child = node.children.get(segment)
            if child is None:
                child = node.children.get("{}") if segment else None
                if child is None:
                    return Match(404, service)
                values.append(unquote(segment))
            node = child
        if not node.routes:
            return Match(404, service)
        route = node.routes.get(method)
        status = 405 if route is None else 200
        return Match(status, node.service, route, tuple(values))

    def _service(self, path: str) -> Service | None:
        for prefix, service in self._prefixes:
            if path.startswith(prefix):
                return service
        return None

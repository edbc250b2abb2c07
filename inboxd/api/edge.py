"""From a parsed request to its answer: one transaction, and what has to happen around it."""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial, reduce
from typing import Any

from inboxd.api import auth, params, web
from inboxd.api.web import Call, Parts, Request, Response, Route
from inboxd.domain.errors import Failure, Invalid, Malformed, StorageFull, Throttled, TooMany, UnderWay
from inboxd.domain.messages import ATTACHMENTS_LIMIT, Upload
from inboxd.domain.proxies import neighbourhood
from inboxd.services import accounts, idempotency
from inboxd.services.idempotency import Mark
from inboxd.store.db import Store, StoreClosed, Tx
from inboxd.store.models import AccountUser, IdempotencyKey
from inboxd.wire import errors as envelopes
from inboxd.wire import jsons

_log = logging.getLogger("inboxd.http")


class Edge:
    """Answers requests for routes. Never raises: what goes wrong is an answer too."""

    def __init__(self, store: Store, parts: Parts) -> None:
        self._store = store
        self._parts = parts
        self._under_way: set[tuple[str, ...]] = set()
        self._marking = threading.Lock()

    def answer(self, route: Route, request: Request, args: dict[str, Any]) -> Response:
        response = self._answered(route, request, args)
        if request.allowance is not None:
            response.headers |= request.allowance.headers
        return response

    def _answered(self, route: Route, request: Request, args: dict[str, Any]) -> Response:
        try:
            return self._answer(route, request, args)
        except Failure as failure:
            self._parts.refusals.note(self._store, request, args, failure)
            return refusal(self._parts.rates.hold_back(request, failure), request)
        except StoreClosed:
            return Response(503, text='{"error":"The server is stopping"}', headers={"Retry-After": "1"})
        except Exception:
            # The one place where a defect of ours is logged; the caller learns nothing of it.
            _log.exception("%s %s failed", request.method, route.path)
            return Response(500, text='{"error":"Internal Server Error"}')
        finally:
            if request.stale is not None:
                self._mark_active(request.stale)

    def _answer(self, route: Route, request: Request, args: dict[str, Any]) -> Response:
        response = (self._write if route.is_unit else self._read)(route, request, args)
        if response.value is not None:
            response.text = jsons.dumps(response.value)
        return response

    def _read(self, route: Route, request: Request, args: dict[str, Any]) -> Response:
        with ExitStack() as over:
            uploads = self._stage(route, request, args, over)
            mark, known = None, None
            if route.detached and _key(request):
                mark, known = self._recall(route, request, args, uploads, over)
            if known is not None and known.status != idempotency.UNANSWERED:
                return _again(known)
            with self._store.read() as tx:
                call = self._call(tx, route, request, args)
                call.uploads, call.mark = uploads, mark
                call.reached = tuple(json.loads(known.body)) if known is not None else ()
                response = _response(call, _run(call, route))
            if call.after is not None:
                response = call.after()
                if mark is not None:
                    text = _settled(response)
                    self._store.write(lambda tx: idempotency.keep_anew(tx, *mark, response.status, text))
            return response

    def _recall(
        self, route: Route, request: Request, args: dict[str, Any], uploads: list[Upload], over: ExitStack
    ) -> tuple[Mark, IdempotencyKey | None]:
        """The mark of a `detached` request and what is known of it, before anything is looked up: its own effect
        may be that this is gone. That comes before its answer can be kept, so a twin that arrives meanwhile
        cannot wait for it as others do."""
        with self._store.read() as tx:
            call = self._call(tx, route, request, args)
            call.uploads = uploads
            mark = _mark(call)
        with self._marking:
            if mark[:2] in self._under_way:
                raise UnderWay
            self._under_way.add(mark[:2])
        over.callback(self._forget, mark)
        return mark, self._store.write(lambda tx: idempotency.recall(tx, *mark))

    def _forget(self, mark: Mark) -> None:
        with self._marking:
            self._under_way.discard(mark[:2])

    def _write(self, route: Route, request: Request, args: dict[str, Any]) -> Response:
        with ExitStack() as uploads_over:
            uploads = self._stage(route, request, args, uploads_over)

            def unit(tx: Tx) -> Response:
                call = self._call(tx, route, request, args)
                call.uploads = uploads
                if request.stale is not None:
                    accounts.mark_active(tx, request.stale.account_id, request.stale.user_id)
                keyed = _key(request) and not route.repeatable
                response = _once(call, route) if keyed else _response(call, _run(call, route))
                request.stale = None
                return response

            return self._store.write(unit)

    def _stage(self, route: Route, request: Request, args: dict[str, Any], over: ExitStack) -> list[Upload]:
        """Put uploaded files on disk before the transaction, once the caller has proved to be one."""
        files = _files(request, route) if route.takes_files else []
        if not files:
            return []
        with self._store.read() as tx:
            _found(self._call(tx, route, request, args), route)
        if len(files) > ATTACHMENTS_LIMIT:
            raise Invalid(f"Attachments are limited to {ATTACHMENTS_LIMIT} a message", "attachments")
        uploads = []
        for file in files:
            upload = self._parts.blobs.stage(file)
            over.callback(self._parts.blobs.settle, upload)
            uploads.append(upload)
        return uploads

    def _call(self, tx: Tx, route: Route, request: Request, args: dict[str, Any]) -> Call:
        caller = auth.Caller()
        tx.origin = "api"
        if route.role != "public":
            account_id = args.get("account_id")
            caller = auth.authenticate(
                tx,
                request.headers,
                account_id,
                admit=partial(self._parts.rates.admit, request),
                local=request.local,
                hidden=route.hidden,
                bots=route.bots,
            )
            if caller.membership is not None and accounts.is_stale(caller.membership, tx.now):
                request.stale = caller.membership
            tx.origin, tx.token_id = "bot" if caller.bot else "agent", caller.token_id

        def write(unit: Callable[[Tx], Any]) -> Any:
            def signed(own: Tx) -> Any:
                own.origin, own.token_id = tx.origin, tx.token_id
                return unit(own)

            return self._store.write(signed)

        return Call(tx, request, args, caller, self._parts, write)

    def _mark_active(self, membership: AccountUser) -> None:
        """After a read, and after a call that failed: that is a sign of life too. On a full disk reading
        goes on without it."""
        account_id, user_id = membership.account_id, membership.user_id
        with suppress(StorageFull, StoreClosed):
            self._store.write(lambda tx: accounts.mark_active(tx, account_id, user_id), durable=False)


def _found(call: Call, route: Route) -> Any:
    """What the path names, or None. On the client API finding it is what makes the caller known."""
    record = route.record(call) if route.record is not None else None
    _admit(call)
    return record


def _admit(call: Call) -> None:
    """Count a caller of the client API, whose path is known to name somebody."""
    if "identifier" in call.args:
        who = call.args.get("source_id") or neighbourhood(call.request.address)
        call.parts.rates.admit(call.request, (call.args["identifier"], who))


def _run(call: Call, route: Route) -> Any:
    record = _found(call, route)
    if route.role != "public":
        auth.check_role(call.caller, route.role)
    values = call.request.values
    if route.wrapper is not None:
        names = [param.name for param in route.params]
        values = params.unwrap(values, route.wrapper, names, is_json=call.request.is_json)
    call.values = params.read(route.params, values)
    return route.handler(call) if route.record is None else route.handler(call, record)


def _response(call: Call, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    response = Response(value=result) if result is not None else Response(text="null")
    if call.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _key(request: Request) -> str:
    return request.headers.get("idempotency-key", "") if request.method == "POST" else ""


def _mark(call: Call) -> Mark:
    """Of a request that carries an Idempotency-Key. Raises Malformed."""
    key = _key(call.request)
    if len(key) > 255 or not key.isprintable():
        raise Malformed("Idempotency-Key must be at most 255 printable characters")
    scope = f"{call.caller.token and hashlib.sha256(call.caller.token.encode()).hexdigest()} {call.request.path}"
    return scope, key, _fingerprint(call)


def _again(known: IdempotencyKey) -> Response:
    return Response(known.status, text=known.body, headers={"Idempotent-Replayed": "true"})


def _once(call: Call, route: Route) -> Response:
    """Run the route unless this key was answered before; then give the same answer again."""
    mark = _mark(call)
    known = idempotency.recall(call.tx, *mark)
    if known is not None:
        _admit(call)
        return _again(known)
    response = _response(call, _run(call, route))
    kept = jsons.dumps(reduce(_without, route.secrets, response.value)) if route.secrets else _settled(response)
    idempotency.keep(call.tx, *mark, response.status, kept)
    return response


def _settled(response: Response) -> str:
    """The answer's text, made once."""
    if response.value is not None:
        response.text, response.value = jsons.dumps(response.value), None
    return response.text or ""


def _without(value: dict[str, Any], path: str) -> dict[str, Any]:
    """The same answer with null at a path such as `payload.webhook.secret`."""
    key, _, rest = path.partition(".")
    return value | {key: _without(value[key], rest) if rest else None}


def _fingerprint(call: Call) -> str:
    """The same for the same parameters and file contents, however they were encoded."""
    files = [(upload.digest, upload.filename) for upload in call.uploads]
    # A file is null where it stood; a parameter that takes none may hold one all the same.
    values = json.dumps([call.request.values, files], sort_keys=True, default=lambda _: None)
    return hashlib.sha256(values.encode()).hexdigest()


def _files(request: Request, route: Route) -> list[web.File]:
    """The files of the parameters that take some, in the order of the route's."""
    inside = request.values.get(route.wrapper) if route.wrapper is not None else None
    values = request.values | (inside if isinstance(inside, dict) else {})
    return list(_files_of(route.params, values))


def _files_of(known: Iterable[params.Param], values: dict[str, Any]) -> Iterator[web.File]:
    for param in known:
        given = values.get(param.name)
        if isinstance(param, params.Nested) and isinstance(given, dict):
            yield from _files_of(param.params, given)
        elif isinstance(param, params.Files):
            items = given if isinstance(given, list) else [given]
            yield from (item for item in items if isinstance(item, web.File))


def refusal(failure: Failure, request: Request) -> Response:
    """A failure in the words and the envelope of the API that was called."""
    if isinstance(failure, Throttled):
        headers = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": str(failure.retry_after_s)}
        return Response(web.STATUS[Throttled], text=failure.message, headers=headers)
    known_user = not request.is_public and bool(auth.given_token(request.headers))
    value = envelopes.body(failure, public=request.is_public, show_existing=known_user)
    later = 1 if isinstance(failure, UnderWay) else failure.retry_after_s if isinstance(failure, TooMany) else None
    headers = {"Retry-After": str(later)} if later is not None else {}
    return Response(web.STATUS[type(failure)], text=jsons.dumps(value), headers=headers)
